"""Whatever a browser says of itself beside its User-Agent."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clickkit.capture.client_hints import HEADERS, ClientHints, hints_of_navigator, hints_of_request

PIXEL = {
    b"sec-ch-ua": b'"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
    b"sec-ch-ua-mobile": b"?1",
    b"sec-ch-ua-platform": b'"Android"',
    b"sec-ch-ua-full-version-list": b'"Chromium";v="142.0.7444.59", "Google Chrome";v="142.0.7444.60", '
    b'"Not_A Brand";v="99.0.0.0"',
    b"sec-ch-ua-platform-version": b'"16.0.0"',
    b"sec-ch-ua-model": b'"Pixel 9"',
    b"sec-ch-ua-form-factors": b'"Mobile"',
}


def query(said):
    """Return the parameter as the tracker writes it."""
    return b"hints=" + quote(json.dumps(said)).encode()


def test_all_headers_are_read():
    """Brands that mean nothing are left out, and the full versions win."""
    assert hints_of_request(PIXEL) == ClientHints(
        brands=(("Chromium", "142.0.7444.59"), ("Google Chrome", "142.0.7444.60")),
        is_mobile=True,
        platform="Android",
        platform_version="16.0.0",
        model="Pixel 9",
        form_factors=("Mobile",),
    )


@pytest.mark.parametrize(
    "grease", [" Not A;Brand", "Not/A)Brand", "Not?A_Brand", "(Not(A:Brand", ";Not A Brand", "Not.A/Brand"]
)
def test_grease_is_no_brand(grease):
    """Chromium writes it in ever new ways, so that nobody relies on the list."""
    found = hints_of_request({b"sec-ch-ua": f'"{grease}";v="99", "Microsoft Edge";v="142"'.encode()})

    assert found.brands == (("Microsoft Edge", "142"),)


def test_strings_may_have_quotes_commas_and_no_quotes():
    """Structured fields escape them; some senders forget the quotes of a platform."""
    found = hints_of_request({b"sec-ch-ua": rb'"a \"b\", c";v="1"', b"sec-ch-ua-platform": b"Android"})

    assert (found.brands, found.platform) == ((('a "b", c', "1"),), "Android")


def test_the_tracker_knows_more_than_the_headers():
    """What it leaves out comes from them."""
    said = {"touchPoints": 5, "webdriver": True, "model": "Pixel 9 Pro", "mobile": True}

    found = hints_of_request(PIXEL, b"a=b&" + query(said))

    assert (found.touch_points, found.is_steered, found.model) == (5, True, "Pixel 9 Pro")
    assert (found.platform, found.platform_version) == ("Android", "16.0.0")


def test_without_a_word_there_are_no_hints():
    """As from curl, Firefox and Safari."""
    assert hints_of_request({b"user-agent": b"curl/8.5.0"}, b"page=1") is None


@pytest.mark.parametrize(
    "said", [b"hints=", b"hints=%7B", b"hints=%ff", b"hints=[]", b"hints=" + b"9" * 9000]
)
def test_a_broken_parameter_says_nothing(said):
    """The headers still count."""
    assert hints_of_request({}, said) == ClientHints()
    assert hints_of_request(PIXEL, said) == hints_of_request(PIXEL)


@given(st.dictionaries(st.sampled_from(HEADERS), st.binary(max_size=200)), st.binary(max_size=200))
def test_garbage_raises_nothing(headers, said):
    """Anybody may write anything there."""
    found = hints_of_request(headers, b"hints=" + said)

    assert isinstance(found, ClientHints)
    assert isinstance(hash(found), int)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
)
names = st.sampled_from(
    ["brands", "fullVersionList", "mobile", "platform", "model", "formFactors", "touchPoints", "webdriver"]
)


@given(st.dictionaries(names, json_values) | json_values)
def test_values_of_a_wrong_type_are_left_out(said):
    """A page may put anything into `navigator`."""
    found = hints_of_navigator(said)

    assert found is None or isinstance(hash(found), int)
    assert found is None or len(found.model) <= 128


def test_endless_lists_are_cut():
    """A cache holds what they become."""
    said = {"brands": [{"brand": str(number), "version": "x" * 1000} for number in range(1000)]}

    found = hints_of_navigator(said)

    assert len(found.brands) == 16
    assert {len(version) for _, version in found.brands} == {128}
