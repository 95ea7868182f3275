"""Rows named by what makes them the same event: the time and the id, as in a store."""

import pyarrow as pa
import pyarrow.compute as pc


def keys(events: pa.Table | pa.RecordBatch) -> pa.Array | pa.ChunkedArray:
    """Return one text for each row, microseconds since 1970 and the id."""
    stamps = pc.cast(pc.cast(events["timestamp"], pa.timestamp("us", "UTC")), pa.int64())
    return pc.binary_join_element_wise(pc.cast(stamps, pa.string()), events["id"], _separator())


def _separator() -> pa.Scalar:
    """Return `#` as Arrow has it: made from Python's, it would import pandas."""
    return pc.cast(pa.Array.from_buffers(pa.binary(1), 1, [None, pa.py_buffer(b"#")]), pa.string())[0]
