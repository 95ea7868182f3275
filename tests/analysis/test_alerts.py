"""Alerts name the broken day and what broke, and are silent otherwise."""

import datetime as dt

import duckdb
import pytest

from clickkit.analysis.alerts import Limits, alerts
from clickkit.storage.store import LedgerDay

LAST = dt.date(2026, 2, 8)
BROKEN = dt.date(2026, 2, 4)
IS_BROKEN = f"cast(timestamp as date) = date '{BROKEN}'"


@pytest.fixture
def events():
    """Return five weeks of 20 sessions a day with 5 events each, a quarter of an hour after the other."""
    return duckdb.connect().sql(
        """
        select
            concat_ws('-', day, session, step) as id,
            'click' as event,
            concat_ws('-', day, session) as session_id,
            step as sequence,
            timestamptz '2026-01-05 08:00:00+00' + to_days(cast(day as integer))
                + to_minutes(15 * step) + to_seconds(session) as timestamp,
            timestamp + interval 1 second as received_at,
            cast(100 + session as double) as duration_ms
        from range(35) as days(day), range(20) as sessions(session), range(5) as steps(step)
        """
    )


def found(events, ledger=(), **options):
    """Return date, what and severity of the alerts."""
    rows = alerts(events, complete_until=LAST, ledger=ledger, **options).fetchall()
    return [(row[0], row[1], row[5]) for row in rows]


def test_usual_days_are_silent(events):
    """Nobody reads alerts that cry wolf."""
    ledger = [LedgerDay(dt.date(2026, 1, 5) + dt.timedelta(days=day), stored=100) for day in range(35)]

    assert found(events, ledger) == []


@pytest.mark.parametrize(
    ("broken", "alert"),
    [
        (f"* replace (case when {IS_BROKEN} then 'error' else event end as event)", "sessions with an error"),
        (f"* replace (duration_ms * if({IS_BROKEN}, 3, 1) as duration_ms)", "p95 of duration_ms"),
        (
            f"* replace (received_at + to_hours(if({IS_BROKEN}, 24, 0)) as received_at)",
            "received on a later day",
        ),
    ],
)
def test_what_is_wrong_with_a_day_is_a_warning(events, broken, alert):
    """Its numbers stand."""
    assert found(events.project(broken)) == [(BROKEN, alert, "warning")]


@pytest.mark.parametrize(
    ("kept", "whats"),
    [
        ("sequence <> 2", ["missing share"]),
        ("session_id like '%-1'", ["events"]),
        ("false", ["events"]),
    ],
)
def test_what_a_day_lacks_is_critical(events, kept, whats):
    """Holes in sessions, too few events, and none at all."""
    rest = events.filter(f"not {IS_BROKEN} or {kept}")

    assert found(rest) == [(BROKEN, what, "critical") for what in whats]


def test_value_and_range_of_an_alert(events):
    """What was, and between what it should have been."""
    rest = events.filter(f"not {IS_BROKEN} or sequence <> 2")

    assert alerts(rest, complete_until=LAST).fetchall() == [
        (BROKEN, "missing share", 0.2, 0.0, 0.01, "critical")
    ]
    assert found(rest, limits=Limits(missing=0.25)) == []


def test_twice_the_events_are_a_warning(events):
    """More than usual is no loss."""
    again = events.filter(IS_BROKEN).project("* replace ('again-' || id as id)")

    assert found(events.union(again)) == [(BROKEN, "events", "warning")]


def test_the_ledger_knows_of_more(events):
    """Events that were not exported, or were refused; what it says of days that are not over is left."""
    ledger = [LedgerDay(BROKEN, stored=130, rejected=20), LedgerDay(LAST + dt.timedelta(days=1), stored=7)]

    assert found(events, ledger) == [
        (BROKEN, "events not exported", "critical"),
        (BROKEN, "rejected share", "warning"),
    ]


def test_a_day_that_is_not_over_is_not_judged(events):
    """It has few events because it has had few hours."""
    begun = events.filter(
        f"not {IS_BROKEN} and timestamp < timestamptz '{BROKEN} 12:00:00+00' or id like '%-1-1'"
    )
    until = BROKEN - dt.timedelta(days=1)

    assert alerts(begun, complete_until=until).fetchall() == []
