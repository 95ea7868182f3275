"""The lists of models."""

import pytest

from clickkit.capture.catalogue import Listed, catalogue, read_list

ANDROID = "Mozilla/5.0 (Linux; Android 13; {}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 {}"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("SM-S918B", Listed("mobile", "mobile")),
        ("SM-X710", Listed("tablet", "mobile")),
        ("Nexus 10", Listed("tablet", "mobile")),
        ("BRAVIA 4K VH2", Listed("tv", "mobile")),
        ("SAMSUNG SM-X0000", Listed(None, "mobile")),
        ("Nobodys X1", Listed(None, None)),
    ],
)
@pytest.mark.parametrize("rest", ["Safari/537.36", "Mobile Safari/537.36"])
def test_a_model_decides_and_not_the_word_mobile(model, expected, rest):
    """Cheap tablets say it, and phones in desktop mode do not; a new model is none of the list."""
    assert catalogue().look_up(ANDROID.format(model, rest)) == expected


def test_a_maker_of_many_kinds_has_none_of_its_own():
    """A Mac is none of Apple's phones."""
    mac = "Mozilla/5.0 (Macintosh; U; PPC Mac OS X; en) AppleWebKit/418.9 (KHTML, like Gecko) Safari/419.3"

    assert catalogue().look_up(mac).brand is None


def test_the_lists_are_read_once():
    """It takes half a second."""
    assert catalogue() is catalogue()


def test_the_lists_are_whole():
    """A version of the package that moved or lost them would be seen here."""
    assert len(read_list("device/mobiles")) > 2000
    assert len(read_list("bots")) > 800
