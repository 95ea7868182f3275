"""The countries of the world as shapes: the data that both the live dashboard and the charts draw.

Source: Natural Earth, public domain, in its projection (Šavrič, Patterson and Jenny 2011); see
deploy/world_map.mjs.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any


def world_json() -> str:
    """Return the map as JSON: `width, height`, and by a country's code an SVG path or, small, a point."""
    return (Path(__file__).parent / "world.json").read_text(encoding="utf-8")


def world_size() -> tuple[int, int]:
    """Return the map's width and height in its own units."""
    world = _world()
    return world["width"], world["height"]


@cache
def _world() -> dict[str, Any]:
    world: dict[str, Any] = json.loads(world_json())
    return world


@cache
def country_shapes() -> dict[str, dict[str, Any]]:
    """Return GeoJSON on the plane of the map by the country's code; some land has the code ""."""
    world = _world()
    shapes = {
        code: {"type": "MultiPolygon", "coordinates": [[ring] for ring in _rings(path)]}
        for code, path in world["paths"].items()
    }
    points = {code: {"type": "Point", "coordinates": point} for code, point in world["points"].items()}
    return {code: {"type": "Feature", "geometry": one} for code, one in (shapes | points).items()}


def _rings(path: str) -> list[list[list[int]]]:
    """Return the points of each ring of a path such as "M4 5l2 0 0 4z": a start, and steps from it."""
    rings = []
    for drawn in path.split("M")[1:]:
        x, y, *steps = map(int, re.findall(r"-?\d+", drawn))
        ring = [[x, y]]
        for across, down in zip(steps[::2], steps[1::2], strict=True):
            x, y = x + across, y + down
            ring.append([x, y])
        rings.append([*ring, ring[0]])
    return rings
