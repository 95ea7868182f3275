"""The map shows every country that it has, and says what it has not."""

import duckdb

from clickkit.analysis import charts
from clickkit.analysis.drawing.figure import COLOURS
from clickkit.analysis.drawing.world import country_shapes


def test_countries_are_shapes_and_small_states_points():
    """Fiji, whose rings lie on both edges, is drawn as the rings that it has."""
    shapes = country_shapes()

    assert shapes["NO"]["geometry"]["type"] == "MultiPolygon"
    assert shapes["SG"]["geometry"]["type"] == "Point"
    assert len(shapes["FJ"]["geometry"]["coordinates"]) == 3
    assert shapes["FJ"]["geometry"]["coordinates"][2][0] == [
        [0, 1319], [2, 1319], [2, 1325], [2, 1326], [0, 1319], [0, 1319]
    ]  # fmt: skip


def test_the_largest_are_named_and_what_has_no_place_is_counted():
    """A country that comes twice is one; a code that the map lacks, and none at all, are elsewhere."""
    with duckdb.connect() as connection:
        table = connection.sql(
            "select * from (values ('NO', 'Norway', 30), ('SG', 'Singapore', 20), ('ZZ', 'Nowhere', 3), "
            "(null, null, 4), ('no', 'Norge', 10)) as t(country_code, country, clicks)"
        )
        drawn = charts.world_map(
            table, x="clicks", country_code="country_code", y="country", title="Clicks by country"
        ).svg()

    for text in ("Norway", "30", "Singapore", "20", "elsewhere or not known", "7"):
        assert f">{text}</text>" in drawn
    assert drawn.count(f'fill="{COLOURS[0]}"') == 2
