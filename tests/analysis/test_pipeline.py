"""Freshness and completeness are those of the events and the ledger."""

import datetime as dt

import pytest

from clickkit import export, read_lake
from clickkit.analysis.pipeline import completeness, freshness, of_days
from clickkit.errors import SettingsError
from clickkit.storage.store import LedgerDay

LATE = dt.datetime(2026, 11, 21, 23, 59, 30, tzinfo=dt.UTC)
DAYS = [dt.date(2026, 11, day) for day in (21, 22, 23)]


@pytest.fixture
def read(sqlite_store, tmp_path):
    """Return a function that stores events and returns them as the lake has them."""

    def read(*events):
        sqlite_store.put(list(events))
        export(sqlite_store, tmp_path / "lake", "2026-11-21", "2026-11-23")
        return read_lake(tmp_path / "lake")

    return read


def test_freshness(read, make_event):
    """Late by more than a minute, an hour, a day, on a later day, ahead of the clock, or never received."""
    delays = [0, 29, 61, 3601, 86401, -2]
    events = read(
        *(
            make_event(str(place), timestamp=LATE, received_at=LATE + dt.timedelta(seconds=seconds))
            for place, seconds in enumerate(delays)
        ),
        make_event("never", timestamp=LATE + dt.timedelta(seconds=20)),
    )
    newest = LATE + dt.timedelta(seconds=86401)

    (row,) = freshness(events, now=newest + dt.timedelta(minutes=2)).fetchall()

    assert row[:5] == ("all", 7, LATE + dt.timedelta(seconds=20), newest, 120.0)
    assert row[5:] == pytest.approx([3 / 6, 2 / 6, 1 / 6, 3 / 6, 1 / 6])


def test_freshness_of_events_that_say_no_receipt(read, make_event):
    """There is no share of nothing, and no age."""
    (row,) = freshness(read(make_event("a", timestamp=LATE)), now=LATE).fetchall()

    assert row == ("all", 1, LATE, None, None, None, None, None, None, None)


def test_now_has_a_time_zone(read, make_event):
    """Or nobody knows how old anything is."""
    with pytest.raises(SettingsError, match="without a time zone"):
        freshness(read(make_event("a")), now=dt.datetime(2026, 11, 23))


def test_completeness_of_sessions(read, make_event):
    """Session s lacks 2 and 3, over midnight; a gap of 5,000 is a wrong number."""
    second = LATE + dt.timedelta(minutes=1)
    numbered = [(LATE, 0), (LATE, 1), (second, 4), (second, 5), (second, 5005)]
    events = read(
        *(
            make_event(f"{place}", timestamp=moment, session_id="s", sequence=sequence)
            for place, (moment, sequence) in enumerate(numbered)
        ),
        make_event("x", timestamp=LATE, session_id="other", sequence=9),
        make_event("y", timestamp=LATE),
    )

    assert completeness(events).fetchall() == [
        (DAYS[0], 4, 0, 3, 0, 0.0, None, None, None, None, None, None),
        (DAYS[1], 3, 0, 3, 2, 0.4, None, None, None, None, None, None),
    ]


def test_completeness_against_the_ledger(read, make_event):
    """A copy is no event of the store, nor is one that was forgotten; a day that was not exported is seen."""
    events = read(make_event("a", timestamp=LATE), make_event("b", timestamp=LATE))
    doubled = events.union(events.filter("id = 'a'"))
    ledger = [LedgerDay(DAYS[0], 13, 4, 5, 6, forgotten=10), LedgerDay(DAYS[2], 7)]

    assert completeness(doubled, ledger).fetchall() == [
        (DAYS[0], 3, 1, 0, 0, None, 13, 4, 5, 6, 10, 1),
        (DAYS[2], 0, 0, 0, 0, None, 7, 0, 0, 0, 0, 7),
    ]


def test_the_ledger_is_what_the_store_gives(read, make_event, sqlite_store):
    """The same clicks sent twice are repeated there, and once in the lake."""
    event = make_event("a", timestamp=LATE)
    sqlite_store.put([event])
    events = read(event)

    assert completeness(events, sqlite_store.ledger()).fetchall() == [
        (DAYS[0], 1, 0, 0, 0, None, 1, 1, 0, 0, 0, 0)
    ]


def test_without_now_the_newest_receipt_of_all_is_it(read, make_event):
    """So that a kind of event that stays behind is seen."""
    events = read(
        make_event("a", timestamp=LATE, received_at=LATE),
        make_event(
            "b", timestamp=LATE, received_at=LATE + dt.timedelta(minutes=5), event="view", button=None
        ),
    )

    assert [(row[0], row[4]) for row in freshness(events, by="event").fetchall()] == [
        ("click", 300.0),
        ("view", 0.0),
    ]


def test_a_ledger_of_some_days():
    """Both ends are included, as in read_lake; None is no end."""
    ledger = [LedgerDay(day) for day in DAYS]

    assert of_days(ledger) == ledger
    assert of_days(ledger, "2026-11-22", DAYS[1]) == [LedgerDay(DAYS[1])]
    assert of_days(ledger, until="2026-11-22") == ledger[:2]
    with pytest.raises(SettingsError, match="no day 'monday'"):
        of_days(ledger, "monday")
