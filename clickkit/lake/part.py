"""One Parquet file of a partition, written as a stream: the same rows give the same bytes."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from clickkit.lake.layout import Part

ROW_GROUP_ROWS = 65_536


def write_part(name: str, batches: Iterable[pa.RecordBatch], schema: pa.Schema, file: IO[bytes]) -> Part:
    """Write batches as one Parquet file and return what a manifest says of it.

    A row group holds 65,536 rows wherever the batches end, so how a store cuts them shows nowhere;
    no more than one row group is held in memory.
    """
    hashed = _HashedFile(file)
    rows = 0
    with pq.ParquetWriter(hashed, schema, compression="zstd") as writer:
        for group in _in_groups(batches):
            writer.write_batch(group, row_group_size=ROW_GROUP_ROWS)
            rows += group.num_rows
    return Part(name, rows, hashed.size, hashed.digest.hexdigest())


def _in_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the same rows in batches of one row group each."""
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        while rows >= ROW_GROUP_ROWS:
            rows -= ROW_GROUP_ROWS
            rest = held[-1].slice(held[-1].num_rows - rows)
            held[-1] = held[-1].slice(0, held[-1].num_rows - rows)
            yield pa.concat_batches(held)
            held = [rest]
    if rows:
        yield pa.concat_batches(held)


class _HashedFile:
    """A file for writing that knows its size and checksum."""

    closed = False

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, content: bytes) -> int:
        self.digest.update(content)
        self.size += len(content)
        return self._file.write(content)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        self._file.flush()
