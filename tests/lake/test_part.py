"""A part is written as a stream."""

import hashlib
import io

import pyarrow as pa
import pyarrow.parquet as pq

from clickkit.lake.part import ROW_GROUP_ROWS, write_part

SCHEMA = pa.schema([("n", pa.int64()), ("text", pa.string())])


def batches(rows, size):
    """Return batches of a size that together hold so many rows."""
    whole = pa.record_batch({"n": range(rows), "text": [f"{n % 1000}" for n in range(rows)]}, SCHEMA)
    return [whole.slice(start, size) for start in range(0, rows, size)]


def test_the_bytes_do_not_depend_on_how_the_rows_came():
    """A store may cut its batches as it likes."""
    rows = ROW_GROUP_ROWS * 2 + 17
    written = []
    for size in (rows, 10_000, ROW_GROUP_ROWS):
        file = io.BytesIO()
        part = write_part("part-00.parquet", batches(rows, size), SCHEMA, file)
        written.append(file.getvalue())

    assert written[0] == written[1] == written[2]
    assert (part.rows, part.bytes) == (rows, len(written[0]))
    assert part.sha256 == hashlib.sha256(written[0]).hexdigest()
    read = pq.ParquetFile(io.BytesIO(written[0]))
    assert [read.metadata.row_group(n).num_rows for n in range(3)] == [ROW_GROUP_ROWS, ROW_GROUP_ROWS, 17]
    assert read.read()["n"].to_pylist() == list(range(rows))
