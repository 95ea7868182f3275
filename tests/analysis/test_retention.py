"""Retention counts who came back, and says which periods are whole."""

import datetime as dt

import pytest

from clickkit import SettingsError
from clickkit.analysis import retention

DAY, WEEK = 24 * 3600, 7 * 24 * 3600
FIRST, SECOND, THIRD = (dt.date(2026, 11, 23) + dt.timedelta(weeks=n) for n in range(3))


@pytest.fixture
def events(relate, visit):
    """Return four visitors of three weeks, of which the last ends on its Wednesday."""
    return relate(
        [
            visit("a", 0),
            visit("a", 2 * WEEK + 2 * DAY),
            visit("b", 6 * DAY),
            visit("b", WEEK),
            visit("b", WEEK + 1),
            visit("c", 3 * DAY),
            visit("d", WEEK + 2 * DAY),
            visit("d", 2 * WEEK),
            visit(None, 0),
        ]
    )


def test_cohorts_have_a_row_for_each_week_after(events):
    """A week in which nobody came has its row of zero; one that is not over is marked."""
    answer = retention.retention(events)

    assert answer.columns == [
        *("cohort", "period", "visitors", "active", "share", "low", "high", "is_complete"),
    ]
    assert [row[:5] + row[7:] for row in answer.fetchall()] == [
        (FIRST, 0, 3, 3, 1.0, True),
        (FIRST, 1, 3, 1, pytest.approx(1 / 3), True),
        (FIRST, 2, 3, 1, pytest.approx(1 / 3), False),
        (SECOND, 0, 1, 1, 1.0, True),
        (SECOND, 1, 1, 1, 1.0, False),
    ]
    assert answer.fetchall()[1][5:7] == pytest.approx((0.0615, 0.7923), abs=5e-5)


def test_the_days_can_be_given(events):
    """Days without events belong to the data too: weeks are then whole, or empty."""
    until = THIRD + dt.timedelta(days=13)

    rows = [row[:4] + row[7:] for row in retention.retention(events, until=until).fetchall()]

    assert rows[:4] == [
        (FIRST, 0, 3, 3, True),
        (FIRST, 1, 3, 1, True),
        (FIRST, 2, 3, 1, True),
        (FIRST, 3, 3, 0, True),
    ]
    since = FIRST - dt.timedelta(days=3)
    late = FIRST + dt.timedelta(days=1)
    assert retention.retention(events, since=since).fetchall()[0][7] is True
    assert [row[7] for row in retention.retention(events, since=late).fetchall()] == [
        False,
        False,
        False,
        True,
        False,
    ]


def test_both_ends_of_the_days_can_be_given(events):
    """Each period still has one row."""
    until = THIRD + dt.timedelta(days=13)

    both = retention.retention(events, since=FIRST, until=until)

    assert both.fetchall() == retention.retention(events, until=until).fetchall()


def test_days_are_counted_like_weeks(events):
    """The second cohort came on the first Thursday, and never again."""
    rows = retention.retention(events, period="day").fetchall()

    assert rows[0][:4] == (FIRST, 0, 1, 1)
    assert [row[1] for row in rows if row[0] == FIRST] == list(range(17))
    assert [row[1] for row in rows if row[0] == FIRST and row[3]] == [0, 16]
    thursday = [row for row in rows if row[0] == dt.date(2026, 11, 26)]
    assert [row[3] for row in thursday] == [1, *[0] * 13]
    assert all(row[7] for row in rows)


def test_visitors_add_up(events, msweb):
    """The cohorts together are all visitors; all of msweb is one."""
    assert retention.retention(events).filter("period = 0").aggregate("sum(visitors)").fetchall()[0] == (4,)
    assert [row[:4] for row in retention.retention(msweb).fetchall()] == [
        (dt.date(1998, 2, 9), 0, 32711, 32711)
    ]


def test_nobody_has_no_cohort(events):
    """No rows, no error."""
    assert retention.retention(events.limit(0)).fetchall() == []


def test_another_period_is_refused(events):
    """Months are not all as long."""
    with pytest.raises(SettingsError, match="month"):
        retention.retention(events, period="month")
