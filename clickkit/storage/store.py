"""What a store can do: few verbs, the same for every engine."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import pyarrow as pa

from clickkit.event import Event, Key


class Store(Protocol):
    """Where events live until they are exported; every verb raises `StoreError` when it cannot."""

    @property
    def url(self) -> str:
        """The URL that `connect` opens, without secrets."""

    def put(self, events: Sequence[Event]) -> int:
        """Store events and return, once they are durable, how many were new.

        An event whose key the store has already is left as it is, so anything may be put twice. Of
        events with one key that are put at the same moment, one stays.
        """

    def scan(self, day: dt.date, shard: int, after: str = "") -> Iterator[pa.RecordBatch]:
        """Yield one shard of a UTC day as record batches of `event.SCHEMA`, oldest first.

        `after` is a sort key (`event.sort_key`): only events behind it are read.
        """

    def get(self, key: Key) -> dict[str, Any] | None:
        """Return one item exactly as this store holds it, or None."""

    def close(self) -> None:
        """Let go of connections."""
