"""One part of a day, from the store's shards to a file of the lake: it may run anywhere, and twice."""

import datetime as dt
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clickkit.errors import ChangedError, LakeError
from clickkit.event import SCHEMA, SHARDS
from clickkit.lake.files import Files, open_files
from clickkit.lake.key import keys
from clickkit.lake.layout import Part, part_name, partition
from clickkit.lake.part import write_part
from clickkit.merge import KEY, Ahead, SortedReader, last_row
from clickkit.storage.store import Exportable

_ATTEMPTS = 5
_READERS = 2  # one of the store, one of the part that is there
_HOUR = 3_600_000_000  # microseconds


def export_part(
    store: Exportable,
    lake: str,
    day: dt.date,
    number: int,
    parts: int,
    watch: Callable[[int], Any] = lambda hours: None,
    attempt: str = "",
    forgotten: int = 0,
) -> Part | None:
    """Write the shards of one part of a day in the order of time, and return what was written.

    None when neither the store nor the lake has anything of them. When another export of the same part was
    quicker, it starts again: the lake gets what the store has now. `watch` hears of every hour of the day
    that is done. `attempt` does nothing but differ: a cluster that knows the result of an equal call, as
    Dask does, runs this one all the same. So many clicks as are `forgotten` may be missing: the store forgot
    them behind the back of the same export.

    Raises:
        StoreError: the store cannot be read.
        LakeError: the lake cannot be written, or has clicks that the store does not have.
    """
    files = open_files(lake)
    once = partial(_export_once, store, files, day, number, parts, watch, forgotten)
    for _ in range(_ATTEMPTS - 1):
        try:
            return once()
        except ChangedError:
            continue
    return once()


def _export_once(
    store: Exportable,
    files: Files,
    day: dt.date,
    number: int,
    parts: int,
    watch: Callable[[int], Any],
    forgotten: int,
) -> Part | None:
    path = f"{partition(day)}/{part_name(number)}"
    version = files.version(path)
    with ThreadPoolExecutor(_READERS, thread_name_prefix="export") as executor:
        batches = _watched(Ahead(store.scan(day, range(number, SHARDS, parts)), executor), watch)
        first = next(batches, None)
        if first is None and version is None:
            return None
        with files.replace(path, version) as file:
            archived = _Archived(files, path, version, executor)
            part = write_part(part_name(number), archived.hold_against(first, batches), SCHEMA, file)
            if archived.dropped > forgotten:
                archived.require_unchanged()
                raise LakeError(
                    f"{files.url}/{path} has {archived.dropped} clicks that {store.url} does not have: it "
                    "was left as it is. Check that this is the lake's own store, and that no clickkit forget "
                    "is at work or was cut off; to replace the partition all the same, delete it first"
                )
    return part


def _watched(batches: Iterator[pa.RecordBatch], watch: Callable[[int], Any]) -> Iterator[pa.RecordBatch]:
    seen = 0
    for batch in batches:
        if (hour := batch["timestamp"][-1].value // _HOUR % 24) > seen:
            watch(hour - seen)
            seen = hour
        yield batch
    watch(24 - seen)


class _Archived:
    """The rows of the part that is there: none may be missing in the one that takes its place.

    A damaged part has no say: the export mends it. One that only cannot be read at the moment stops it, and
    one that is not the expected version any more begins the export again.
    """

    def __init__(self, files: Files, path: str, version: str | None, executor: Executor) -> None:
        self.dropped = 0
        self._files = files
        self._path = path
        self._version = version
        self._reader: SortedReader | None = None
        if (file := files.open(path)) is not None:
            try:
                parquet = pq.ParquetFile(file)
                self._reader = SortedReader(parquet.iter_batches(columns=KEY), executor)
            except (pa.ArrowException, OSError) as error:
                self._require_damage(error)

    def hold_against(
        self, first: pa.RecordBatch | None, batches: Iterator[pa.RecordBatch]
    ) -> Iterator[pa.RecordBatch]:
        """Yield the new batches, and count the old rows that are not in them."""
        if first is not None:
            self._compare(first)
            yield first
        for batch in batches:
            self._compare(batch)
            yield batch
        self._compare(None)

    def require_unchanged(self) -> None:
        """Raise `ChangedError` when another export was quicker: what was read is of two parts."""
        if self._files.version(self._path) != self._version:
            raise ChangedError(f"{self._path} was changed by another export: run this one again")

    def _compare(self, batch: pa.RecordBatch | None) -> None:
        """Count the old rows up to the end of a batch that it lacks; None stands for the end of the day."""
        try:
            while self._reader is not None and self._reader.has_rows():
                if batch is None:
                    self.dropped += self._reader.take(self._reader.last()).num_rows
                    continue
                old = self._reader.take(last_row(batch))
                self.dropped += pc.sum(pc.invert(pc.is_in(keys(old), value_set=keys(batch)))).as_py() or 0
                if self._reader.has_rows_at_hand:
                    return
        except (pa.ArrowException, OSError) as error:
            self._require_damage(error)
            self._reader, self.dropped = None, 0

    def _require_damage(self, error: Exception) -> None:
        """Read the part as a whole: when that works, it was not the part that failed."""
        self.require_unchanged()
        content = self._files.read(self._path)
        try:
            pq.ParquetFile(pa.BufferReader(content)).read(columns=KEY)
        except (pa.ArrowException, OSError, TypeError):
            return
        raise LakeError(f"{self._path} could not be read: {error}; run the export again") from error
