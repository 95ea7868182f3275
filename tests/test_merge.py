"""Sorted streams become one."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clickkit.errors import StoreError
from clickkit.merge import merge_sorted

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)

rows = st.tuples(st.integers(0, 5).map(lambda n: NOON + dt.timedelta(microseconds=n)), st.text(max_size=3))
streams = st.lists(st.tuples(st.lists(rows), st.integers(1, 4)), max_size=5)


def batches(stream, size):
    """Return the sorted rows of a stream in batches, with an empty one before them."""
    ordered = sorted(stream, key=lambda row: (row[0], row[1].encode()))
    schema = pa.schema([("timestamp", pa.timestamp("us", tz="UTC")), ("id", pa.string())])
    for start in (None, *range(0, len(ordered), size)):
        part = [] if start is None else ordered[start : start + size]
        columns = [[row[0] for row in part], [row[1] for row in part]]
        yield pa.RecordBatch.from_arrays(
            [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)],
            schema=schema,
        )


@settings(deadline=None)
@given(streams)
def test_all_rows_come_in_order_whatever_the_batches(streams):
    """Timestamps that are equal are ordered by the bytes of the id, as the stores order them."""
    with ThreadPoolExecutor(2) as executor:
        merged = list(merge_sorted([batches(*stream) for stream in streams], executor))

    merged = [(row["timestamp"], row["id"]) for batch in merged for row in batch.to_pylist()]
    everything = [row for stream, _ in streams for row in stream]
    assert merged == sorted(everything, key=lambda row: (row[0], row[1].encode()))


def test_a_stream_that_fails_fails_the_merge():
    """Half a day is never taken for a whole one."""

    def failing():
        yield from batches([(NOON, "a")], 1)
        raise StoreError("away")

    with ThreadPoolExecutor(2) as executor, pytest.raises(StoreError):
        list(merge_sorted([failing(), batches([(NOON, "b")], 1)], executor))
