"""Reading only what is new in a store, and noticing what came late."""

import datetime as dt
import time
from collections import deque
from collections.abc import Callable
from itertools import chain

import pyarrow as pa

from clickkit.event import sort_key
from clickkit.live.counts import Counts, Recent, clicks_of, moments
from clickkit.storage.store import Store

OVERLAP_SECONDS = 5
"""How far behind the newest event every reading begins: events come out of order by seconds."""

LONG_OVERLAP_SECONDS = 60
"""How far behind it the next reading begins when the store's ledger has more than was counted."""

DIFFERS_SECONDS = 2
"""How long the store's ledger must contradict the counts before the whole day is read again."""

SLICE_SECONDS = 0.3
"""How long one reading may take; what is left is for the next one."""

_REST_SECONDS = 5.0
_REST_FACTOR = 10
_MICROSECOND = dt.timedelta(microseconds=1)
_SECOND = 1_000_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MOST_ARRIVALS = 1000

Arrival = tuple[int, int]
"""A click's `timestamp` and its `received_at`, in microseconds UTC."""


def microseconds(moment: dt.datetime) -> int:
    """Return the microseconds since 1970 of an aware time."""
    return (moment - _EPOCH) // _MICROSECOND


class _Reading:
    """What has been read of one UTC day, and where to go on.

    `passes` says how often the end of the day's events was reached. Only the keys of the long
    overlap are remembered: an event whose key is among them has been counted.
    """

    def __init__(self, day: dt.date, recent: Recent) -> None:
        midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
        self.day = day
        self.counts = Counts()
        self.recent = recent.until(microseconds(midnight))
        self.passes = 0
        self._newest = self._boundary = microseconds(midnight)
        self._after = sort_key(midnight, "")
        self._seen: set[tuple[int, str]] = set()

    def read(self, store: Store, now: dt.datetime, seconds: float) -> list[Arrival]:
        """Read on for some seconds at most; return the clicks that are new, of many the last ones.

        Raises:
            StoreError: the store is away; what was read until then counts, and the next call goes on.
        """
        arrivals: deque[Arrival] = deque(maxlen=_MOST_ARRIVALS)
        deadline = time.monotonic() + seconds
        for batch in store.scan(self.day, after=self._after):
            if batch.num_rows:
                arrivals.extend(_arrivals(self._take(batch, microseconds(now))))
            if time.monotonic() > deadline:
                return list(arrivals)
        self.passes += 1
        self._go_back(OVERLAP_SECONDS)
        return list(arrivals)

    def look_farther_back(self) -> None:
        """Begin the next reading at the long overlap."""
        self._go_back(LONG_OVERLAP_SECONDS)

    def _go_back(self, seconds: int) -> None:
        begin = max(self._newest - seconds * _SECOND, self._boundary)
        self._after = sort_key(_EPOCH + begin * _MICROSECOND, "")

    def _take(self, batch: pa.RecordBatch, now: int) -> pa.RecordBatch:
        """Count what is new in a batch, and move on behind it."""
        keys = list(zip(moments(batch).to_pylist(), batch["id"].to_pylist(), strict=True))
        new = batch.filter(pa.array([key not in self._seen for key in keys]))
        self.counts.add(new)
        self.recent.add(new, now)
        last, last_id = keys[-1]
        self._newest = max(self._newest, min(last, now))
        self._boundary = max(self._boundary, self._newest - LONG_OVERLAP_SECONDS * _SECOND)
        self._seen = {key for key in chain(self._seen, keys) if key[0] >= self._boundary}
        self._after = sort_key(_EPOCH + last * _MICROSECOND, last_id)
        return new


def _arrivals(events: pa.RecordBatch) -> list[Arrival]:
    clicks = clicks_of(events)
    received = clicks["received_at"].cast(pa.int64()).to_pylist()
    pairs = zip(moments(clicks).to_pylist(), received, strict=True)
    return [(clicked, arrived) for clicked, arrived in pairs if arrived is not None]


class LiveReader:
    """Follows the current UTC day of a store; `counts` and `recent` are what it has seen.

    Each reading begins five seconds before the newest event, and passes over what it has counted. An
    event that comes even later is missing then, and the store's ledger tells: the next reading begins a
    minute back, and when the ledger contradicts the counts for two seconds, the day is read again beside,
    in slices, and takes their place. A difference that remains is the ledger's (on DynamoDB it may differ
    from the table), so it is remembered and taken off.
    """

    def __init__(self, store: Store, now: Callable[[], dt.datetime]) -> None:
        self._store = store
        self._now = now
        self._reading = _Reading(now().date(), Recent())
        self._start_over()

    def _start_over(self) -> None:
        self._again: _Reading | None = None
        self._again_since = self._rest_until = self._now()
        self._again_stored = 0
        self._drift = 0
        self._differs_since: dt.datetime | None = None
        self.missing = 0

    @property
    def day(self) -> dt.date:
        """The day that is followed."""
        return self._reading.day

    @property
    def counts(self) -> Counts:
        """What was counted of the day."""
        return self._reading.counts

    @property
    def recent(self) -> Recent:
        """What was seen of the last minutes, also before midnight."""
        return self._reading.recent

    @property
    def is_whole(self) -> bool:
        """Whether the day has been read to its end once."""
        return self._reading.passes > 0

    def read(self) -> list[Arrival]:
        """Read what is new, for less than a second; return the clicks that came since the call before.

        `missing` says afterwards how many events the ledger has that are not counted yet; below zero, how
        many were counted that it does not have.

        Raises:
            StoreError: the store is away; the next call goes on where this one was.
        """
        now = self._now()
        if now.date() != self.day:
            self._reading.read(self._store, now, SLICE_SECONDS)  # what came just before midnight
            self._reading = _Reading(now.date(), self.recent)
            self._start_over()
        stored = self._stored()
        too_many = self.counts.events - stored - self._drift
        arrivals = self._reading.read(self._store, now, SLICE_SECONDS)
        if not self.is_whole:
            return []
        too_few = stored + self._drift - self.counts.events
        self.missing = too_few if too_few > 0 else -too_many if too_many > 0 else 0
        self._differs_since = (self._differs_since or now) if self.missing else None
        if too_few > 0:
            self._reading.look_farther_back()
        self._read_again(now, stored)
        return arrivals if self._reading.passes > 2 else []

    def _read_again(self, now: dt.datetime, stored: int) -> None:
        """Begin to read the whole day again when it is time to, or go on with it."""
        if self._again is None:
            since = self._differs_since
            if since is None or (now - since).total_seconds() < DIFFERS_SECONDS or now < self._rest_until:
                return
            self._again, self._again_since, self._again_stored = _Reading(self.day, self.recent), now, stored
        self._again.read(self._store, now, SLICE_SECONDS)
        if self._again.passes:
            self._reading, self._again = self._again, None
            counted, most = self.counts.events, self._stored()
            self._drift = min(counted - self._again_stored, 0) or max(counted - most, 0)
            took = (self._now() - self._again_since).total_seconds()
            self._rest_until = self._now() + dt.timedelta(seconds=max(_REST_SECONDS, _REST_FACTOR * took))
            self._differs_since, self.missing = None, 0

    def _stored(self) -> int:
        """Return how many events of the day the store should have, by its ledger."""
        return sum(row.held for row in self._store.ledger() if row.day == self.day)
