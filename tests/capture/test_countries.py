"""Countries have names, and time zones have countries."""

import pytest
from tzfpy import timezonenames

from clickkit.capture.countries import country_name, country_of_zone, current_zone


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("NA", "Namibia"),
        ("MK", "North Macedonia"),
        ("XK", "Kosovo"),
        ("BV", "Bouvet Island"),
        ("UK", None),
        ("EU", None),
        ("ZZ", None),
        ("001", None),
        ("na", None),
    ],
)
def test_a_code_is_a_countrys_or_nobodys(code, name):
    """ISO 3166 and Kosovo; no continents, no made-up codes."""
    assert country_name(code) == name


@pytest.mark.parametrize(
    ("zone", "code"),
    [
        ("Europe/Oslo", "NO"),  # for the IANA a link to Europe/Berlin
        ("Iceland", "IS"),  # a link to Africa/Abidjan
        ("Africa/Timbuktu", "ML"),
        ("America/Virgin", "VI"),
        ("Asia/Calcutta", "IN"),
        ("US/Pacific", "US"),
        ("Antarctica/Troll", "AQ"),
        ("Africa/Windhoek", "NA"),
        *((zone, None) for zone in ("UTC", "GMT", "Etc/UTC", "Etc/GMT-2", "CET", "EST", "EST5EDT")),
        *((zone, None) for zone in ("", "Factory", "Mars/Olympus", "europe/oslo", "Europe")),
    ],
)
def test_a_zone_is_one_countrys_or_nobodys(zone, code):
    """A wrong country would be worse than none."""
    assert country_of_zone(zone) == code


def test_every_zone_on_the_map_is_a_countrys():
    """A zone that is newer than the table of countries would lose its country unseen."""
    unknown = {zone for zone in timezonenames() if country_of_zone(zone) is None}

    assert {zone for zone in unknown if not zone.startswith("Etc/")} == set()


def test_a_renamed_zone_has_its_present_name():
    """Browsers disagree about names: Chrome says Calcutta, Firefox Kolkata. What is no zone stays."""
    said = ["Asia/Calcutta", "Europe/Kiev", "Europe/Oslo", "CET", "UTC", "Mars/Olympus"]

    assert [current_zone(zone) for zone in said] == [
        *("Asia/Kolkata", "Europe/Kyiv", "Europe/Oslo", "CET", "UTC", "Mars/Olympus"),
    ]
