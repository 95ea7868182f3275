"""From the store to the lake, a day at a time."""

import datetime as dt
import hashlib
import io
import itertools
import os
from collections.abc import Callable, Mapping

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clickkit.errors import LakeError
from clickkit.event import SCHEMA, SHARDS
from clickkit.lake.files import Files, open_files
from clickkit.lake.key import KEY, keys
from clickkit.lake.layout import (
    MANIFEST,
    Day,
    Manifest,
    Part,
    as_day,
    days_between,
    encode_manifest,
    partition,
)
from clickkit.storage.store import Store

_PART = "part-00.parquet"
_ROW_GROUP_ROWS = 131_072
_RECENT = dt.timedelta(days=2)


class ExportedDay(msgspec.Struct, frozen=True):
    """What an export did for one day: rows and bytes in the lake, and the files within it that hold them."""

    day: dt.date
    rows: int
    bytes: int
    files: list[str]


def export(
    store: Store,
    lake: str | os.PathLike[str],
    since: Day,
    until: Day,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[ExportedDay]:
    """Write every UTC day from `since` to `until` (both included) from a store to a lake.

    A partition is what the store holds for its day, sorted by timestamp and id: exporting a day twice
    gives byte-identical files. Each file is published in one atomic step, and only after the whole day
    was read. `progress` is called with the steps done and their total.

    Raises:
        StoreError: the store cannot be read; partitions not yet reached stay as they were.
        LakeError: the lake cannot be written, or has clicks of a day that the store does not have.
        SettingsError: a day or the lake's URL cannot be understood.
    """
    files, days = open_files(lake), days_between(since, until)
    step = _stepping(len(days), progress)
    changes = {row.day: row.changes for row in store.ledger()}
    return [_export_day(store, files, day, changes, step) for day in days]


def export_nightly(
    store: Store,
    lake: str | os.PathLike[str],
    today: Day,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[ExportedDay]:
    """Export today, the two days before (UTC), and every earlier day that changed since this lake had it.

    The recent days come first. A day that cannot be exported keeps no other from it: the error comes at
    the end. Otherwise as `export`.

    Raises:
        StoreError: the store cannot be read; partitions not yet reached stay as they were.
        LakeError: some days could not be exported, each named with its reason; the others were.
        SettingsError: the day or the lake's URL cannot be understood.
    """
    files, last = open_files(lake), as_day(today)
    recent = days_between(last - _RECENT, last)
    ledger = store.ledger()
    changes = {row.day: row.changes for row in ledger}
    late = [
        row.day for row in ledger if row.day < recent[0] and row.changes != row.exported.get(files.url, 0)
    ]
    step = _stepping(len(recent) + len(late), progress)
    exported, failed = [], {}
    for day in (*recent, *late):
        try:
            exported.append(_export_day(store, files, day, changes, step))
        except LakeError as error:
            failed[day] = error
    if failed:
        reasons = "; ".join(f"{day}: {error}" for day, error in failed.items())
        raise LakeError(
            f"{len(failed)} of {len(recent) + len(late)} days were not exported, the others were: {reasons}"
        )
    return exported


def _stepping(days: int, progress: Callable[[int, int], None]) -> Callable[[], None]:
    """Return a function that tells `progress` of one step more: each shard of a day, and its partition."""
    total = days * (SHARDS + 1)
    done = itertools.count(1)
    return lambda: progress(next(done), total)


def _export_day(
    store: Store, files: Files, day: dt.date, changes: Mapping[dt.date, int], step: Callable[[], None]
) -> ExportedDay:
    """Export a day, and note it with its changes as they were in the ledger before it was read."""
    batches: list[pa.RecordBatch] = []
    for shard in range(SHARDS):
        batches.extend(store.scan(day, shard))
        step()
    events = pa.Table.from_batches(batches, SCHEMA).sort_by([(name, "ascending") for name in KEY])
    _refuse_to_drop(files, f"{partition(day)}/{_PART}", events, store)
    exported = ExportedDay(day=day, rows=0, bytes=0, files=[])
    if events.num_rows:
        exported = _publish(files, day, events)
    if day in changes:
        store.mark_exported(files.url, {day: changes[day]})
    step()
    return exported


def _refuse_to_drop(files: Files, path: str, events: pa.Table, store: Store) -> None:
    """Never replace a part by one that lacks a click: the store may have expired it, or be another."""
    content = files.read(path)
    if content is None:
        return
    try:
        archived = keys(pq.read_table(pa.BufferReader(content), columns=KEY))
    except (pa.ArrowException, OSError):
        return  # a damaged part is mended by the export
    kept = pc.is_in(archived, value_set=keys(events))
    dropped = len(archived) - (pc.sum(kept).as_py() or 0)
    if dropped:
        raise LakeError(
            f"{files.url}/{path} has {dropped} clicks that {store.url} does not have: it was left as it is. "
            "Check that this is the lake's own store; to replace the partition all the same, delete it first"
        )


def _publish(files: Files, day: dt.date, events: pa.Table) -> ExportedDay:
    sink = io.BytesIO()
    pq.write_table(events, sink, compression="zstd", row_group_size=_ROW_GROUP_ROWS)
    content = sink.getvalue()
    part = Part(_PART, events.num_rows, len(content), hashlib.sha256(content).hexdigest())
    manifest = Manifest(
        day, events.num_rows, [part], {field.name: str(field.type) for field in events.schema}
    )
    files.publish(f"{partition(day)}/{_PART}", content)
    files.publish(f"{partition(day)}/{MANIFEST}", encode_manifest(manifest))
    return ExportedDay(day, events.num_rows, len(content), [f"{partition(day)}/{_PART}"])
