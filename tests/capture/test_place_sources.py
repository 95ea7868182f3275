"""Without a position, the place is what the time zone or a trusted proxy says."""

import pytest

from clickkit import Location, SettingsError
from clickkit.capture.place_sources import PlaceSources, parse_place_sources

OSLO = {
    b"cloudfront-viewer-country": b"NO",
    b"cloudfront-viewer-country-region-name": b"Oslo",
    b"cloudfront-viewer-city": b"Gr%C3%BCnerl%C3%B8kka",
}
HAMBURG = {b"cf-ipcountry": b"DE", b"cf-region": b"Hamburg", b"cf-ipcity": b"Hamburg"}


@pytest.fixture
def find(make_event):
    """Return a function from sources, headers and a time zone to the place."""

    def find(names, headers, timezone=None):
        return parse_place_sources(names).place_of(headers)(make_event(timezone=timezone))

    return find


def test_the_first_source_that_knows_is_believed(find):
    """Their order is the operator's."""
    oslo = Location(city="Grünerløkka", region="Oslo", country="Norway", country_code="NO", source="proxy")
    india = Location(country="India", country_code="IN", source="timezone")

    assert find("cloudfront,timezone", OSLO, "Asia/Kolkata") == oslo
    assert find("timezone, cloudfront", OSLO, "Asia/Kolkata") == india
    assert find("timezone,cloudfront", OSLO, "UTC") == oslo
    assert find("cloudflare,cloudfront,timezone", OSLO, None) == oslo
    assert find("cloudfront,timezone", {}, "Asia/Kolkata") == india


def test_headers_of_a_proxy_that_was_not_named_are_not_believed(find):
    """Anybody can send them, also through another proxy."""
    assert find("timezone", OSLO | HAMBURG) is None
    assert find("cloudfront", HAMBURG) is None
    assert find("cloudflare", OSLO | HAMBURG).country_code == "DE"
    assert PlaceSources().proxies == []


def test_nothing_says_nothing(find):
    """An operator may want no place that the visitor did not share."""
    assert find("nothing", OSLO, "Europe/Oslo") is None


@pytest.mark.parametrize("code", [b"XX", b"T1", b"", b"NOR", b"\xff\xfe", b"%4E%4F", b"EU"])
def test_without_a_country_a_proxy_knows_nothing(find, code):
    """XX is unknown and T1 is Tor, for Cloudflare."""
    assert find("cloudflare", HAMBURG | {b"cf-ipcountry": code}) is None


@pytest.mark.parametrize("city", [b"", b" ", b"%FF", b"\xff", b"a" * 129, b"%0A", b"Os%00lo", b"%E2%80%AE"])
def test_a_name_that_is_none_is_left_out(find, city):
    """Broken, endless or invisible text becomes no city; Namibia stays the country."""
    found = find("cloudflare", {b"cf-ipcountry": b"NA", b"cf-ipcity": city})

    assert found == Location(country="Namibia", country_code="NA", source="proxy")


def test_a_name_in_plain_utf_8_is_understood(find):
    """Cloudflare sends it without percent signs."""
    headers = {b"cf-ipcountry": b"BR", b"cf-ipcity": "São Paulo".encode()}

    assert find("cloudflare", headers).city == "São Paulo"


@pytest.mark.parametrize("text", ["", "proxy", "timezone,", "cloudfront;timezone", "nothing,timezone"])
def test_an_unknown_source_is_refused(text):
    """The message names those that there are."""
    with pytest.raises(
        SettingsError, match="timezone, cloudfront, cloudflare, separated by commas, or nothing"
    ):
        parse_place_sources(text)
