"""Ask for the country of real positions, by class: clickkit beside the nearest town alone."""

import argparse
import csv
import math
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
from scipy.spatial import cKDTree
from tzfpy import get_tz

from bench.servers import PROJECT
from clickkit.capture.geolocation import countries_at, locate
from clickkit.capture.towns import Town, read_towns

AIRPORTS = PROJECT.parent / "shared" / "data" / "geo" / "airportsdata_airports.csv"

_EARTH_RADIUS_KM = 6371.0088
_BORDER_KM, _REMOTE_KM, _TOWN_KM, _SEA_KM = 25, 50, 100, 50
_NEIGHBOURS = 64
_OCEANS = {"Arctic", "Atlantic", "Indian", "Pacific"}
_ROW = "| {:<24} | {:>9} | {:>12} | {:>5} | {:>8} | {:>5} |"
_RULE = "|" + "-" * 26 + "|" + "|".join("-" * (width + 1) + ":" for width in (9, 12, 5, 8, 5)) + "|"
_START = """
import time
from clickkit.capture.geolocation import locate
start = time.perf_counter()
locate(59.9, 10.8)
print(time.perf_counter() - start)
"""


class Position(msgspec.Struct, frozen=True):
    """A position whose country is known; `own` is its place among the towns when it is one of them."""

    latitude: float
    longitude: float
    country: str
    own: int | None = None


class Answer(msgspec.Struct, frozen=True):
    """The classes of a position, whether a way of asking is right, and whether it says anything."""

    classes: list[str]
    nearest: tuple[bool, bool]
    ours: tuple[bool, bool]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the accuracy by class as a Markdown table, and what a position takes."""
    parser = argparse.ArgumentParser(prog="python -m bench.places", description=__doc__)
    parser.add_argument("--airports", type=Path, default=AIRPORTS, help="the CSV file of airports")
    options = parser.parse_args(arguments)
    airports = read_airports(options.airports)
    for line in (*table("airports", airports), *table("towns, each left out", towns())):
        print(line, flush=True)
    for line in speed(airports):
        print(line)


def read_airports(file: Path) -> list[Position]:
    """Return the positions of a CSV file with the columns lat, lon and country."""
    with file.open(encoding="utf-8") as lines:
        rows = csv.DictReader(lines)
        return [Position(float(row["lat"]), float(row["lon"]), row["country"]) for row in rows]


def towns() -> list[Position]:
    """Return the towns that clickkit knows, as positions of which each is to be found without itself."""
    return [
        Position(town.latitude, town.longitude, town.country_code, own)
        for own, town in enumerate(read_towns().towns)
    ]


def table(name: str, positions: Sequence[Position]) -> Iterator[str]:
    """Yield the lines of a table: of each class the share that is right, and how many are not known."""
    answers = defaultdict(list)
    for answer in ask(positions):
        for one in answer.classes:
            answers[one].append(answer)
    yield _ROW.format(name, "positions", "nearest town", "none", "clickkit", "none")
    yield _RULE
    for one in sorted(answers, key=lambda one: (_ORDER.index(one) if one in _ORDER else len(_ORDER), one)):
        said = answers[one]
        right = [sum(getattr(answer, way)[0] for answer in said) / len(said) for way in ("nearest", "ours")]
        silent = [sum(not getattr(answer, way)[1] for answer in said) for way in ("nearest", "ours")]
        cells = (f"{right[0]:.2%}", f"{silent[0]:,}", f"{right[1]:.2%}", f"{silent[1]:,}")
        yield _ROW.format(one, f"{len(said):,}", *cells)
    yield ""


def ask(positions: Sequence[Position]) -> Iterator[Answer]:
    """Yield what both ways say of each position; of a town that is known, without that town."""
    known = read_towns()
    points = _on_unit_sphere((one.latitude, one.longitude) for one in positions)
    chords, places = cKDTree(known.points).query(points, k=_NEIGHBOURS, workers=1)
    for position, near, chord in zip(positions, places, chords, strict=True):
        away = [
            (2 * _EARTH_RADIUS_KM * math.asin(min(1.0, one / 2)), known.towns[place])
            for one, place in zip(chord, near, strict=True)
            if place != position.own
        ]
        nearest = away[0][1].country_code if away[0][0] <= _TOWN_KM else None
        ours = _without(position, away)
        yield Answer(
            _classes(position, away),
            (nearest == position.country, nearest is not None),
            (ours == position.country, ours is not None),
        )


def _without(position: Position, away: Iterable[tuple[float, Town]]) -> str | None:
    """Return clickkit's country; where the nearest town decides, by the towns that are left."""
    if position.own is None:
        return locate(position.latitude, position.longitude).country_code
    codes = countries_at(position.latitude, position.longitude)
    if len(codes) == 1:
        return codes[0]
    near = (
        town.country_code for km, town in away if town.country_code in codes or (not codes and km <= _SEA_KM)
    )
    return next(near, None)


_BORDER = f"a border within {_BORDER_KM} km"
_INLAND = f"no border within {_BORDER_KM} km"
_REMOTE = f"no town within {_REMOTE_KM} km"
_ISLANDS = "islands of the oceans"
_ORDER = ("all", _BORDER, _INLAND, _REMOTE, _ISLANDS)


def _classes(position: Position, away: Sequence[tuple[float, Town]]) -> list[str]:
    """Return the classes of a position: a border is near where a town of another country is."""
    is_border = any(km <= _BORDER_KM and town.country_code != position.country for km, town in away)
    part = get_tz(position.longitude, position.latitude).partition("/")[0]
    classes = ["all", _BORDER if is_border else _INLAND]
    if away[0][0] > _REMOTE_KM:
        classes.append(_REMOTE)
    return [*classes, _ISLANDS if part in _OCEANS else "at sea" if part == "Etc" else part]


def speed(positions: Sequence[Position]) -> Iterator[str]:
    """Yield what the first call of a process takes, and each new position after the first hundred."""
    first = subprocess.run([sys.executable, "-c", _START], capture_output=True, text=True, check=True)
    took = []
    for one in positions:
        start = time.perf_counter()
        locate(one.latitude, one.longitude)
        took.append((time.perf_counter() - start) * 1e6)
    p50, p99 = statistics.median(took), statistics.quantiles(took, n=100)[-1]
    yield f"the first position of a process: {float(first.stdout):.2f} s"
    yield f"each new one after it: {p50:.0f} µs (median), {p99:.0f} µs (p99); asked < 1,000"


def _on_unit_sphere(positions: Iterable[tuple[float, float]]) -> np.ndarray:
    north, east = np.radians(np.array(list(positions))).T
    return np.column_stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])


if __name__ == "__main__":
    main()
