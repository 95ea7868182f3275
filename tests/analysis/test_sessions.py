"""Sessions are cut by the gap, and every 24 hours."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clickkit import SettingsError
from clickkit.analysis import sessions

MINUTE, HOUR = 60, 3600


def at(seconds):
    """Return the moment so many seconds after the beginning."""
    return dt.datetime(2026, 11, 23, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)


def test_a_session_has_its_facts(relate, visit):
    """Start, end, duration, counts, pages without query, bounce; events without a visitor are left out."""
    events = relate(
        [
            visit("x", 0, event="view", button=None, page_url="https://a.b/?utm_source=c#d"),
            visit("x", 10, page_url="https://a.b/"),
            visit("x", 70.5, event="view", button=None, page_url="https://a.b/pay"),
            visit("y", 5, event="view", button=None, page_url="https://a.b/z"),
            visit(None, 5),
        ]
    )

    rows = sessions.sessions(events)

    assert rows.columns[1:] == [
        *("visitor_id", "start_at", "end_at", "duration_seconds", "events", "clicks", "views"),
        *("landing_page", "exit_page", "is_bounce"),
    ]
    assert [row[1:] for row in rows.fetchall()] == [
        ("x", at(0), at(70.5), 70.5, 3, 1, 2, "https://a.b/", "https://a.b/pay", False),
        ("y", at(5), at(5), 0.0, 1, 0, 1, "https://a.b/z", "https://a.b/z", True),
    ]


def test_a_gap_of_exactly_30_minutes_is_none(relate, visit):
    """One microsecond more is; another rule can be given."""
    events = relate([visit("x", 0), visit("x", 30 * MINUTE), visit("x", 60 * MINUTE + 1e-6)])

    assert [row[2] for row in sessions.sessions(events).fetchall()] == [at(0), at(60 * MINUTE + 1e-6)]
    assert sessions.summary(events, gap=dt.timedelta(hours=1)).fetchall()[0][0] == 1
    assert sessions.summary(events, gap=dt.timedelta(minutes=1)).fetchall()[0][0] == 3


def test_a_run_is_cut_every_24_hours_after_its_first_event(relate, visit):
    """An event exactly 24 hours later begins the next session, and so does one after 48."""
    every_20_minutes = [visit("x", 20 * MINUTE * n) for n in range(3 * 24 * 2 + 1)]

    found = sessions.sessions(relate(every_20_minutes)).fetchall()

    assert [(row[2], row[3], row[5]) for row in found] == [
        (at(0), at(24 * HOUR - 20 * MINUTE), 72),
        (at(24 * HOUR), at(48 * HOUR - 20 * MINUTE), 72),
        (at(48 * HOUR), at(48 * HOUR), 1),
    ]


def test_the_cut_counts_from_the_run_and_a_gap_begins_anew(relate, visit):
    """Cuts stay on the run's own clock; after a gap they count from the new run."""
    hours = dt.timedelta(hours=1)
    seconds = [
        0,
        25 * MINUTE,
        50 * MINUTE,
        70 * MINUTE,
        95 * MINUTE,
        119 * MINUTE,
        150 * MINUTE,
        175 * MINUTE,
    ]
    events = relate([visit("x", moment) for moment in seconds])

    found = sessions.sessions(events, longest=hours).fetchall()

    assert [(row[2], row[5]) for row in found] == [(at(0), 3), (at(70 * MINUTE), 3), (at(150 * MINUTE), 2)]


