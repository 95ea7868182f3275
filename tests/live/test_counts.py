"""What clicks come to, held against the notebooks' metrics."""

import datetime as dt

import pytest

from clickkit import Device, Location, export, read_lake, simulate
from clickkit.analysis import metrics
from clickkit.live.counts import OTHERS, Counts, Recent
from clickkit.live.reader import microseconds

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


@pytest.fixture
def stored(sqlite_store):
    """Return a function that stores events and returns them as the store's record batches."""

    def stored(*events):
        sqlite_store.put(events)
        return list(sqlite_store.scan(NOON.date()))

    return stored


def test_store_and_lake_say_the_same(stored, sqlite_store, make_event, tmp_path):
    """One metric, two temperatures: live in pieces as they come, and in the lake the next morning."""
    oslo = Location(city="Oslo", country="Norway", country_code="NO")
    bot = Device(type="bot", is_bot=True)
    batches = stored(
        *simulate(NOON.date(), NOON.date(), visitors=200),
        make_event("view", event="view", button=None, location=oslo),
        make_event("nothing", device=None),
        make_event("bot", device=bot, location=oslo, visitor_id="v"),
        make_event("city", location=Location(city="Nowhere")),
        make_event("code", location=Location(country_code="NO")),
        make_event("naughty", button="'\"<b>\u2028", location=oslo),
    )
    counts = Counts()
    for batch in batches:
        for start in range(0, batch.num_rows, 7):
            counts.add(batch.slice(start, 7))
    export(sqlite_store, tmp_path / "lake", NOON.date(), NOON.date())
    events = read_lake(tmp_path / "lake")

    def of_lake(metric, *columns):
        return {row[:-1]: row[-1] for row in metric(events).project(*columns, "clicks").fetchall()}

    assert counts.buttons == of_lake(metrics.by_button, "button")
    assert counts.devices == of_lake(metrics.by_device_type, "device")
    assert counts.countries == of_lake(metrics.by_country, "country_code", "country")
    assert counts.clicks == metrics.totals(events).fetchall()[0][0] == counts.buttons.total()
    assert counts.clicks == counts.devices.total() == counts.countries.total()
    assert counts.events == counts.clicks + 1 == events.count("*").fetchall()[0][0]


def test_a_sender_of_random_names_fills_no_memory(stored, make_event):
    """The first 10,000 names have a number each, the rest one together."""
    counts = Counts()
    for batch in stored(*(make_event(f"{i}", button=f"b{i}") for i in range(10_050))):
        counts.add(batch)

    assert len(counts.buttons) == 10_001
    assert counts.buttons[OTHERS,] == 50
    assert counts.buttons.total() == counts.clicks == 10_050


def test_sessions_seconds_and_newest_are_those_of_five_minutes(stored, make_event):
    """A session counts once; without one the visitor does; what is older than five minutes does not."""
    at = [NOON - dt.timedelta(seconds=ago) for ago in (301, 299, 10.5, 10.1, 3, 2)]
    batches = stored(
        make_event("old", timestamp=at[0], session_id="gone"),
        make_event("a", timestamp=at[1], session_id="s1"),
        make_event("b", timestamp=at[2], session_id="s1", visitor_id="v1"),
        make_event("c", timestamp=at[3], visitor_id="v2"),
        make_event("d", timestamp=at[4]),
        make_event("e", timestamp=at[5], event="view", button=None, session_id="s3"),
    )
    recent, now = Recent(), microseconds(NOON)
    for batch in batches:
        recent.add(batch, now)

    seconds = recent.per_second(now)

    assert recent.sessions(now) == 3
    assert recent.sessions(now + 250_000_000) == 3
    assert recent.sessions(now + 295_000_000) == 1
    assert (len(seconds), sum(seconds), seconds[1], seconds[-11], seconds[-3]) == (300, 4, 1, 2, 1)
    assert [click["id"] for click in recent.newest()] == ["d", "c", "b", "a", "old"]


def test_before_midnight_stays_when_the_day_is_read_again(stored, make_event):
    """A copy up to a moment has nothing of what came after."""
    recent, now = Recent(), microseconds(NOON)
    for batch in stored(
        make_event("a", timestamp=NOON - dt.timedelta(seconds=30), session_id="s1"),
        make_event("b", timestamp=NOON - dt.timedelta(seconds=10), session_id="s2"),
    ):
        recent.add(batch, now)

    before = recent.until(now - 20_000_000)

    assert [click["id"] for click in before.newest()] == ["a"]
    assert (before.sessions(now), sum(before.per_second(now))) == (1, 1)
    assert (recent.sessions(now), sum(recent.per_second(now))) == (2, 2)
