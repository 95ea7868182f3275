"""A position, or a time zone, has a place, without a network."""

import csv

import pytest

from clickkit import InvalidEventError, Location
from clickkit.capture.geolocation import locate, locate_zone


@pytest.mark.parametrize(
    ("position", "place"),
    [
        ((59.91, 10.75), ("Oslo", "Norway", "NO")),
        ((-22.56, 17.06), ("Windhoek", "Namibia", "NA")),
        ((42.30, -83.03), ("Windsor", "Canada", "CA")),
        ((40.7128, -74.0060), ("New York City", "United States", "US")),
        ((-33.44, -70.65), ("Santiago", "Chile", "CL")),
        ((66.28, 13.85), ("Hauknes", "Norway", "NO")),
        ((-16.8, -179.99), ("Labasa", "Fiji", "FJ")),
    ],
)
def test_known_places(position, place):
    """The nearest town and its country."""
    found = locate(*position)

    assert (found.city, found.country, found.country_code) == place


def test_a_position_on_greenwich_or_the_equator_has_a_plain_zero():
    """A zero with a sign would differ from store to store, and so would the bytes in the lake."""
    found = locate(-0.04, -0.04)

    assert (repr(found.latitude), repr(found.longitude)) == ("0.0", "0.0")


def test_positions_are_rounded_to_a_tenth_of_a_degree():
    """Eleven kilometres are enough for a city, and too much for an address."""
    found = locate(59.9139, 10.7522)

    assert (found.latitude, found.longitude) == (59.9, 10.8)


@pytest.mark.parametrize("position", [(0, -30), (90, 0), (90, 180), (-60, -120), (54.5, -25)])
def test_far_out_at_sea_there_is_no_country(position):
    """A ship is in no city; its position is kept."""
    assert locate(*position) == Location(latitude=position[0], longitude=position[1], source="position")


@pytest.mark.parametrize(
    ("position", "country"),
    [((23.0, 10.0), "DZ"), ((-25.0, 126.0), "AU"), ((76.0, -42.0), "GL"), ((70.5, 98.0), "RU")],
)
def test_far_from_any_town_the_country_is_known(position, country):
    """In a desert there is no city, but it is somebody's."""
    found = locate(*position)

    assert (found.city, found.region, found.country_code) == (None, None, country)


@pytest.mark.parametrize(
    ("position", "city", "country"),
    [
        ((42.30, -83.03), "Windsor", "CA"),  # Detroit is nearer to its shore
        ((21.03, 105.85), "Hoàn Kiếm", "VN"),  # Hanoi keeps Bangkok's time
        ((42.66, 21.16), "Pristina", "XK"),  # and Pristina Belgrade's
        ((31.90, 35.20), "Ramallah", "PS"),
        ((43.7372, 7.4215), "Monaco", "MC"),
        ((41.9034, 12.4529), "Vatican City", "VA"),
        ((51.4380, 4.9290), "Baarle-Hertog", "BE"),
        ((22.5431, 114.0579), "Gangxia", "CN"),
        ((36.1408, -5.3536), "Gibraltar", "GI"),
        ((-14.2781, -170.7025), "Pago Pago", "AS"),
    ],
)
def test_the_border_decides_about_the_country(position, city, country):
    """The nearest town is often a neighbour's; a city is one of the country that the position is in."""
    found = locate(*position)

    assert (found.country_code, found.city) == (country, city)


def test_everything_south_of_60_degrees_is_antarctica():
    """Claims are no countries: ISO 3166 has one code for all of it, the pole included."""
    found = {locate(-90, east).country_code for east in (-180, 0, 77.7, 180)}

    assert found | {locate(-66, -64).country_code, locate(-75, 0).country_code} == {"AQ"}


@pytest.mark.parametrize("north", [-16.8, 0, 65, 68, 71])
def test_both_sides_of_the_antimeridian_meet(north):
    """180 degrees west is 180 degrees east, also when it becomes so by rounding."""
    assert locate(north, -180) == locate(north, 180)
    assert (locate(north, -179.97).longitude, locate(north, 179.97).longitude) == (180, 180)


@pytest.mark.parametrize("wrong", [90.001, -91, float("nan"), float("inf"), float("-inf")])
def test_what_is_no_coordinate_is_refused(wrong):
    """The message says which, and what to do; of longitudes, 180 is the limit."""
    with pytest.raises(InvalidEventError, match=r"location.latitude: .* is not between -90 and 90"):
        locate(wrong, 0)
    with pytest.raises(InvalidEventError, match=r"location.longitude: .* is not between -180 and 180"):
        locate(0, wrong * 2)


def test_a_region_comes_with_the_city():
    """It is GeoNames' first level: a state, a county, a prefecture."""
    assert [locate(*at).region for at in ((40.71, -74.0), (48.14, 11.58), (35.01, 135.77))] == [
        *("New York", "Bavaria", "Kyoto"),
    ]


def test_airports_lie_in_their_country(shared):
    """28,000 positions that nobody here chose; most others differ in what they call a country."""
    with (shared / "geo" / "airportsdata_airports.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    right = sum(locate(float(row["lat"]), float(row["lon"])).country_code == row["country"] for row in rows)

    assert len(rows) == 28_298
    assert right / len(rows) > 0.998


@pytest.mark.parametrize(
    ("zone", "place"),
    [
        ("Europe/Oslo", Location(country="Norway", country_code="NO", source="timezone")),
        ("Africa/Windhoek", Location(country="Namibia", country_code="NA", source="timezone")),
        ("America/Chicago", Location(country="United States", country_code="US", source="timezone")),
        (
            "US/Hawaii",
            Location(region="Hawaii", country="United States", country_code="US", source="timezone"),
        ),
        ("Asia/Calcutta", Location(country="India", country_code="IN", source="timezone")),
        ("Etc/GMT+3", None),
        ("", None),
    ],
)
def test_a_time_zone_has_a_country_and_no_city(zone, place):
    """And a region only where all of it is one; it says that it is known from the time zone."""
    assert locate_zone(zone) == place
