"""NA is Namibia, all the way: many a reader of tables takes these two letters for a missing value."""

import datetime as dt
import io

import pandas as pd
import pytest

from clickkit import Location, encode_event, export, read_lake
from clickkit.analysis import metrics, places
from clickkit.analysis.drawing.world import country_shapes
from clickkit.capture.file_import import PARSERS, import_file

DAY = dt.date(2026, 11, 22)
WINDHOEK = Location(latitude=-22.56, longitude=17.06)


@pytest.fixture
def events(store, make_event, tmp_path):
    """Return what the lake has of a click in Windhoek and one of nowhere, imported as lines of JSON."""
    file = tmp_path / "events.ndjson"
    clicks = [make_event("a", location=WINDHOEK, visitor_id="v", session_id="s"), make_event("b")]
    file.write_bytes(b"\n".join(map(encode_event, clicks)))
    import_file(file, PARSERS["ndjson"], store, reject=print)
    export(store, tmp_path / "lake", DAY, DAY)
    return read_lake(tmp_path / "lake")


def test_namibia_is_no_missing_value_on_its_way_to_sql_and_pandas(events):
    """Import, store, Parquet, SQL and pandas: the country is there once, and missing once."""
    sql = "select location.country_code as code, count(*) as clicks from events group by all order by all"

    counted = events.query("events", sql)

    assert counted.fetchall() == [("NA", 1), (None, 1)]
    assert [code for code in counted.df()["code"] if not pd.isna(code)] == ["NA"]
    assert events.df()["location"].dropna().iloc[0]["country_code"] == "NA"


def test_namibia_counts_in_the_analyses_and_has_a_shape(events):
    """Its clicks are not among those without a place, and the map knows where to draw them."""
    by_country = places.conversion_by_country(events, goal="button = 'Pay'").fetchall()

    assert [row[:2] for row in by_country] == [("Namibia", "NA")]
    assert metrics.by_place(events).fetchall() == [("Namibia", "Windhoek", 1, 1), (None, None, 1, 0)]
    assert country_shapes()["NA"]["geometry"]["coordinates"]


def test_a_csv_keeps_namibia_as_the_documentation_says(events):
    """pandas reads NA as missing unless it is told not to."""
    sql = "select id, location.country_code as country_code from events order by id"
    text = events.query("events", sql).df().to_csv(index=False)

    read = pd.read_csv(io.StringIO(text), keep_default_na=False, na_values={"country_code": [""]})

    assert list(read["country_code"].fillna("missing")) == ["NA", "missing"]
