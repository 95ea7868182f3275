"""Erasure: one visitor removed from the spool, the rejected events, the store and every day of a lake."""

import datetime as dt
import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from clickkit.errors import LakeError, SettingsError
from clickkit.event import Key, partition_key, shard_of, sort_key
from clickkit.lake.erase import count_rows, erase_rows
from clickkit.lake.files import Files, open_files
from clickkit.lake.layout import ROOT, day_of
from clickkit.lake.receipts import RECEIPTS, ErasedDay, Receipt, write_receipt
from clickkit.storage.store import Store
from clickkit.storage.traces import find_traces, remove_traces

Progress = Callable[[int, int], Any]


class Found(msgspec.Struct, frozen=True):
    """How many events of a visitor there are: spooled, rejected, and in store and lake on each UTC day."""

    spool: int
    rejected: int
    store: dict[dt.date, int]
    lake: dict[dt.date, int]


def find(
    store: Store,
    lake: str | os.PathLike[str],
    visitor_id: str,
    *,
    folder: str | os.PathLike[str],
    progress: Progress = lambda done, total: None,
) -> Found:
    """Count what `forget` would remove, and change nothing. Arguments and errors are those of `forget`."""
    run = _Run(store, lake, visitor_id, folder, progress)
    traces = find_traces(run.folder, visitor_id)
    keys = run.keys()
    in_lake = {day: run.with_progress(count_rows, run.files, day, visitor_id) for day in run.days_of_lake}
    return Found(
        traces.spool,
        traces.rejected,
        dict(sorted(_days_of(keys).items())),
        {day: rows for day, rows in in_lake.items() if rows},
    )


def forget(
    store: Store,
    lake: str | os.PathLike[str],
    visitor_id: str,
    *,
    folder: str | os.PathLike[str],
    progress: Progress = lambda done, total: None,
) -> Receipt:
    """Remove every event of a visitor, and leave a receipt in the lake that does not say of whom.

    `folder` is the one that the collector was given; its spool and its rejected events are searched first,
    then the store, then the lake, so that nothing comes back from the one into the other. Of the lake, only
    parts that have the visitor are rewritten, to the bytes that an export without them writes; a day that was
    theirs alone keeps a part without rows. The receipt is written before what it says is done. After a
    crash, running it again finishes, with a receipt of what was left. Without any event there is no receipt.
    `progress` is called with the days of store and lake that are done, and their total.

    Events that come later are not covered, nor are copies of store or lake.

    Raises:
        SettingsError: the id is empty, or the lake's URL cannot be understood.
        StoreError: the store, the spool or the rejected events cannot be read or written.
        LakeError: some days are damaged or cannot be written; all the others are done.
    """
    run = _Run(store, lake, visitor_id, folder, progress)
    traces = find_traces(run.folder, visitor_id)
    run.note(spool=traces.spool, rejected=traces.rejected)
    remove_traces(run.folder, visitor_id)
    keys = run.keys()
    run.note(store=len(keys))
    store.remove(keys)
    run.erase_days(sorted({*run.days_of_lake, *_days_of(keys)}))
    return run.receipt


class _Run:
    """One erasure: where it looks, how far it came, and its receipt."""

    def __init__(
        self,
        store: Store,
        lake: str | os.PathLike[str],
        visitor_id: str,
        folder: str | os.PathLike[str],
        progress: Progress,
    ) -> None:
        if not visitor_id:
            raise SettingsError("the visitor's id is empty: name the visitor_id of the events to remove")
        self.files: Files = open_files(lake)
        self.folder = Path(folder)
        self.days_of_lake = sorted({day for path in self.files.parts(ROOT) if (day := day_of(path))})
        self._store = store
        self._visitor_id = visitor_id
        self._progress = progress
        self._done = self._total = 0
        self._days_of_store()  # a store that cannot be asked stops it before anything is removed
        self.receipt = Receipt(dt.datetime.now(dt.UTC), "erasure", {})

    def keys(self) -> list[Key]:
        """Return the keys of the visitor's events in the store."""
        days = self._days_of_store()  # those of what was drained from the spool a moment ago are among them
        self._total = len(days) + len(self.days_of_lake)
        return [key for day in days for key in self.with_progress(self._keys_of, day)]

    def note(self, **found: Any) -> None:
        """Write into the receipt what is about to be removed."""
        if any(found.values()):
            path = (
                self.receipt.path
                or f"{RECEIPTS}/{self.receipt.at:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}.json"
            )
            self.receipt = msgspec.structs.replace(self.receipt, path=path, **found)
            write_receipt(self.files, self.receipt)

    def erase_days(self, days: list[dt.date]) -> None:
        """Erase the visitor from days of the lake; what fails is said at the end."""
        self._total += len(days) - len(self.days_of_lake)
        failed = []
        for day in days:
            try:
                self.with_progress(
                    erase_rows, self.files, day, self._visitor_id, partial(self._note_day, day)
                )
            except LakeError as error:
                failed.append(f"{day}: {error}")
        self.files.clear_leavings(ROOT)
        if failed:
            raise LakeError(
                f"{len(failed)} of {len(days)} days may still have the visitor, the others are done: "
                + "; ".join(failed)
            )

    def with_progress(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do the work of one day, and say how far the whole is."""
        done = work(*arguments)
        self._done += 1
        self._progress(self._done, self._total)
        return done

    def _note_day(self, day: dt.date, erased: ErasedDay) -> None:
        """Note a day; of one that was begun again, what it was before stays what it was at first."""
        if first := self.receipt.days.get(day):
            erased = msgspec.structs.replace(
                erased, rows_before=first.rows_before, digest_before=first.digest_before
            )
        self.note(days=self.receipt.days | {day: erased})

    def _days_of_store(self) -> list[dt.date]:
        """Return the days of the ledger, and those of the lake: a store from before the ledger has them."""
        return sorted({*(row.day for row in self._store.ledger()), *self.days_of_lake})

    def _keys_of(self, day: dt.date) -> list[Key]:
        return [
            (partition_key(day, shard_of(event_id)), sort_key(timestamp.astimezone(dt.UTC), event_id))
            for batch in self._store.scan(day)
            for timestamp, event_id in _moments_and_ids(batch, self._visitor_id)
        ]


def _moments_and_ids(batch: pa.RecordBatch, visitor_id: str) -> Iterable[tuple[dt.datetime, str]]:
    theirs = batch.filter(pc.equal(batch["visitor_id"], visitor_id))
    return zip(theirs["timestamp"].to_pylist(), theirs["id"].to_pylist(), strict=True)


def _days_of(keys: list[Key]) -> Counter[dt.date]:
    return Counter(dt.date.fromisoformat(pk[:10]) for pk, _ in keys)