def test_every_event_has_the_key_of_its_session(relate, visit):
    """The same key as in the list of sessions, whatever comes later; null without a visitor."""
    made = [visit("x", 0), visit("x", 60), visit("x", 2 * HOUR), visit("y", 0), visit(None, 0)]

    keys = dict(sessions.with_sessions(relate(made)).project("id, session_key").fetchall())
    fewer = dict(sessions.with_sessions(relate(made[:2])).project("id, session_key").fetchall())

    assert keys[made[0].id] == keys[made[1].id] == fewer[made[0].id]
    assert len(set(keys.values())) == 4
    assert keys[made[4].id] is None
    listed = {row[0] for row in sessions.sessions(relate(made)).fetchall()}
    assert listed == set(keys.values()) - {None}
    assert sessions.with_sessions(relate(made)).columns[:-1] == relate(made).columns


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("xy"), st.integers(0, 200)), min_size=1, max_size=40))
def test_sessions_are_those_of_a_loop(relate, visit, clicks):
    """A loop over sorted events finds the same, ties of the clock and all."""
    rows = sessions.sessions(
        relate([visit(visitor, second) for visitor, second in clicks]),
        gap=dt.timedelta(seconds=10),
        longest=dt.timedelta(seconds=40),
    ).fetchall()

    expected = {}
    for visitor in {visitor for visitor, _ in clicks}:
        before = run = None
        for second in sorted(second for owner, second in clicks if owner == visitor):
            run = second if before is None or second > before + 10 else run
            before = second
            expected.setdefault((visitor, run, (second - run) // 40), []).append(second)
    assert sorted((row[1], row[2], row[3], row[5]) for row in rows) == sorted(
        (key[0], at(min(found)), at(max(found)), len(found)) for key, found in expected.items()
    )


def test_the_summary_is_about_all_sessions(relate, visit):
    """Three sessions of two visitors, of 100, 0 and 20 seconds."""
    view = {"event": "view", "button": None}
    events = relate(
        [visit("x", 0, **view), visit("x", 100), visit("x", 2 * HOUR, **view), visit("y", 0), visit("y", 20)]
    )

    assert sessions.summary(events).fetchall() == [
        (3, 2, 1.5, 20.0, 40.0, pytest.approx(5 / 3), 1.0, pytest.approx(2 / 3), pytest.approx(1 / 3))
    ]
    assert sessions.summary(events.limit(0)).fetchall()[0][:3] == (0, 0, None)
    assert sessions.sessions(events.limit(0)).fetchall() == []


def test_msweb_has_one_session_a_visitor(msweb):
    """32,711 visitors saw 98,654 pages, 3.0159 each."""
    found = sessions.summary(msweb).fetchall()[0]

    assert found[:3] == (32711, 32711, 1.0)
    assert found[7] == pytest.approx(98654 / 32711)
    assert found[7] == pytest.approx(3.015927, abs=1e-6)
    assert sessions.sessions(msweb).aggregate("max(views)").fetchall()[0] == (35,)


@pytest.mark.parametrize("rule", ["gap", "longest"])
def test_a_rule_of_no_time_is_refused(relate, visit, rule):
    """Every event would be a session of its own."""
    with pytest.raises(SettingsError, match=f"{rule} is 0:00:00"):
        sessions.sessions(relate([visit("x", 0)]), **{rule: dt.timedelta(0)})


def test_other_gaps_are_compared(relate, visit):
    """A pause of 20 minutes ends a session of 15, and none of 30."""
    events = relate([visit("x", 0), visit("x", 1200), visit("y", 0)])

    answer = sessions.by_gap(events, minutes=[30, 15])

    assert answer.columns == ["gap_minutes", *sessions.summary(events).columns]
    assert [row[:4] for row in answer.fetchall()] == [(30, 2, 2, 1.0), (15, 3, 2, 1.5)]
    with pytest.raises(SettingsError, match="no gaps"):
        sessions.by_gap(events, minutes=[])


def test_sessions_are_made_only_where_the_sender_gave_none(relate, make_event):
    """Those that came stay; an event without a visitor has none."""
    moment = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
    told = make_event("a", visitor_id="v", session_id="s", timestamp=moment)
    bare = [
        make_event(name, visitor_id=visitor, timestamp=moment + dt.timedelta(minutes=minutes))
        for name, visitor, minutes in (("b", "w", 0), ("c", "w", 10), ("d", "w", 90), ("e", None, 0))
    ]

    whole = relate([told])
    assert sessions.with_session_ids(whole).fetchall() == whole.fetchall()
    found = dict(sessions.with_session_ids(relate([told, *bare])).project("id, session_id").fetchall())

    assert found["a"] == "s"
    assert found["b"] == found["c"] != found["d"]
    assert found["e"] is None
