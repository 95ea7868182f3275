"""Sorted streams of record batches: read ahead, cut and merged, with no more in memory than a few batches."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

KEY = ["timestamp", "id"]
"""What orders events, and what makes two rows the same event."""

_ORDER = [(name, "ascending") for name in KEY]


class Limit(NamedTuple):
    """Timestamp and id of a row, as Arrow has them: made from Python's, they would import pandas."""

    timestamp: pa.Scalar
    id: pa.Scalar

    def order(self) -> tuple[int, str]:
        """Return what rows are ordered by."""
        return self.timestamp.value, self.id.as_py()


def last_row(rows: pa.Table | pa.RecordBatch) -> Limit:
    """Return the limit that all of these sorted rows are within."""
    return Limit(rows["timestamp"][-1], rows["id"][-1])


class Ahead:
    """An iterator whose next batch an executor fetches while the one before is used."""

    def __init__(self, stream: Iterator[pa.RecordBatch], executor: Executor) -> None:
        self._stream = stream
        self._executor = executor
        self._next = self._fetch()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Return itself, as iterators do."""
        return self

    def __next__(self) -> pa.RecordBatch:
        """Return the next batch, waiting for it, and let the one behind it be fetched."""
        batch = self._next.result()
        if batch is None:
            raise StopIteration
        self._next = self._fetch()
        return batch

    def _fetch(self) -> Future[pa.RecordBatch | None]:
        return self._executor.submit(next, self._stream, None)


def merge_sorted(streams: Sequence[Iterator[pa.RecordBatch]], executor: Executor) -> Iterator[pa.RecordBatch]:
    """Yield batches that together hold all rows in the order of `timestamp` and `id`.

    Every stream is sorted so itself. While one round is merged, the executor fetches the next batch of
    each stream.
    """
    readers = [SortedReader(stream, executor) for stream in streams]
    while readers := [reader for reader in readers if reader.has_rows()]:
        limit = min((reader.last() for reader in readers), key=Limit.order)
        yield pa.concat_batches([reader.take(limit) for reader in readers]).sort_by(_ORDER)


class SortedReader:
    """A sorted stream read in rows up to a limit: the batch at hand, and the one that is being fetched."""

    def __init__(self, stream: Iterator[pa.RecordBatch], executor: Executor) -> None:
        self._ahead = Ahead(stream, executor)
        self._batch: pa.RecordBatch | None = None

    def has_rows(self) -> bool:
        """Tell whether there is a row left, waiting for the next batch when there is none at hand."""
        while self._batch is None or not self._batch.num_rows:
            self._batch = next(self._ahead, None)
            if self._batch is None:
                return False
        return True

    def last(self) -> Limit:
        """Return timestamp and id of the last row at hand."""
        assert self._batch is not None
        return last_row(self._batch)

    def take(self, limit: Limit) -> pa.RecordBatch:
        """Return the rows up to a timestamp and id, that one included, and keep the others."""
        assert self._batch is not None
        stamps, ids = self._batch["timestamp"], self._batch["id"]
        is_before = pc.or_(
            pc.less(stamps, limit.timestamp),
            pc.and_(pc.equal(stamps, limit.timestamp), pc.less_equal(ids, limit.id)),
        )
        rows = pc.sum(is_before).as_py()
        head, self._batch = self._batch.slice(0, rows), self._batch.slice(rows)
        return head

    @property
    def has_rows_at_hand(self) -> bool:
        """Whether the last `take` left rows behind."""
        return self._batch is not None and self._batch.num_rows > 0
