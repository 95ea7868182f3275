"""The embedded store: one SQLite file."""

import datetime as dt
import logging
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from clickkit.errors import StoreError, StoreRefusedError
from clickkit.event import Event, Key, encode_item
from clickkit.folder import make_folder
from clickkit.storage.items import items_to_batch
from clickkit.storage.store import ALL_SHARDS, EXPORTED_TO, LedgerDay, ledger_day, partition_keys

_TABLES = """
create table if not exists events (
    pk text not null,
    sk text not null,
    item text not null,
    primary key (sk)  -- not (pk, sk): what arrives together lies together, in few pages of the file
) without rowid;
create table if not exists ledger (
    day text not null,
    name text not null,
    number integer not null,
    primary key (day, name)
) without rowid;
create trigger if not exists stored after insert on events begin
    insert into ledger values (substr(new.pk, 1, 10), 'stored', 1)
    on conflict (day, name) do update set number = number + 1;
end;
"""
_ADD = """
insert into ledger values (?, ?, ?)
on conflict (day, name) do update set number = number + excluded.number
"""
_MOST_ROWS = 1024
_INSERTS = {
    rows: "insert or ignore into events values " + ", ".join(["(?, ?, ?)"] * rows)
    for rows in (1 << power for power in range(_MOST_ROWS.bit_length()))
}
_SCAN = """
select cast(group_concat(item, char(10)) as blob), max(sk)
from (
    select sk, item from events
    where sk > ? and sk < ? and pk in (select value from json_each(?))
    order by sk limit 5000
)
"""
_LOCK_TIMEOUT_SECONDS = 30
_HAS_REMAINS = 1
"""The file's `user_version` from a removal until the file was written anew."""

_log = logging.getLogger(__name__)


