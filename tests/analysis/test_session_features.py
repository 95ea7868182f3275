"""Features are made of what was known at the moment of the prediction."""

import datetime as dt

import pytest

from clickkit import Location, export, read_lake
from clickkit.analysis.session_features import FEATURES, session_features
from clickkit.errors import SettingsError

START = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
GOAL = "button = 'Pay'"


@pytest.fixture
def read(sqlite_store, make_event, tmp_path):
    """Return a function that makes sessions of (name, visitor, steps), each step the fields of an event."""

    def read(*sessions):
        for place, (name, visitor, steps) in enumerate(sessions):
            sqlite_store.put(
                [
                    make_event(
                        f"{name}{sequence}",
                        session_id=name,
                        visitor_id=visitor,
                        sequence=sequence,
                        **{"timestamp": START + dt.timedelta(minutes=place, seconds=10 * sequence)} | fields,
                    )
                    for sequence, fields in enumerate(steps)
                ]
            )
        export(sqlite_store, tmp_path / "lake", "2026-11-22", "2026-11-22")
        return read_lake(tmp_path / "lake")

    return read


VIEW = {"event": "view", "button": None}
LOOK = {"button": "Look", "duration_ms": 30.0}
PAY = {"button": "Pay"}


def test_features_by_hand(read):
    """Of three events that were seen: the rest only says whether it converted."""
    landing = VIEW | {
        "page_url": "https://example.com/?utm_source=mail",
        "referrer": "https://mail.example/",
        "location": Location(country="Norway", country_code="NO"),
    }
    scroll = {"event": "scroll", "button": None, "properties": {"depth": 0.4}}
    events = read(("a", "x", [landing, LOOK, scroll, LOOK | {"page_url": "https://example.com/b"}, PAY]))

    (row,) = session_features(events, goal=GOAL).fetchall()

    assert row[:3] == ("a", START + dt.timedelta(seconds=20), True)
    assert dict(zip(FEATURES, row[3:], strict=True)) == {
        "views": 1,
        "clicks": 1,
        "pages": 2,
        "errors": 0,
        "seconds": 20.0,
        "mean_duration_ms": 30.0,
        "deepest_scroll": 0.4,
        "hour": 10,
        "weekday": 7,
        "earlier_sessions": 0,
        "device": "mobile",
        "browser": "Mobile Safari",
        "country": "NO",
        "has_campaign": True,
        "has_referrer": True,
    }


def test_what_comes_later_changes_no_feature(read):
    """The whole rest of a session, the goal in it, tells the features nothing."""
    later = [PAY, LOOK | {"duration_ms": 9e9, "page_url": "https://example.com/z"}, VIEW]
    events = read(("a", "x", [VIEW, LOOK, VIEW]), ("b", "y", [VIEW, LOOK, VIEW, *later]))

    plain, paid = session_features(events, goal=GOAL).fetchall()

    assert (plain[2], paid[2]) == (False, True)
    assert plain[3:] == paid[3:]


def test_only_what_was_open_is_predicted(read):
    """Sessions that were over, or had paid, by then are left out."""
    events = read(
        ("short", "x", [VIEW, LOOK]), ("paid", "y", [VIEW, PAY, VIEW, PAY]), ("open", "z", [VIEW, LOOK, LOOK])
    )

    assert [row[0] for row in session_features(events, goal=GOAL).fetchall()] == ["open"]
    assert [row[0] for row in session_features(events, goal=GOAL, seen=1).fetchall()] == [
        "short",
        "paid",
        "open",
    ]


def test_sequence_orders_and_earlier_sessions_count(read):
    """A clock that was set back does not bring the goal forward; a visitor without an id has no past."""
    back = PAY | {"timestamp": START - dt.timedelta(hours=1)}
    events = read(
        ("a", "x", [VIEW, VIEW, VIEW, back]),
        ("b", "x", [VIEW, VIEW, VIEW]),
        ("c", None, [VIEW, VIEW, VIEW]),
        ("d", None, [VIEW, VIEW, VIEW]),
    )
    found = session_features(events, goal=GOAL).project("session_id, converted, earlier_sessions").fetchall()

    assert found == [("a", True, 0), ("b", False, 1), ("c", False, 0), ("d", False, 0)]


def test_something_must_have_been_seen(read):
    """A prediction of nothing is a base rate."""
    with pytest.raises(SettingsError, match="seen is 0"):
        session_features(read(("a", "x", [VIEW])), goal=GOAL, seen=0)
