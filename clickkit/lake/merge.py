"""Sorted streams of record batches merged into one, with no more in memory than a batch of each."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future

import pyarrow as pa
import pyarrow.compute as pc

Limit = tuple[int, str]
"""Timestamp, in microseconds, and id of a row."""

ORDER = [("timestamp", "ascending"), ("id", "ascending")]


def merge_sorted(streams: Sequence[Iterator[pa.RecordBatch]], executor: Executor) -> Iterator[pa.Table]:
    """Yield tables that together hold all rows in the order of `timestamp` and `id`.

    Every stream is sorted so itself. While one round is merged, the executor fetches the next batch of
    each stream.
    """
    readers = [SortedReader(stream, executor) for stream in streams]
    while readers := [reader for reader in readers if reader.has_rows()]:
        limit = min(reader.last() for reader in readers)
        heads = [reader.take(limit) for reader in readers]
        yield pa.Table.from_batches(heads).sort_by(ORDER)


class SortedReader:
    """A sorted stream read in rows up to a limit: the batch at hand, and the one that is being fetched."""

    def __init__(self, stream: Iterator[pa.RecordBatch], executor: Executor) -> None:
        self._stream = stream
        self._executor = executor
        self._next = self._fetch()
        self._batch: pa.RecordBatch | None = None

    def has_rows(self) -> bool:
        """Tell whether there is a row left, waiting for the next batch when there is none at hand."""
        while self._batch is None or not self._batch.num_rows:
            self._batch = self._next.result()
            if self._batch is None:
                return False
            self._next = self._fetch()
        return True

    def last(self) -> Limit:
        """Return timestamp and id of the last row at hand."""
        assert self._batch is not None
        return self._batch["timestamp"][-1].value, self._batch["id"][-1].as_py()

    def take(self, limit: Limit) -> pa.RecordBatch:
        """Return the rows up to a timestamp and id, that one included, and keep the others."""
        assert self._batch is not None
        timestamp, last_id = limit
        stamps, moment = self._batch["timestamp"], pa.scalar(timestamp, self._batch["timestamp"].type)
        is_before = pc.or_(
            pc.less(stamps, moment),
            pc.and_(pc.equal(stamps, moment), pc.less_equal(self._batch["id"], last_id)),
        )
        rows = pc.sum(is_before).as_py()
        head, self._batch = self._batch.slice(0, rows), self._batch.slice(rows)
        return head

    @property
    def has_rows_at_hand(self) -> bool:
        """Whether the last `take` left rows behind."""
        return self._batch is not None and self._batch.num_rows > 0

    def _fetch(self) -> Future[pa.RecordBatch | None]:
        return self._executor.submit(next, self._stream, None)
