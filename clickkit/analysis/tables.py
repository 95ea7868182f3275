"""Between relations and numbers: read the columns of a small one, make a relation of results."""

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyRelation
from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]


def columns(relation: DuckDBPyRelation) -> Columns:
    """Return the columns of a small relation: numbers as float64 (null is nan), all else as objects."""
    rows = relation.fetchall()
    return {
        name: np.array([row[place] for row in rows], _kind(kind))
        for place, (name, kind) in enumerate(zip(relation.columns, relation.types, strict=True))
    }


def _kind(kind: object) -> type:
    is_number = str(kind).startswith(("DOUBLE", "FLOAT", "DECIMAL", "HUGEINT", "BIGINT", "INTEGER"))
    return float if is_number else object


def table(named: Mapping[str, Iterable[Any]]) -> DuckDBPyRelation:
    """Return a relation of columns of results: nan is null, and a column of nothing but null is text."""
    arrays = {name: _array(values) for name, values in named.items()}
    return duckdb.connect().from_arrow(pa.table(arrays))


def _array(values: Iterable[Any]) -> pa.Array:
    array = pa.array(values if isinstance(values, np.ndarray) else list(values), from_pandas=True)
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array
