"""A position has a city and a country, without a network."""

import csv

import pytest

from clickkit.capture.geolocation import locate


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


@pytest.mark.parametrize("position", [(0, -30), (90, 0), (-90, 180), (-60, -120)])
def test_far_from_any_town_there_is_no_city(position):
    """A ship is in no city; its position is kept."""
    found = locate(*position)

    assert (found.city, found.country, found.country_code) == (None, None, None)
    assert (found.latitude, found.longitude) == position


def test_airports_lie_in_their_country(shared):
    """28,000 positions that nobody here chose; where there is an answer it is nearly always right."""
    right = wrong = 0
    with (shared / "geo" / "airportsdata_airports.csv").open(encoding="utf-8") as file:
        for row in list(csv.DictReader(file))[::10]:
            found = locate(float(row["lat"]), float(row["lon"])).country_code
            right += found == row["country"]
            wrong += found is not None and found != row["country"]

    assert right + wrong > 2000
    assert right / (right + wrong) > 0.97