class SqliteStore:
    """Events in one SQLite file, in WAL mode with `synchronous=FULL`: a returned `put` is on disk.

    The file is made by the first `put`. One object may be used from several threads, and several
    processes may use one file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = threading.Lock()
        self._writer: sqlite3.Connection | None = None

    def __reduce__(self) -> tuple[type["SqliteStore"], tuple[Path]]:
        """Travel to another process as a path; locks and connections stay here."""
        return SqliteStore, (self._path.absolute(),)

    @property
    def url(self) -> str:
        """The URL that `connect` opens."""
        return f"sqlite:///{self._path}"

    @property
    def exists(self) -> bool:
        """Whether the file is there; the first `put` makes it."""
        return self._path.exists()

    def put(self, events: Sequence[Event]) -> int:
        """Store events in one transaction, the ledger's `stored` with them, and return how many were new.

        Its `repeated` is counted afterwards: the events are durable then, so a failure is only logged.
        """
        days: dict[str, list[str]] = {}
        for event in events:
            pk, sk = event.key
            days.setdefault(pk[:10], []).extend((pk, sk, encode_item(event).decode()))
        blocks = [
            (day, values[start : start + 3 * _MOST_ROWS])
            for day, values in days.items()
            for start in range(0, len(values), 3 * _MOST_ROWS)
        ]
        repeated: Counter[str] = Counter()
        with self._transaction() as writer:
            if len(blocks) > 1:
                writer.execute("begin")  # a single statement is a transaction by itself
            for day, values in blocks:
                repeated[day] += len(values) // 3 - _insert(writer, values)
        self._count_repeated(+repeated)
        return len(events) - repeated.total()

    def scan(
        self, day: dt.date, shard: int | Sequence[int] = ALL_SHARDS, after: str = ""
    ) -> Iterator[pa.RecordBatch]:
        """Yield shards of a day in batches of 5,000 events, which SQLite hands over as one text each."""
        shards = msgspec.json.encode(partition_keys(day, shard)).decode()
        with closing(self._open_reader()) as reader:
            try:
                while True:
                    limits = (after or f"{day}T", f"{day}U")  # T is between date and time in a sort key
                    lines, after = reader.execute(_SCAN, (*limits, shards)).fetchone()
                    if lines is None:
                        return
                    yield items_to_batch(lines)
            except sqlite3.Error as error:
                raise self._failed(error) from error

    def get(self, key: Key) -> dict[str, Any] | None:
        """Return one row: `pk`, `sk` and the event's fields by their JSON names."""
        with closing(self._open_reader()) as reader:
            try:
                row = reader.execute("select item from events where pk = ? and sk = ?", key).fetchone()
            except sqlite3.Error as error:
                raise self._failed(error) from error
        return {"pk": key[0], "sk": key[1]} | msgspec.json.decode(row[0]) if row else None

    def remove(self, keys: Sequence[Key]) -> int:
        """Delete events in one transaction, the ledger's `forgotten` with them, and write the file anew.

        Whoever puts events meanwhile waits, for 30 seconds at most.
        """
        removed: Counter[str] = Counter()
        with self._transaction() as writer:
            writer.execute("begin immediate")
            for pk, sk in keys:
                found = writer.execute("delete from events where pk = ? and sk = ?", (pk, sk))
                removed[pk[:10]] += found.rowcount
            if +removed:
                rows = [(day, "forgotten", number) for day, number in removed.items() if number]
                writer.executemany(_ADD, rows)
                writer.execute(f"pragma user_version = {_HAS_REMAINS}")
        self._write_anew()
        return removed.total()

    def ledger(self) -> list[LedgerDay]:
        """Return the ledger's days."""
        days: dict[str, dict[str, int]] = {}
        with closing(self._open_reader()) as reader:
            try:
                tables = {name for (name,) in reader.execute("select name from sqlite_master")}
                if "events" in tables and "ledger" not in tables:
                    return []  # a file from before the ledger
                for day, name, number in reader.execute("select day, name, number from ledger order by day"):
                    days.setdefault(day, {})[name] = number
            except sqlite3.Error as error:
                raise self._failed(error) from error
        return [ledger_day(day, numbers) for day, numbers in days.items()]

    def count(self, day: dt.date, **numbers: int) -> None:
        """Add to the ledger."""
        with self._transaction() as writer:
            writer.executemany(_ADD, [(str(day), name, number) for name, number in numbers.items()])

    def mark_exported(self, lake: str, changes: Mapping[dt.date, int]) -> None:
        """Note days as exported."""
        rows = [(str(day), EXPORTED_TO + lake, number) for day, number in changes.items()]
        with self._transaction() as writer:
            writer.executemany("insert or replace into ledger values (?, ?, ?)", rows)

    def close(self) -> None:
        """Close the writing connection."""
        with self._writing:
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    def _write_anew(self) -> None:
        """Rewrite the file and empty the log beside it, when something was removed since the last time.

        `pragma secure_delete` would not do: pages that were split have copies of rows in their gaps.
        """
        with self._transaction() as writer:
            if writer.execute("pragma user_version").fetchone() != (_HAS_REMAINS,):
                return
            writer.execute("vacuum")
            (is_busy, _, _) = writer.execute("pragma wal_checkpoint(truncate)").fetchone()
            if is_busy:
                raise StoreError(
                    f"SQLite store {self.url} is being read, so the old bytes of what was removed are "
                    "still there: run it again when the reader has ended"
                )
            writer.execute("pragma user_version = 0")

    def _count_repeated(self, repeated: Mapping[str, int]) -> None:
        for day, number in repeated.items():
            try:
                self.count(dt.date.fromisoformat(day), repeated=number)
            except StoreError as error:
                _log.error("%s repeated events of %s are not in the ledger: %s", number, day, error)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._writing:
            try:
                writer = self._open_writer()
                with writer:
                    yield writer
            except (sqlite3.DataError, sqlite3.IntegrityError, UnicodeError) as error:
                raise StoreRefusedError(f"SQLite store {self.url} refuses these events: {error}") from error
            except (sqlite3.Error, OSError) as error:
                raise self._failed(error) from error

    def _open_writer(self) -> sqlite3.Connection:
        if self._writer is None:
            make_folder(self._path.parent)
            writer = sqlite3.connect(
                self._path,
                timeout=_LOCK_TIMEOUT_SECONDS,
                check_same_thread=False,
                isolation_level=None,
            )
            try:
                writer.execute("pragma journal_mode = wal")
                writer.execute("pragma synchronous = full")
                writer.executescript(_TABLES)
            except sqlite3.Error:
                writer.close()
                raise
            self._writer = writer
        return self._writer

    def _open_reader(self) -> sqlite3.Connection:
        if not self.exists:
            raise StoreError(
                f"no SQLite store at {self._path}: check the path, or put events there first "
                "(make demo, or clickkit simulate, import or serve with --store)"
            )
        try:
            return sqlite3.connect(self._path, timeout=_LOCK_TIMEOUT_SECONDS, check_same_thread=False)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> StoreError:
        return StoreError(
            f"SQLite store {self.url} failed: {error}; check that the file is a clickkit store, "
            "that its folder may be written and that the disk has room"
        )


def _insert(writer: sqlite3.Connection, values: list[str]) -> int:
    """Insert up to 1,024 rows, given as one flat list, by one statement; return how many were new.

    The last row fills a statement up to a power of two. One statement lets Python's lock go once, so
    other threads are not kept waiting.
    """
    rows = len(values) // 3
    size = 1 << (rows - 1).bit_length()
    return writer.execute(_INSERTS[size], values + values[-3:] * (size - rows)).rowcount
