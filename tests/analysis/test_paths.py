"""Paths, next steps and times follow the sequence, not the clock."""

import json

import pytest

from clickkit import SettingsError
from clickkit.analysis import metrics, paths, sessions


@pytest.fixture
def events(relate, visit):
    """Return three sessions; in the first the clock was set back in the middle."""

    def view(session, sequence, seconds, page):
        return visit(
            "x",
            seconds,
            session_id=session,
            sequence=sequence,
            event="view",
            button=None,
            page_url=f"https://a.b/{page}",
        )

    def click(session, sequence, seconds, button):
        return visit("x", seconds, session_id=session, sequence=sequence, button=button)

    return relate(
        [
            view("1", 0, 100, "?q=1"),
            click("1", 1, 110, "Buy"),
            view("1", 2, 50, "pay"),
            click("1", 3, 60, "Pay"),
            view("2", 0, 10, "#top"),
            view("2", 1, 20, "pay"),
            view("3", 0, 10, "help"),
            view("3", 1, 10, "help"),
            click("3", 2, 11, "Ask"),
            click("3", 3, 15, "Ask"),
            visit("x", 5, event="view", button=None, page_url="https://a.b/nowhere"),
        ]
    )


def test_paths_are_counted_by_sessions(events):
    """By sequence, without query, a step twice when it came twice; no session, no path."""
    assert paths.paths(events).fetchall() == [
        ("https://a.b/ → https://a.b/pay", 2, pytest.approx(2 / 3)),
        ("https://a.b/help → https://a.b/help", 1, pytest.approx(1 / 3)),
    ]
    assert paths.paths(events, of="buttons").fetchall() == [("Ask → Ask", 1, 0.5), ("Buy → Pay", 1, 0.5)]
    assert ("https://a.b/ → Buy → https://a.b/pay", 1, pytest.approx(1 / 3)) in paths.paths(
        events, of="both", first=3
    ).fetchall()


def test_paths_can_be_cut(events):
    """First steps, and the most common; shares are of all sessions."""
    assert paths.paths(events, first=1, top=1).fetchall() == [("https://a.b/", 2, pytest.approx(2 / 3))]


def test_transitions_have_the_end_as_null(events):
    """Shares are of all that left a step."""
    assert paths.transitions(events).fetchall() == [
        ("https://a.b/", "https://a.b/pay", 2, 1.0),
        ("https://a.b/pay", None, 2, 1.0),
        ("https://a.b/help", "https://a.b/help", 1, 0.5),
        ("https://a.b/help", None, 1, 0.5),
    ]


def test_time_between_clicks_has_quartiles(events):
    """From 110 back to 60 and from 11 to 15: -50 and 4 seconds, interpolated."""
    assert paths.time_between_clicks(events).fetchall() == [(2, -36.5, -23.0, -9.5)]
    assert paths.time_between_clicks(events.filter("event = 'view'")).fetchall() == [(0, None, None, None)]


def test_sessions_of_our_own_are_ordered_by_time(events):
    """Two trackers' sequences may meet in one."""
    own = sessions.with_sessions(events)

    assert paths.time_between_clicks(own, session="session_key").fetchall() == [(3, 24.5, 45.0, 47.5)]
    assert paths.paths(own, first=1, session="session_key").fetchall() == [("https://a.b/nowhere", 1, 1.0)]


def test_msweb_has_its_pages_and_ways(msweb, shared):
    """The most viewed pages, and as many steps as visits."""
    reference = json.loads((shared / "expected.json").read_text())["msweb"]

    pages = metrics.by_page(msweb).limit(6).fetchall()

    assert pages == [(f"http://www.microsoft.com{page}", n, n) for page, n in reference["top"]]
    assert metrics.by_page(msweb).count("*").fetchall()[0] == (
        reference["vroots"] - reference["never_visited"],
    )
    steps = paths.transitions(msweb)
    assert steps.aggregate("sum(transitions)").fetchall()[0] == (98654,)
    assert steps.filter("next_step is null").aggregate("sum(transitions)").fetchall()[0] == (32711,)
    assert paths.paths(msweb, top=10**6).aggregate("sum(sessions)").fetchall()[0] == (32711,)


def test_what_there_is_not_is_refused(events):
    """Steps, and numbers below one."""
    with pytest.raises(SettingsError, match="no steps of 'sites'"):
        paths.paths(events, of="sites")
    with pytest.raises(SettingsError, match="first is 0"):
        paths.paths(events, first=0)
