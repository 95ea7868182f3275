"""Reading what is new: nothing twice, nothing lost, and the memory does not grow."""

import datetime as dt
import itertools
import random
import sqlite3
import subprocess
import sys

import pytest

from clickkit.errors import StoreError
from clickkit.live.reader import LiveReader

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
DAY = NOON.date()


class Clock:
    """A clock that a test sets."""

    def __init__(self, now=NOON):
        self.now = now

    def __call__(self):
        """Return the time."""
        return self.now

    def forward(self, seconds):
        """Let time pass."""
        self.now += dt.timedelta(seconds=seconds)


@pytest.fixture
def clock():
    """Return a clock at noon."""
    return Clock()


@pytest.fixture
def click(make_event, clock):
    """Return a function that makes a click of some seconds ago, received now."""
    made = 0

    def click(ago=0.0, **fields):
        nonlocal made
        made += 1
        timestamp = clock.now - dt.timedelta(seconds=ago)
        return make_event(f"e{made}", **{"timestamp": timestamp, "received_at": clock.now} | fields)

    return click


def stored(store, day=DAY):
    """Return how many events of a day the store has, by reading them all."""
    return sum(batch.num_rows for batch in store.scan(day))


def test_events_count_once_in_whatever_order_they_come(store, clock, click):
    """Phones send seconds late, and anything is sent twice."""
    chance = random.Random(1)
    store.put([click(ago) for ago in (7200, 60, 5)])
    reader = LiveReader(store, clock)
    reader.read()
    for _ in range(30):
        events = [click(chance.uniform(0, 55)) for _ in range(chance.randrange(4))]
        store.put(events)
        store.put(events[:1])
        reader.read()
        clock.forward(1)
    reader.read()

    assert reader.counts.events == reader.counts.clicks == stored(store)
    assert reader.missing == 0


def test_a_click_behind_the_overlap_is_found_by_the_ledger(sqlite_store, clock, click):
    """The next reading begins a minute back; what is older is missing for two seconds, then counted."""
    sqlite_store.put([click(1)])
    reader = LiveReader(sqlite_store, clock)
    reader.read()
    sqlite_store.put([click(3600), click(61.5), click(59), click(5.5)])

    reader.read()
    assert (reader.counts.events, reader.missing) == (2, 3)
    clock.forward(1.9)
    reader.read()
    assert (reader.counts.events, reader.missing) == (3, 2)
    clock.forward(0.2)
    reader.read()
    assert (reader.counts.events, reader.missing) == (5, 0)
    assert len(reader.recent.newest()) == 5


def test_late_clicks_that_trickle_in_do_not_make_it_read_all_the_time(sqlite_store, clock, click):
    """The whole day is read again every five seconds at most; in the end everything is counted."""
    sqlite_store.put([click(1)])
    reader = LiveReader(sqlite_store, clock)
    reader.read()
    changes = []
    for _ in range(100):
        sqlite_store.put([click(3600)])
        before = reader.counts.events
        reader.read()
        if reader.counts.events != before:
            changes.append(clock.now)
        clock.forward(0.5)
    for _ in range(30):
        reader.read()
        clock.forward(0.5)

    gaps = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(changes)]
    assert min(gaps) >= 5
    assert reader.counts.events == stored(sqlite_store) == 101


def test_a_ledger_that_differs_from_the_events_is_found_out_once(sqlite_store, clock, click):
    """On DynamoDB it may, after a write that was cut off: the difference stays, and is taken off."""
    sqlite_store.put([click(1)])
    sqlite_store.count(DAY, stored=3)
    reader = LiveReader(sqlite_store, clock)
    for _ in range(6):
        reader.read()
        clock.forward(1)
    sqlite_store.put([click(1)])
    reader.read()
    assert (reader.counts.events, reader.missing) == (2, 0)

    sqlite_store.put([click(3600)])
    for _ in range(12):
        reader.read()
        clock.forward(1)
    assert (reader.counts.events, reader.missing) == (3, 0)


def test_a_store_that_was_emptied_is_read_anew(sqlite_store, clock, click):
    """A file that was deleted and begun again has its own numbers."""
    sqlite_store.put([click(1), click(2)])
    reader = LiveReader(sqlite_store, clock)
    reader.read()
    with sqlite3.connect(sqlite_store.url.removeprefix("sqlite:///")) as database:
        database.execute("delete from events")
        database.execute("delete from ledger")
    database.close()
    sqlite_store.put([click(0)])
    for _ in range(5):
        clock.forward(1)
        reader.read()

    assert (reader.counts.events, reader.missing) == (1, 0)


