"""The ledger held against the store and the lake: is every event of a day where it should be?"""

import datetime as dt
import hashlib
import os

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clickkit.event import SCHEMA
from clickkit.lake.files import Files, open_files, parts_by_day
from clickkit.lake.key import keys
from clickkit.lake.layout import MANIFEST, ROOT, Day, Manifest, as_day, day_of, decode_manifest, partition
from clickkit.merge import KEY
from clickkit.storage.store import LedgerDay, Store

_COLUMNS = [*KEY, "session_id", "sequence"]
_MOST_LOST_AT_ONCE = 1_000


class Verification(msgspec.Struct, frozen=True):
    """What the ledger, the store and the lake say of one UTC day, and every difference in words.

    `lost_before_the_door` is the share, 0 to 1, of events that gaps in the sessions' sequence numbers
    show as made but not in the store. It sees only the store: what was rejected, or waits in a spool, counts
    as lost too, and what a session lost at its end does not. A gap of more than 1,000 numbers is taken for a
    wrong number. None when no event carries both session and sequence.
    """

    ledger: LedgerDay
    store_rows: int
    lake_rows: int
    lost_before_the_door: float | None
    differences: list[str]


def verify(store: Store, lake: str | os.PathLike[str], day: Day) -> Verification:
    """Compare a day's ledger with the rows in the store, the manifest and the Parquet files of the lake.

    The ledger is compared only when it stood still while the store was read.

    Raises:
        StoreError, LakeError: the store or the lake cannot be read.
        SettingsError: the day or the lake's URL cannot be understood.
    """
    day, files = as_day(day), open_files(lake)
    before = _ledger(store, day)
    stored = _stored(store, day)
    ledger = _ledger(store, day)
    archived, differences = _archived(files, day)
    if ledger.changes == before.changes and ledger.held != stored.num_rows:
        differences.append(_compare("the store", stored.num_rows, "the ledger", ledger.held))
    if archived is not None:
        differences += _compare_events(stored, archived)
    elif stored.num_rows:
        differences.append(f"the lake has no partition of {day}: clickkit export --since {day} --until {day}")
    return Verification(
        ledger, stored.num_rows, archived.num_rows if archived is not None else 0, _lost(stored), differences
    )


def verify_lake(lake: str | os.PathLike[str]) -> list[str]:
    """Hold every partition of a lake against its manifest, and return the differences in words.

    Raises:
        LakeError: there is no such lake, or it cannot be read.
    """
    files = open_files(lake)
    days = parts_by_day(files).keys() | {day for path in files.manifests(ROOT) if (day := day_of(path))}
    return [difference for day in sorted(days) for difference in _archived(files, day)[1]]


def _ledger(store: Store, day: dt.date) -> LedgerDay:
    return next((row for row in store.ledger() if row.day == day), LedgerDay(day))


def _stored(store: Store, day: dt.date) -> pa.Table:
    """Return what is needed of the store's rows: one row per event, few columns."""
    batches = [batch.select(_COLUMNS) for batch in store.scan(day)]
    return pa.Table.from_batches(batches, pa.schema([SCHEMA.field(name) for name in _COLUMNS]))


def _archived(files: Files, day: dt.date) -> tuple[pa.Table | None, list[str]]:
    """Return a day's keys in the lake, None without any, and how the parts differ from the manifest."""
    folder = partition(day)
    content = files.read(f"{folder}/{MANIFEST}")
    if content is None:
        found = files.parts(folder)
        return None, [f"{found[0]} has no manifest beside it: export the day again"] if found else []
    manifest = decode_manifest(content, f"{folder}/{MANIFEST}")
    tables, differences = [], _orphans(files, folder, manifest)
    for part in manifest.parts:
        path = f"{folder}/{part.name}"
        content = files.read(path)
        if content is None:
            differences.append(f"{path} is in the manifest, but not in the lake: export the day again")
        elif hashlib.sha256(content).hexdigest() != part.sha256:
            differences.append(f"{path} is not the file that the manifest describes: export the day again")
        else:
            tables.append(pq.ParquetFile(pa.BufferReader(content)).read(columns=KEY))
    nothing = pa.schema([SCHEMA.field(name) for name in KEY]).empty_table()
    archived = pa.concat_tables(tables) if tables else nothing
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


def _compare_events(stored: pa.Table, archived: pa.Table) -> list[str]:
    """Say which events are on one side only."""
    here, there = keys(stored), keys(archived)
    missing = stored["id"].filter(pc.invert(pc.is_in(here, value_set=there)))
    expired = archived["id"].filter(pc.invert(pc.is_in(there, value_set=here)))
    doubled = len(there) - len(pc.unique(there)) - (len(here) - len(pc.unique(here)))
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
    order = ["session_id", "sequence"]
    seen = numbered.group_by(order).aggregate([]).sort_by([(name, "ascending") for name in order])
    earlier, later = seen.slice(0, seen.num_rows - 1), seen.slice(1)
    gaps = pc.subtract(pc.subtract(later["sequence"], earlier["sequence"]), 1)
    counted = pc.and_(
        pc.equal(later["session_id"], earlier["session_id"]), pc.less_equal(gaps, _MOST_LOST_AT_ONCE)
    )
    lost = pc.sum(gaps.filter(counted)).as_py() or 0
    share: float = lost / (seen.num_rows + lost)
    return share
