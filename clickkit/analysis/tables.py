"""Between relations and numbers: read the columns of a small one, make a relation of results."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyRelation
from numpy.typing import NDArray

from clickkit.analysis.question import ask
from clickkit.analysis.question import columns as all_columns

Columns = dict[str, NDArray[Any]]


def columns(relation: DuckDBPyRelation, keys: Collection[str]) -> Columns:
    """Return the columns of a small relation: `keys` as objects, all others as float64 (null is nan)."""
    rows = relation.fetchall()
    return {
        name: np.array([row[place] for row in rows], object if name in keys else float)
        for place, name in enumerate(relation.columns)
    }


def table(named: Mapping[str, Iterable[Any]]) -> DuckDBPyRelation:
    """Return a relation of columns of results: nan is null, and a column of nothing but null is text."""
    return _relation(pa.table({name: _array(values) for name, values in named.items()}))


def by_set(relation: DuckDBPyRelation, labels: str) -> Iterator[tuple[tuple[Any, ...], DuckDBPyRelation]]:
    """Yield the labels (columns, with commas) and the rows of each set of answers that `together` put there.

    They come in the order of their `place`. The rows are held in memory, so that they are computed once.
    """
    held = _relation(ask(relation, f"select {all_columns(relation)} from events").to_arrow_table())
    found = ask(held, f"select distinct place, {labels} from rows order by place", name="rows")
    for place, *own in found.fetchall():
        yield tuple(own), held.filter(f"place = {place}")


def _relation(rows: pa.Table) -> DuckDBPyRelation:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    return connection.from_arrow(rows)


def _array(values: Iterable[Any]) -> pa.Array:
    array = pa.array(values if isinstance(values, np.ndarray) else list(values), from_pandas=True)
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array
