"""The rows of a table as a chart takes them."""

import datetime as dt
from typing import Any

import numpy as np
from duckdb import DuckDBPyRelation

from clickkit.analysis.drawing.labels import NOT_XML
from clickkit.errors import SettingsError

MOST_ROWS = 5_000
"""More marks are no picture, and the library that draws refuses them."""

Table = DuckDBPyRelation | Any
"""A relation or a pandas frame; pandas has no types of its own."""


def drawable(table: Table, *columns: str | None) -> Any:
    """Return the named columns as a frame without characters that no SVG may hold; None is no column.

    Raises:
        SettingsError: a column does not exist, or the table has more rows than a picture can show.
    """
    names = list(dict.fromkeys(name for name in columns if name is not None))
    there = list(table.columns)
    unknown = [name for name in names if name not in there]
    if unknown:
        raise SettingsError(f"no column {', '.join(unknown)} to draw: choose from {', '.join(there)}")
    if isinstance(table, DuckDBPyRelation):
        rows = table.limit(MOST_ROWS + 1).df()[names]
    else:
        rows = table[names].reset_index(drop=True)
    if len(rows) > MOST_ROWS:
        raise SettingsError(
            f"more than {MOST_ROWS:,} rows are no picture: aggregate the table, or draw a part of it"
        )
    for name in rows.select_dtypes(include="number"):
        if not isinstance(rows[name].dtype, np.dtype):  # pandas' own numbers have a null that is no nan
            rows[name] = rows[name].astype("float64")
    for name in rows.select_dtypes(include=["str", "object"]):
        if all(isinstance(value, dt.date) for value in rows[name].dropna()) and rows[name].notna().any():
            rows[name] = rows[name].astype("datetime64[us]")  # of a frame: a relation's days come so
        else:
            rows[name] = rows[name].replace(NOT_XML, "\ufffd", regex=True)
    return rows
