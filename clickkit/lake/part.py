"""One Parquet file of a partition, written as a stream: the same rows give the same bytes."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from clickkit.lake.layout import Part

ROW_GROUP_ROWS = 65_536


def write_part(name: str, tables: Iterable[pa.Table], schema: pa.Schema, file: IO[bytes]) -> Part:
    """Write tables as one Parquet file and return what a manifest says of it.

    A row group holds 65,536 rows wherever the tables end, so how a store cuts its batches shows nowhere;
    no more than one row group is held in memory.
    """
    hashed = _HashedFile(file)
    rows = 0
    with pq.ParquetWriter(hashed, schema, compression="zstd") as writer:
        for group in _in_groups(tables):
            writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
            rows += group.num_rows
    return Part(name, rows, hashed.size, hashed.digest.hexdigest())


def _in_groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the same rows in tables of one row group each, every column in one piece."""
    held: list[pa.Table] = []
    rows = 0
    for table in tables:
        held.append(table)
        rows += table.num_rows
        while rows >= ROW_GROUP_ROWS:
            whole = pa.concat_tables(held)
            yield whole.slice(0, ROW_GROUP_ROWS).combine_chunks()
            held, rows = [whole.slice(ROW_GROUP_ROWS)], rows - ROW_GROUP_ROWS
    if rows:
        yield pa.concat_tables(held).combine_chunks()


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
