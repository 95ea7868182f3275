"""Numbers leave relations and come back as they were."""

import datetime as dt

import duckdb
import numpy as np

from clickkit.analysis import tables


def test_columns_are_numbers_or_objects():
    """Null is nan among numbers."""
    with duckdb.connect() as connection:
        found = tables.columns(
            connection.sql("select 1 as a, null::double as b, 'x' as c, date '2026-11-01' as d"), ("c", "d")
        )

    assert found["a"].dtype == found["b"].dtype == float
    assert found["a"].tolist() == [1.0]
    assert np.isnan(found["b"]).all()
    assert found["c"].tolist() == ["x"]
    assert found["d"].tolist() == [dt.date(2026, 11, 1)]


def test_a_table_has_null_for_nan():
    """And goes on as any relation."""
    found = tables.table({"a": np.array([1.0, np.nan]), "b": ["x", None], "c": [None, None]})

    assert found.fetchall() == [(1.0, "x", None), (None, None, None)]
    assert [str(kind) for kind in found.types] == ["DOUBLE", "VARCHAR", "VARCHAR"]
    assert found.query("found", "select b from found where a = 1").fetchall() == [("x",)]
