"""From the store to the lake, a day at a time."""

import datetime as dt
import hashlib
import io
import os
from collections.abc import Callable, Sequence

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clickkit.errors import LakeError
from clickkit.event import SCHEMA, SHARDS
from clickkit.lake.files import Files, open_files
from clickkit.lake.layout import MANIFEST, Day, Manifest, Part, days_between, encode_manifest, partition
from clickkit.storage.store import Store

_PART = "part-00.parquet"
_ROW_GROUP_ROWS = 131_072


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
    return _export_days(store, open_files(lake), days_between(since, until), progress)


def export_nightly(
    store: Store,
    lake: str | os.PathLike[str],
    since: Day,
    until: Day,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[ExportedDay]:
    """Export a range of days, and every earlier one that got events since this lake had it last.

    Otherwise as `export`; the earlier days come first.
    """
    files, days = open_files(lake), days_between(since, until)
    late = [
        row.day for row in store.ledger() if row.day < days[0] and row.stored > row.exported.get(files.url, 0)
    ]
    return _export_days(store, files, [*late, *days], progress)


def _export_days(
    store: Store, files: Files, days: Sequence[dt.date], progress: Callable[[int, int], None]
) -> list[ExportedDay]:
    total = len(days) * (SHARDS + 1)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    exported = []
    for day in days:
        stored = {row.day: row.stored for row in store.ledger() if row.day == day}
        exported.append(_export_day(store, files, day, step))
        store.mark_exported(files.url, stored)
    return exported


def _export_day(store: Store, files: Files, day: dt.date, step: Callable[[], None]) -> ExportedDay:
    batches: list[pa.RecordBatch] = []
    for shard in range(SHARDS):
        batches.extend(store.scan(day, shard))
        step()
    events = pa.Table.from_batches(batches, SCHEMA).sort_by([("timestamp", "ascending"), ("id", "ascending")])
    path = f"{partition(day)}/{_PART}"
    _refuse_to_drop(files, path, events, store)
    exported = ExportedDay(day=day, rows=0, bytes=0, files=[])
    if events.num_rows:
        exported = _publish(files, day, events)
    step()
    return exported


def _refuse_to_drop(files: Files, path: str, events: pa.Table, store: Store) -> None:
    """Never replace a part by one that lacks a click: the store may have expired it, or be another."""
    content = files.read(path)
    if content is None:
        return
    try:
        archived = pq.read_table(pa.BufferReader(content), columns=["id"])["id"]
    except (pa.ArrowException, OSError):
        return  # a damaged part is mended by the export
    kept = pc.is_in(archived, value_set=events["id"])
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
