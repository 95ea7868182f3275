"""From the store to the lake: days, late days, and the manifest that says what each consists of."""

import datetime as dt
import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    Executor,
    Future,
    ThreadPoolExecutor,
    as_completed,
)
from functools import partial
from typing import Any

import msgspec

from clickkit.errors import ChangedError, ClickkitError, LakeError
from clickkit.event import SCHEMA, SHARDS
from clickkit.lake.files import Files, open_files
from clickkit.lake.layout import (
    LAKE,
    MANIFEST,
    ROOT,
    Day,
    Lake,
    Part,
    as_day,
    days_between,
    decode_lake,
    encode_manifest,
    manifest_of,
    partition,
)
from clickkit.lake.part_export import export_part
from clickkit.storage.store import Exportable

_HOURS = 24
_NIGHTLY = dt.timedelta(days=2)

Progress = Callable[[int, int], Any]
_Futures = tuple[str | None, list[Future[Part | None]]]
_Started = tuple[dt.date, _Futures]
MayStart = Callable[[dt.date], bool]


class ExportedDay(msgspec.Struct, frozen=True):
    """What an export did for one day: rows and bytes in the lake, and the files within it that hold them."""

    day: dt.date
    rows: int
    bytes: int
    files: list[str]


def export(
    store: Exportable,
    lake: str | os.PathLike[str],
    since: Day,
    until: Day,
    *,
    parts: int | None = None,
    executor: Executor | None = None,
    progress: Progress = lambda done, total: None,
    may_start: MayStart = lambda day: True,
) -> list[ExportedDay]:
    """Write every UTC day from `since` to `until` (both included) from a store to a lake.

    A partition is what the store holds for its day, sorted by timestamp and id: exporting a day twice
    gives byte-identical files. Each file is published in one atomic step. `parts` cuts every day of a new
    lake into so many files, 1 to 8; a lake keeps its number. `executor` runs a task for each part of each
    day, in threads, other processes, or a Dask cluster (`client.get_executor()`); without one they run here,
    one after another. A worker opens store and lake anew by their URLs, with its own machine's credentials.
    `progress` is called with the hours of data that are done, and their total. `may_start` is asked before
    each day is begun, or handed to an executor; a day that it refuses is left as it is.

    Raises:
        StoreError: the store cannot be read; partitions not yet reached stay as they were.
        LakeError: some days could not be written, lost their workers, or have clicks that the store does not
            have; the other days are exported all the same.
        SettingsError: a day or the lake's URL cannot be understood.
    """
    days = days_between(since, until)
    return _Run(store, lake, parts, executor, progress, may_start).export(days)


def export_nightly(
    store: Exportable,
    lake: str | os.PathLike[str],
    today: Day,
    *,
    parts: int | None = None,
    executor: Executor | None = None,
    progress: Progress = lambda done, total: None,
    may_start: MayStart = lambda day: True,
) -> list[ExportedDay]:
    """Export today and the two days before, then every earlier day that got events since its last export.

    Those of the first three that have not changed since then come last, so an export that `may_start` cut
    short goes on where it stopped when it runs again. Otherwise as `export`.
    """
    last = as_day(today)
    days = days_between(last - min(_NIGHTLY, last - dt.date.min), last)
    run = _Run(store, lake, parts, executor, progress, may_start)
    return run.export(sorted([*days, *run.late_days(before=days[0])], key=run.is_unchanged))


