"""A session has the channel of its first event."""

import datetime as dt

import pytest

from clickkit import SettingsError
from clickkit.analysis import channels

GOAL = "event = 'click' and button = 'Pay'"


@pytest.mark.parametrize(
    ("query", "referrer", "channel"),
    [
        ("", None, "direct"),
        ("", "", "direct"),
        ("utm_source=(direct)&utm_medium=(none)", None, "direct"),
        ("", "https://www.shop.example/other", "internal"),
        ("", "https://www.google.com/", "organic search"),
        ("", "https://uk.search.yahoo.com/search", "organic search"),
        ("", "https://www.google.co.uk/", "organic search"),
        ("", "android-app://com.google.android.googlequicksearchbox/", "organic search"),
        ("", "https://mail.google.com/", "referral"),
        ("", "https://notgoogle.com/", "referral"),
        ("utm_source=bing&utm_medium=organic", None, "organic search"),
        ("utm_source=google&utm_medium=cpc&utm_campaign=x", "https://www.google.com/", "paid search"),
        ("utm_source=Bing&utm_medium=PPC", None, "paid search"),
        ("utm_source=facebook&utm_medium=paid+social", None, "social"),
        ("", "https://l.facebook.com/", "social"),
        ("", "https://t.co/abc", "social"),
        ("", "https://next.co/", "referral"),
        ("utm_source=forum&utm_medium=social%20media", None, "social"),
        ("utm_source=news&utm_medium=banner", None, "display"),
        ("utm_source=news&utm_medium=cpm", None, "display"),
        ("utm_source=news&utm_medium=cpc", None, "other"),
        ("utm_source=newsletter&utm_medium=email", None, "email"),
        ("utm_source=e_mail", None, "email"),
        ("utm_source=partner&utm_medium=referral", None, "referral"),
        ("", "https://blog.example.org/post", "referral"),
        ("utm_source=partner&utm_medium=affiliate", None, "other"),
        ("utm_campaign=autumn", None, "other"),
        ("x=1#utm_source=google", None, "direct"),
    ],
)
def test_a_channel_follows_its_rule(relate, visit, query, referrer, channel):
    """One rule a line; the list stands in the module's docstring."""
    event = visit("x", 0, session_id="1", page_url=f"https://shop.example/?{query}", referrer=referrer)

    assert channels.with_channel(relate([event])).project("channel").fetchall() == [(channel,)]


@pytest.fixture
def events(relate, visit):
    """Return four sessions: two by e-mail, one direct, and one of nobody's."""
    view = {"event": "view", "button": None}
    tagged = "https://shop.example/?utm_source=Letter&utm_medium=email&utm_campaign=a%26b"
    day = 24 * 3600
    return relate(
        [
            visit("x", 60, session_id="1", sequence=0, page_url=tagged, **view),
            visit("x", 30, session_id="1", sequence=1, referrer="https://shop.example/"),
            visit("x", 90, session_id="1", sequence=2, button="Pay"),
            visit("x", 95, session_id="1", sequence=3, button="Pay"),
            visit("x", 7 * day, session_id="2", sequence=0, page_url=tagged, **view),
            visit("y", day, session_id="3", sequence=0, **view),
            visit("y", day + 1, session_id="3", sequence=1, page_url=tagged, button="Buy"),
            visit("z", day),
        ]
    )


def test_conversion_is_by_sessions(events):
    """Paying twice is one conversion; Wilson's interval of 1 in 2 and of 0 in 1."""
    answer = channels.by_channel(events, goal=GOAL)

    assert answer.columns == [
        *("channel", "sessions", "visitors", "clicks", "converted", "conversion", "low", "high"),
    ]
    assert answer.fetchall() == [
        ("email", 2, 1, 3, 1, 0.5, pytest.approx(0.0945, abs=5e-5), pytest.approx(0.9055, abs=5e-5)),
        ("direct", 1, 1, 1, 0, 0.0, 0.0, pytest.approx(0.7935, abs=5e-5)),
    ]


def test_each_event_has_the_source_of_its_session(events):
    """By sequence, not by clock: the later click had the earlier time; no session, no channel."""
    found = channels.with_channel(events)

    assert found.columns[-4:] == ["channel", "source", "medium", "campaign"]
    assert found.columns[:-4] == events.columns
    assert found.project("session_id, channel, source, medium, campaign").distinct().order(
        "session_id"
    ).fetchall() == [
        ("1", "email", "letter", "email", "a&b"),
        ("2", "email", "letter", "email", "a&b"),
        ("3", "direct", None, None, None),
        (None, None, None, None, None),
    ]


def test_interest_over_time_is_by_day_or_week(events):
    """A session counts on the day it began, a click on its own."""
    monday, tuesday, next_monday = (dt.date(2026, 11, day) for day in (23, 24, 30))

    assert channels.channels_over_time(events).fetchall() == [
        (monday, "email", 1, 1, 3),
        (tuesday, "direct", 1, 1, 1),
        (next_monday, "email", 1, 1, 0),
    ]
    assert channels.channels_over_time(events, every="week").fetchall() == [
        (monday, "direct", 1, 1, 1),
        (monday, "email", 1, 1, 3),
        (next_monday, "email", 1, 1, 0),
    ]
    assert channels.buttons_over_time(events).fetchall() == [
        (monday, "Pay", 2, 1),
        (monday, "Sign up", 1, 1),
        (tuesday, "Buy", 1, 1),
        (tuesday, "Sign up", 1, 1),
    ]
    assert channels.buttons_over_time(events, every="week").fetchall() == [
        (monday, "Pay", 2, 1),
        (monday, "Sign up", 2, 2),
        (monday, "Buy", 1, 1),
    ]


def test_nothing_has_no_channel(events):
    """No rows, no error."""
    assert channels.by_channel(events.limit(0), goal=GOAL).fetchall() == []


def test_what_cannot_be_understood_is_refused(events):
    """Goal, confidence, period."""
    with pytest.raises(SettingsError, match="butten"):
        channels.by_channel(events, goal="butten = 'Pay'")
    with pytest.raises(SettingsError, match="confidence is 95"):
        channels.by_channel(events, goal=GOAL, confidence=95)
    with pytest.raises(SettingsError, match="month"):
        channels.buttons_over_time(events, every="month")


def test_conversion_can_be_told_by_source(events):
    """A channel's sources stand by themselves; what is not there is null."""
    answer = channels.by_source(events, goal=GOAL)

    assert answer.columns[:5] == ["channel", "source", "medium", "campaign", "sessions"]
    assert [row[:9] for row in answer.fetchall()] == [
        ("email", "letter", "email", "a&b", 2, 1, 3, 1, 0.5),
        ("direct", None, None, None, 1, 1, 1, 0, 0.0),
    ]


def test_the_largest_of_all_days_can_be_chosen(events):
    """Not the largest of each day."""
    assert channels.buttons_over_time(events, top=1).project("button").fetchall() == [("Pay",)]
    assert channels.channels_over_time(events, top=1).project("channel, sessions").fetchall() == [
        ("email", 1),
        ("email", 1),
    ]
    with pytest.raises(SettingsError, match="top is 0"):
        channels.buttons_over_time(events, top=0)
