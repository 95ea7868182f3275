"""The towns of the world are read once, and say who keeps whose time."""

import functools
import math
import threading

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clickkit.capture.towns import nearest_town, read_towns


def test_towns_are_read_once_by_whoever_comes_first():
    """An event that comes while they are read waits, and does not read them again."""
    found = []
    threads = [threading.Thread(target=lambda: found.append(read_towns())) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({id(towns) for towns in found}) == 1


def test_the_nearest_town_can_be_a_countrys():
    """At the northern shore of the river Detroit lies in the north."""
    windsor, _ = nearest_town(42.32, -83.05, ("CA",))
    detroit, away_km = nearest_town(42.32, -83.05, ("CA", "US"))

    assert (windsor.city, detroit.city) == ("Windsor", "Detroit")
    assert 1 < away_km < 2


@functools.cache
def positions_of(codes):
    """Return the latitudes and longitudes of these countries' towns, in radians."""
    among = [town for town in read_towns().towns if not codes or town.country_code in codes]
    return np.radians([[town.latitude, town.longitude] for town in among]).T


@pytest.mark.parametrize("codes", [(), ("NO",), ("FJ", "NZ")])
@settings(deadline=None)
@given(latitude=st.floats(-90, 90), longitude=st.floats(-180, 180))
@example(latitude=90.0, longitude=-180.0)
@example(latitude=-90.0, longitude=180.0)
@example(latitude=-16.8, longitude=-179.99)
def test_the_nearest_is_the_nearest_of_all(codes, latitude, longitude):
    """However far away; at a pole and across the antimeridian too."""
    north, east = positions_of(codes)
    here, there = math.radians(latitude), math.radians(longitude)
    haversine = (
        np.sin((north - here) / 2) ** 2 + math.cos(here) * np.cos(north) * np.sin((east - there) / 2) ** 2
    )

    town, away_km = nearest_town(latitude, longitude, codes)

    expected_km = 2 * 6371.0088 * math.asin(math.sqrt(min(1.0, haversine.min())))
    assert town.country_code in codes or not codes
    assert away_km == pytest.approx(expected_km, rel=1e-6, abs=1e-3)


def test_a_country_without_towns_has_none():
    """Penguins have no mayor."""
    assert nearest_town(-80, 0, ("AQ",)) == (None, math.inf)


def test_who_keeps_a_neighbours_time_is_known():
    """The table of zones gives each to one country; the towns in it say who lives there too."""
    assert read_towns().also_of == {
        "Asia/Bangkok": {"VN"},
        "Europe/Belgrade": {"XK"},
        "Europe/Oslo": {"SJ"},
    }