class _Run:
    """One export: where from and to, how it is cut, and how far it came."""

    def __init__(
        self,
        store: Exportable,
        lake: str | os.PathLike[str],
        parts: int | None,
        executor: Executor | None,
        progress: Progress,
        may_start: MayStart,
    ) -> None:
        self._store = store
        self._files = files = open_files(lake)
        given = os.fspath(lake)
        self._lake = given if "://" in given else files.url  # a worker stands in another folder
        self._executor = executor
        self._progress = progress
        self._may_start = may_start
        self._ledger = {row.day: row for row in store.ledger()}
        self._forgotten: Counter[dt.date] = Counter()
        self._parts = _agree_on_parts(files, parts)
        self._handed_out: list[Future[Part | None]] = []
        self._done = self._total = 0

    def late_days(self, before: dt.date) -> list[dt.date]:
        """Return earlier days that have changed since this lake had them last."""
        return [day for day in self._ledger if day < before and not self.is_unchanged(day)]

    def is_unchanged(self, day: dt.date) -> bool:
        """Tell whether a day is, by the ledger, as it was when this lake had it last."""
        row = self._ledger.get(day)
        return row is None or row.changes == row.exported.get(self._files.url, 0)

    def export(self, days: Sequence[dt.date]) -> list[ExportedDay]:
        """Export days, each as soon as its parts are there; what fails is said at the end.

        Without an executor a day is begun when the one before it is done, else all are handed out at once.
        """
        exported: dict[dt.date, ExportedDay] = {}
        failed: dict[dt.date, LakeError] = {}
        left = list(days)
        while left:
            for day in left:
                exported.pop(day, None), failed.pop(day, None)
            self._export_once(left, exported, failed)
            self._forgotten = self._forgotten_meanwhile()
            left = [day for day in days if self._forgotten[day] and day in exported | failed]
        if failed:
            reasons = "; ".join(f"{day}: {failed[day]}" for day in days if day in failed)
            raise LakeError(
                f"{len(failed)} of {len(days)} days were not exported, the others are done: {reasons}"
            )
        return [exported[day] for day in days if day in exported]

    def _export_once(
        self, days: list[dt.date], exported: dict[dt.date, ExportedDay], failed: dict[dt.date, LakeError]
    ) -> None:
        self._total += len(days) * self._parts * _HOURS
        with ThreadPoolExecutor(1) as here:
            executor = self._executor or here
            started = ((day, self._start(executor, day)) for day in days if self._may_start(day))
            try:
                for day, (version, futures) in self._in_order_of_end(started):
                    try:
                        exported[day] = self._finish(day, version, futures)
                    except LakeError as error:
                        failed[day] = error
            except BaseException:
                for future in self._handed_out:
                    future.cancel()
                raise

    def _forgotten_meanwhile(self) -> Counter[dt.date]:
        """Return how many events of each day the store has forgotten since its ledger was read last.

        They may have been on their way to the lake, so these days are exported again, and may lack as many.
        """
        before = Counter({day: row.forgotten for day, row in self._ledger.items()})
        self._ledger = {row.day: row for row in self._store.ledger()}
        return Counter({day: row.forgotten for day, row in self._ledger.items()}) - before

    def _in_order_of_end(self, started: Iterator[_Started]) -> Iterator[_Started]:
        """Yield each day when the last of its parts is done; say after every part how far all of them are."""
        if self._executor is None:
            yield from started
            return
        handed_out = dict(started)
        waiting = {future: day for day, (_, futures) in handed_out.items() for future in futures}
        left = Counter(waiting.values())
        for future in as_completed(waiting):
            self._advance(_HOURS)
            day = waiting[future]
            left[day] -= 1
            if not left[day]:
                yield day, handed_out[day]

    def _start(self, executor: Executor, day: dt.date) -> _Futures:
        """Hand out a day's parts; the manifest's version tells later whether another export was quicker."""
        version = self._files.version(f"{partition(day)}/{MANIFEST}")
        task = partial(export_part, self._store, self._lake, day, parts=self._parts, attempt=uuid.uuid4().hex)
        if self._forgotten[day]:
            task = partial(task, forgotten=self._forgotten[day])
        if self._executor is None:
            task = partial(task, watch=self._advance)
        futures = [executor.submit(task, number) for number in range(self._parts)]
        self._handed_out += futures
        return version, futures

    def _finish(
        self, day: dt.date, version: str | None, futures: Sequence[Future[Part | None]]
    ) -> ExportedDay:
        try:
            parts = [part for future in futures if (part := future.result()) is not None]
        except Exception as error:
            if isinstance(error, ClickkitError) or self._executor is None:
                raise
            raise LakeError(
                f"its workers ended before it was done ({type(error).__name__}: {error}): export it again"
            ) from error
        exported = ExportedDay(day=day, rows=0, bytes=0, files=[])
        if parts:
            try:
                exported = self._publish(day, parts, version)
            except ChangedError:
                with ThreadPoolExecutor(1) as here:  # another export was quicker: once more, with what it saw
                    return self._finish(day, *self._start(self._executor or here, day))
        if row := self._ledger.get(day):
            self._store.mark_exported(self._files.url, {day: row.changes})
        return exported

    def _publish(self, day: dt.date, parts: list[Part], version: str | None) -> ExportedDay:
        folder = partition(day)
        manifest = manifest_of(day, parts, SCHEMA)
        with self._files.replace(f"{folder}/{MANIFEST}", version) as file:
            file.write(encode_manifest(manifest))
        size = sum(part.bytes for part in parts)
        return ExportedDay(day, manifest.rows, size, [f"{folder}/{part.name}" for part in parts])

    def _advance(self, hours: int) -> None:
        self._done = min(self._done + hours, self._total)
        self._progress(self._done, self._total)


def _agree_on_parts(files: Files, wanted: int | None) -> int:
    """Return into how many parts the lake's days are cut; a new lake takes the number that is wanted.

    The number is written before any part is, so of exports that begin a lake together one decides.

    Raises:
        LakeError: the lake has another number, or the number is not 1 to 8.
    """
    if wanted is not None and not 1 <= wanted <= SHARDS:
        raise LakeError(f"{wanted} parts: choose 1 to {SHARDS}")
    if (content := files.read(LAKE)) is None and not files.parts(ROOT):
        agreed = Lake(wanted or 1)
        try:
            with files.replace(LAKE, None) as file:
                file.write(msgspec.json.encode(agreed))
            return agreed.parts
        except ChangedError:
            content = files.read(LAKE)
    found = decode_lake(content).parts if content else 1
    if wanted not in (None, found):
        raise LakeError(f"lake {files.url} was made with --parts {found}, not {wanted}: export to a new lake")
    return found
