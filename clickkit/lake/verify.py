"""The ledger held against the store and the lake: is every event of a day where it should be?"""

import datetime as dt
import hashlib
import os

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clickkit.event import SHARDS
from clickkit.lake.files import Files, open_files
from clickkit.lake.layout import MANIFEST, Day, Manifest, as_day, decode_manifest, partition
from clickkit.storage.store import LedgerDay, Store

_COLUMNS = ["id", "session_id", "sequence"]


class Verification(msgspec.Struct, frozen=True):
    """What the ledger, the store and the lake say of one UTC day, and every difference in words.

    `lost_before_the_door` is the share, 0 to 1, of events that gaps in the sessions' sequence numbers
    show as sent or made but never received; None when no event carries both session and sequence.
    """

    ledger: LedgerDay
    store_rows: int
    lake_rows: int
    lost_before_the_door: float | None
    differences: list[str]


def verify(store: Store, lake: str | os.PathLike[str], day: Day) -> Verification:
    """Compare a day's ledger with the rows in the store, the manifest and the Parquet files of the lake.

    Raises:
        StoreError, LakeError: the store or the lake cannot be read.
        SettingsError: the day or the lake's URL cannot be understood.
    """
    day, files = as_day(day), open_files(lake)
    ledger = next((row for row in store.ledger() if row.day == day), LedgerDay(day))
    stored = _stored(store, day)
    archived, differences = _archived(files, day)
    if ledger.stored != stored.num_rows:
        differences.append(_compare("the store", stored.num_rows, "the ledger", ledger.stored))
    if archived is not None:
        differences += _compare_ids(stored["id"], archived["id"])
    elif stored.num_rows:
        differences.append(f"the lake has no partition of {day}: clickkit export --since {day} --until {day}")
    return Verification(
        ledger, stored.num_rows, archived.num_rows if archived else 0, _lost(stored), differences
    )


def _stored(store: Store, day: dt.date) -> pa.Table:
    """Return what is needed of the store's rows: one row per event, few columns."""
    empty = pa.schema([("id", pa.string()), ("session_id", pa.string()), ("sequence", pa.int64())])
    batches = [batch.select(_COLUMNS) for shard in range(SHARDS) for batch in store.scan(day, shard)]
    return pa.Table.from_batches(batches, empty)


def _archived(files: Files, day: dt.date) -> tuple[pa.Table | None, list[str]]:
    """Return the ids in a day's parts, None without any, and how the parts differ from the manifest."""
    folder = partition(day)
    content = files.read(f"{folder}/{MANIFEST}")
    if content is None:
        found = files.parts(folder)
        return None, [f"{found[0]} has no manifest beside it: export the day again"] if found else []
    manifest = decode_manifest(content)
    tables, differences = [], _orphans(files, folder, manifest)
    for part in manifest.parts:
        path = f"{folder}/{part.name}"
        content = files.read(path)
        if content is None:
            differences.append(f"{path} is in the manifest, but not in the lake: export the day again")
        elif hashlib.sha256(content).hexdigest() != part.sha256:
            differences.append(f"{path} is not the file that the manifest describes: export the day again")
        else:
            tables.append(pq.read_table(pa.BufferReader(content), columns=["id"]))
    archived = pa.concat_tables(tables) if tables else pa.table({"id": pa.array([], pa.string())})
    if not differences and archived.num_rows != manifest.rows:
        differences.append(_compare("the parts", archived.num_rows, "the manifest", manifest.rows))
    return archived, differences


def _orphans(files: Files, folder: str, manifest: Manifest) -> list[str]:
    named = {f"{folder}/{part.name}" for part in manifest.parts}
    return [f"{path} is not in the manifest" for path in files.parts(folder) if path not in named]


def _compare(one: str, rows: int, other: str, expected: int) -> str:
    return f"{one} has {rows:,} events, {other} {expected:,}: {abs(rows - expected):,} " + (
        "too few" if rows < expected else "too many"
    )


def _compare_ids(stored: pa.ChunkedArray, archived: pa.ChunkedArray) -> list[str]:
    """Say which events are on one side only."""
    missing = stored.filter(pc.invert(pc.is_in(stored, value_set=archived)))
    expired = archived.filter(pc.invert(pc.is_in(archived, value_set=stored)))
    doubled = len(archived) - len(pc.unique(archived)) - (len(stored) - len(pc.unique(stored)))
    said = []
    if len(missing):
        said.append(
            f"the lake lacks {len(missing):,} events of the store, such as {missing[0]}: export again"
        )
    if len(expired):
        said.append(f"the store lacks {len(expired):,} events of the lake, such as {expired[0]}")
    if doubled > 0:
        said.append(f"the lake has {doubled:,} events more than once: export the day again")
    return said


def _lost(stored: pa.Table) -> float | None:
    """Return the share of sequence numbers that no event has, between each session's first and last."""
    numbered = stored.filter(pc.and_(pc.is_valid(stored["session_id"]), pc.is_valid(stored["sequence"])))
    if not numbered.num_rows:
        return None
    sessions = numbered.group_by("session_id").aggregate(
        [("sequence", "min"), ("sequence", "max"), ("sequence", "count_distinct")]
    )
    spans = pc.subtract(sessions["sequence_max"], sessions["sequence_min"])
    expected: int = pc.sum(spans).as_py() + sessions.num_rows
    found: int = pc.sum(sessions["sequence_count_distinct"]).as_py()
    return 1 - found / expected
