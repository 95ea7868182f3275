"""What a day's clicks come to while they arrive: numbers whose memory does not grow with the clicks."""

import heapq
import weakref
from collections import Counter
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from clickkit.analysis import metrics

NEWEST = 20
"""How many clicks the newest ones are."""

WINDOW_SECONDS = 300
"""How far the rate and the sessions look back."""

OTHERS = "(others)"
_MOST_NAMES = 10_000
_SECOND = 1_000_000
_COUNTED = ["id", "event", "button", "device", "location", "visitor_id"]

Names = tuple[str | None, ...]


class Counts:
    """The clicks of a day by button, device and country, as `analysis.metrics` count them.

    Each metric is asked of what is new, and its clicks are added up. `events` counts everything, like the
    store's ledger. A name beyond the first 10,000 is counted under "(others)", so that a sender of random
    names fills no memory.
    """

    def __init__(self) -> None:
        self._held = [duckdb.connect(config={"threads": 1})]  # what is new is small
        self._held[0].execute("set TimeZone = 'UTC'")
        weakref.finalize(self, self._held.clear)  # a widget's counts live on at exit: DuckDB would complain
        self.events = 0
        self.clicks = 0
        self.buttons: Counter[Names] = Counter()
        self.devices: Counter[Names] = Counter()
        self.countries: Counter[Names] = Counter()

    def add(self, events: pa.RecordBatch) -> None:
        """Count events that were not counted before."""
        self.events += events.num_rows
        if events.num_rows:
            new = self._held[0].from_arrow(pa.Table.from_batches([events.select(_COUNTED)]))
            self.clicks += _add(self.buttons, metrics.by_button(new), "button")
            _add(self.devices, metrics.by_device_type(new), "device")
            _add(self.countries, metrics.by_country(new), "country_code", "country")


class Recent:
    """The last minutes: clicks of each second, when each session was last seen, and the newest clicks."""

    def __init__(self) -> None:
        self._seconds: Counter[int] = Counter()
        self._sessions: dict[str, int] = {}
        self._newest: list[tuple[int, str, dict[str, Any]]] = []

    def add(self, events: pa.RecordBatch, now: int) -> None:
        """Add events that were not added before, which lie in order; `now` is in microseconds UTC."""
        clicks = clicks_of(events)
        last = clicks.slice(max(0, clicks.num_rows - NEWEST))
        shown = zip(moments(last).to_pylist(), last.select(_SHOWN).to_pylist(), strict=True)
        rows = [(moment, row["id"], row) for moment, row in shown]
        self._newest = heapq.nlargest(NEWEST, self._newest + rows, key=lambda row: row[:2])
        self._forget(now)
        recent = events.filter(pc.greater(moments(events), now - WINDOW_SECONDS * _SECOND))
        for second in pc.divide(moments(clicks_of(recent)), _SECOND).value_counts().to_pylist():
            self._seconds[second["values"]] += second["counts"]
        names = pc.coalesce(recent["session_id"], recent["visitor_id"])
        for name, moment in zip(names.to_pylist(), moments(recent).to_pylist(), strict=True):
            if name is not None:
                self._sessions[name] = max(moment, self._sessions.get(name, 0))

    def until(self, moment: int) -> "Recent":
        """Return a copy with what happened before a moment alone."""
        copy = Recent()
        copy._seconds = Counter({k: n for k, n in self._seconds.items() if k * _SECOND < moment})
        copy._sessions = {name: last for name, last in self._sessions.items() if last < moment}
        copy._newest = [row for row in self._newest if row[0] < moment]
        return copy

    def per_second(self, now: int) -> list[int]:
        """Return the clicks of each whole second of the window, oldest first."""
        this_second = now // _SECOND
        return [self._seconds[second] for second in range(this_second - WINDOW_SECONDS, this_second)]

    def sessions(self, now: int) -> int:
        """Return how many sessions were seen within the window; a sender's clock may be that much ahead."""
        return sum(abs(now - last) <= WINDOW_SECONDS * _SECOND for last in self._sessions.values())

    def newest(self) -> list[dict[str, Any]]:
        """Return the newest clicks, the newest first: `id, timestamp, button, device, location`."""
        return [row for _, _, row in self._newest]

    def _forget(self, now: int) -> None:
        oldest = now - WINDOW_SECONDS * _SECOND
        for second in [second for second in self._seconds if second * _SECOND < oldest - _SECOND]:
            del self._seconds[second]
        for name in [name for name, last in self._sessions.items() if last < oldest]:
            del self._sessions[name]


_SHOWN = ["id", "timestamp", "button", "device", "location"]


def clicks_of(events: pa.RecordBatch) -> pa.RecordBatch:
    """Return the events that are clicks."""
    return events.filter(pc.equal(events["event"], "click"))


def moments(events: pa.RecordBatch) -> pa.Array:
    """Return the timestamps in microseconds UTC."""
    return events["timestamp"].cast(pa.int64())


def _add(counter: Counter[Names], metric: duckdb.DuckDBPyRelation, *columns: str) -> int:
    """Add a metric's clicks to those of the names in its columns; return how many they are."""
    places, number = [metric.columns.index(column) for column in columns], metric.columns.index("clicks")
    total = 0
    for row in metric.fetchall():
        name = tuple(row[place] for place in places)
        known = name in counter or len(counter) < _MOST_NAMES
        counter[name if known else (OTHERS,) * len(columns)] += row[number]
        total += row[number]
    return total
