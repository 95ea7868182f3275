"""Segment's own Python library, pointed at the collector: everything arrives, once."""

import datetime as dt
from collections import Counter

import pytest
from segment.analytics.client import Client

from clickkit.capture.collector import Collector
from clickkit.errors import BusyError
from clickkit.service import DurableKeeper

WHEN = dt.datetime(2026, 11, 22, 10, 30, tzinfo=dt.UTC)


class BusyAtFirst(DurableKeeper):
    """Keeps events in a store, after a number of times when its queue is full."""

    def __init__(self, store, folder, refusals):
        super().__init__(store, folder)
        self._refusals, self.writes = refusals, 0

    def write(self, events):
        """Store events and say where they are."""
        self.writes += 1
        if self.writes <= self._refusals:
            raise BusyError("full: send again later")
        return super().write(events)


@pytest.mark.parametrize("refusals", [0, 1])
@pytest.mark.parametrize("is_gzip", [False, True], ids=["plain", "gzip"])
def test_thirty_calls_arrive_once_each(sqlite_store, tmp_path, serve_app, refusals, is_gzip):
    """Each messageId is the id of one event, also when the first request is answered with 503."""
    busy, failures = BusyAtFirst(sqlite_store, tmp_path, refusals), []
    client = Client(
        "key",
        host=serve_app(Collector(busy)),
        upload_size=10,
        gzip=is_gzip,
        on_error=lambda error, batch: failures.append(error),
    )

    said = [call_of(client, number) for number in range(30)]
    client.shutdown()

    assert failures == []
    assert busy.writes >= 3 + refusals
    rows = [row for batch in sqlite_store.scan(WHEN.date()) for row in batch.to_pylist()]
    assert Counter(row["id"] for row in rows) == Counter(said)
    assert Counter(row["event"] for row in rows) == {"click": 10, "view": 10, "identify": 10}
    assert {row["visitor_id"] for row in rows} == {f"visitor-{number}" for number in range(30)}
    assert {row["button"] for row in rows if row["event"] == "click"} == {"Buy"}


def call_of(client, number):
    """Make one of the library's calls, and return its messageId."""
    when = WHEN + dt.timedelta(seconds=number)
    visitor = {"anonymous_id": f"visitor-{number}", "timestamp": when}
    match number % 3:
        case 0:
            is_queued, said = client.track(event="Button Clicked", properties={"button": "Buy"}, **visitor)
        case 1:
            is_queued, said = client.page(name="Shop", properties={"url": "https://example.com/"}, **visitor)
        case _:
            is_queued, said = client.identify(traits={"plan": "pro"}, **visitor)
    assert is_queued
    return said["messageId"]
