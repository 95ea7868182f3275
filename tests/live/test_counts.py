"""What clicks come to, held against the notebooks' metrics."""

import datetime as dt

import duckdb
import pyarrow as pa
import pytest

from clickkit import Location, simulate
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


def test_the_numbers_are_those_of_the_notebooks(stored, make_event):
    """A button, device or country has one number, wherever it is shown."""
    odd = [make_event("v", event="view", button=None), make_event("d", device=None)]
    odd += [make_event("c", location=Location(city="Nowhere")), make_event("e", button="'\"<b>\u2028")]
    batches = stored(*simulate(NOON.date(), NOON.date(), visitors=200), *odd)
    counts = Counts()
    for batch in batches:
        for start in range(0, batch.num_rows, 7):
            counts.add(batch.slice(start, 7))

    events = duckdb.connect().from_arrow(pa.Table.from_batches(batches))
    buttons = {(button,): clicks for button, clicks, *_ in metrics.by_button(events).fetchall()}
    devices, countries = {}, {}
    for device, _, _, clicks, _ in metrics.by_device(events).fetchall():
        devices[device,] = devices.get((device,), 0) + clicks
    for country, _, clicks, _ in metrics.by_place(events).fetchall():
        countries[country] = countries.get(country, 0) + clicks
    by_country = {}
    for (_, country), clicks in counts.countries.items():
        by_country[country] = by_country.get(country, 0) + clicks

    assert counts.buttons == buttons
    assert counts.devices == devices
    assert by_country == countries
    assert counts.clicks == sum(clicks for _, _, clicks, _ in metrics.by_day(events).fetchall())
    assert counts.events == counts.clicks + 1


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