def test_what_was_forgotten_is_no_longer_counted(store, clock, click):
    """The ledger takes it off, so the day is read anew, once."""
    events = [click(ago) for ago in (300, 200, 100)]
    store.put(events)
    reader = LiveReader(store, clock)
    for _ in range(3):
        reader.read()
    store.remove([events[0].key])

    for _ in range(8):
        clock.forward(1)
        reader.read()

    assert (reader.counts.events, reader.missing) == (2, 0)


def test_after_midnight_it_goes_on_with_the_new_day(store, clock, click):
    """The total begins anew; the last minutes, their sessions and newest clicks go on."""
    clock.now = dt.datetime(2026, 11, 22, 23, 59, 58, tzinfo=dt.UTC)
    store.put([click(1, session_id="s1")])
    reader = LiveReader(store, clock)
    reader.read()
    store.put([click(0, session_id="s2"), click(-120)])
    clock.forward(3)
    store.put([click(0.5, session_id="s3")])
    reader.read()

    assert reader.day == dt.date(2026, 11, 23)
    assert reader.counts.events == stored(store, reader.day) == 2
    assert [row["id"] for row in reader.recent.newest()] == ["e3", "e4", "e2", "e1"]
    assert reader.recent.sessions(int(clock.now.timestamp() * 1e6)) == 3
    store.put([click(0)])
    reader.read()
    assert reader.counts.events == 3


def test_a_store_that_comes_back_is_read_on(sqlite_store, clock, click):
    """What was counted stays while it is away, and nothing is counted twice afterwards."""
    sqlite_store.put([click(2)])
    reader = LiveReader(sqlite_store, clock)
    reader.read()
    sqlite_store.put([click(1)])
    database = sqlite3.connect(sqlite_store.url.removeprefix("sqlite:///"))
    database.execute("alter table events rename to away")
    with pytest.raises(StoreError, match="no such table"):
        reader.read()
    assert reader.counts.events == 1
    database.execute("alter table away rename to events")
    database.close()

    reader.read()

    assert reader.counts.events == 2


def test_a_store_that_is_not_there_yet_may_come(sqlite_store, clock, click):
    """The first click makes the file."""
    reader = LiveReader(sqlite_store, clock)
    with pytest.raises(StoreError, match="no SQLite store"):
        reader.read()
    assert not reader.is_whole

    sqlite_store.put([click(1)])
    reader.read()

    assert reader.is_whole
    assert reader.counts.events == 1


def test_a_long_day_is_read_in_slices(sqlite_store, clock, click, monkeypatch):
    """Each call returns after a batch here; the numbers grow until the day is whole, each event once."""
    monkeypatch.setattr("clickkit.live.reader.SLICE_SECONDS", 0)
    sqlite_store.put([click(ago) for ago in range(25_000)])
    reader = LiveReader(sqlite_store, clock)
    seen = []
    while not reader.is_whole:
        reader.read()
        seen.append(reader.counts.events)

    assert seen == [5_000, 10_000, 15_000, 20_000, 25_000, 25_000]
    assert reader.missing == 0


def test_new_clicks_are_returned_with_both_their_times(sqlite_store, clock, click):
    """Latencies are those of clicks that came while somebody looked."""
    sqlite_store.put([click(5)])
    reader = LiveReader(sqlite_store, clock)
    assert [reader.read(), reader.read()] == [[], []]
    sqlite_store.put([click(0.25), click(1, event="view", button=None), click(1, received_at=None)])

    ((clicked, received),) = reader.read()

    assert received - clicked == 250_000


def test_an_hour_at_50_clicks_a_second_leaves_the_memory_as_it_was(project, tmp_path):
    """After 20 % of the hour and at its end the process has the same memory, within 10 %."""
    program = project / "tests" / "live" / "hour.py"
    done = subprocess.run(
        [sys.executable, program, tmp_path / "clicks.db"], capture_output=True, text=True, timeout=120
    )

    assert done.returncode == 0, done.stderr
    early, late, counted = (int(word) for word in done.stdout.split())
    assert counted == 180_000
    assert late <= early * 1.1
