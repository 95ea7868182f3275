"""What a store can do: few verbs, the same for every engine."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import pyarrow as pa

from clickkit.event import SHARDS, Event, Key, partition_key

EXPORTED_TO = "exported to "
STORE, SPOOL, REFUSED = "store", "spool", "refused"
"""Where an event that was taken is durable, or that the store refused it for good."""

ALL_SHARDS = range(SHARDS)

_COUNTS = {"stored", "repeated", "rejected", "suppressed", "forgotten"}


class LedgerDay(msgspec.Struct, frozen=True):
    """What became of all events of one UTC day: stored, repeated, rejected or suppressed.

    Stored and repeated events count on the day of their timestamp, the others, whose timestamps nobody
    kept, on the day when they came. `forgotten` of the stored ones have been removed since. `changes` differs
    after every write that may have changed the day, and has no other meaning; `exported` says of each lake,
    by its URL, what it was when the day was last exported there.
    """

    day: dt.date
    stored: int = 0
    repeated: int = 0
    rejected: int = 0
    suppressed: int = 0
    forgotten: int = 0
    changes: int = 0
    exported: dict[str, int] = {}

    @property
    def received(self) -> int:
        """The sum of all four."""
        return self.stored + self.repeated + self.rejected + self.suppressed

    @property
    def held(self) -> int:
        """How many events of the day the store should have."""
        return self.stored - self.forgotten


class Exportable(Protocol):
    """What an export needs of a store; every verb raises `StoreError` when it cannot."""

    @property
    def url(self) -> str:
        """The URL that opens it, without secrets."""

    def scan(
        self, day: dt.date, shard: int | Sequence[int] = ALL_SHARDS, after: str = ""
    ) -> Iterator[pa.RecordBatch]:
        """Yield one shard of a UTC day, or several as one, as record batches of `event.SCHEMA`.

        The oldest event comes first, of those at the same microsecond the one with the smallest id.
        `after` is a sort key (`event.sort_key`): only events behind it are read.
        """

    def ledger(self) -> list[LedgerDay]:
        """Return what became of all events, a row for each day, oldest first."""

    def mark_exported(self, lake: str, changes: Mapping[dt.date, int]) -> None:
        """Note in the ledger that a lake got some days, with their `changes` as they were before."""

    def close(self) -> None:
        """Let go of connections."""


class Store(Exportable, Protocol):
    """Where events live until they are exported."""

    def put(self, events: Sequence[Event]) -> int:
        """Store events and return, once they are durable, how many were new.

        An event whose key the store has already is left as it is, so anything may be put twice. Of
        events with one key that are put at the same moment, one stays.
        """

    def get(self, key: Key) -> dict[str, Any] | None:
        """Return one item exactly as this store holds it, or None."""

    def remove(self, keys: Sequence[Key]) -> int:
        """Remove events and return, once this is durable, how many there were; the ledger counts them.

        Keys that the store does not have are passed over, so anything may be removed twice. What the store
        itself has on a disk holds nothing of them any more, also when a removal before was cut off: for
        that alone it may be called without keys.
        """

    def count(self, day: dt.date, **numbers: int) -> None:
        """Add to a day's ledger what never became an event: `rejected` or `suppressed`."""


def partition_keys(day: dt.date, shard: int | Sequence[int]) -> list[str]:
    """Return the partition keys of one shard of a day, or of several."""
    return [partition_key(day, one) for one in ([shard] if isinstance(shard, int) else shard)]


def ledger_day(day: str, numbers: Mapping[str, int]) -> LedgerDay:
    """Make a row of the ledger from the numbers that a store has under their names.

    A store that cannot count `stored` in one transaction with the events counts `attempted` before them;
    the sum, with `forgotten`, is what changes. Names that are not known, of a newer writer, are passed over.
    """
    exported = {
        name.removeprefix(EXPORTED_TO): number
        for name, number in numbers.items()
        if name.startswith(EXPORTED_TO)
    }
    counts = {name: number for name, number in numbers.items() if name in _COUNTS}
    changes = sum(numbers.get(name, 0) for name in ("attempted", "stored", "forgotten"))
    return LedgerDay(dt.date.fromisoformat(day), **counts, changes=changes, exported=exported)
