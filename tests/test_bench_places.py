"""What the documentation says about places is what the bench finds."""

from pathlib import Path

from msgspec.structs import replace

from bench.places import Position, ask, read_airports, table
from clickkit.capture.towns import read_towns

DOCUMENT = (Path(__file__).parents[1] / "docs" / "places.md").read_text(encoding="utf-8")


def test_the_table_of_airports_is_what_the_bench_prints(shared):
    """A figure that is no longer true would stay for years."""
    lines = list(table("airports", read_airports(shared / "geo" / "airportsdata_airports.csv")))

    assert "\n".join(lines) in DOCUMENT


def test_a_town_is_sought_without_itself():
    """Else the nearest town would always be right."""
    towns = read_towns().towns
    own, town = next((own, town) for own, town in enumerate(towns) if town.country_code == "VA")
    vatican = Position(town.latitude, town.longitude, "VA", own)

    (left_out,) = ask([vatican])
    (found,) = ask([replace(vatican, own=None)])

    assert (found.nearest, found.ours) == ((True, True), (True, True))
    assert (left_out.nearest, left_out.ours) == ((False, True), (True, True))
    assert left_out.classes == ["all", "a border within 25 km", "Europe"]
