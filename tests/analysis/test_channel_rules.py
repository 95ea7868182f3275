"""A channel is the same in Python and in SQL."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clickkit.analysis import channels
from clickkit.analysis.channel_rules import channel_of, host_of
from clickkit.capture.access_log import parse_combined
from clickkit.event import Event

hosts = st.sampled_from(
    [
        *("www.google.com", "google.co.uk", "notgoogle.com", "mail.google.com", "bing.com", "BING.COM:8080"),
        *("shop.example", "WWW.shop.example", "user@shop.example", "[::1]", "t.co", "l.facebook.com", ""),
        "com.google.android.googlequicksearchbox",
    ]
) | st.text(max_size=8)
words = st.sampled_from(
    [
        *(
            "google",
            "Bing",
            "(direct)",
            "(none)",
            "newsletter",
            "e-mail",
            "E_Mail",
            "cpc",
            "paid+social",
            "cpm",
        ),
        *(
            "social%20media",
            "organic",
            "referral",
            "app",
            "%FF",
            "%",
            "%zz",
            "%C3%89",
            "%0a",
            "cp\n",
            "İ",
            "ΑΣ",
        ),
    ]
) | st.text(max_size=8)
tags = st.lists(st.tuples(st.sampled_from(["source", "medium", "campaign", "term"]), words), max_size=4)


@st.composite
def addresses(draw):
    """Make an address, often a strange one."""
    query = "&".join(f"utm_{name}={word}" for name, word in draw(tags))
    schemes = st.sampled_from(["https://", "HTTP://", "android-app://", "//", ""])
    separators = st.sampled_from(["/?", "?", "#", "/#?", "&"])
    return draw(schemes) + draw(hosts) + draw(separators) + query


def both_ways(relate, events):
    """Return channel, source, medium and campaign of each event, from SQL and from Python."""
    names = "channel, coalesce(source, ''), coalesce(medium, ''), coalesce(campaign, '')"
    in_sql = dict(
        (identity, tuple(row))
        for identity, *row in channels.with_channel(relate(events)).project(f"id, {names}").fetchall()
    )
    in_python = {}
    for event in events:
        channel, visit = channel_of(event.page_url, event.referrer)
        in_python[event.id] = (channel, *visit[:3])
    return in_sql, in_python


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(visits=st.lists(st.tuples(addresses(), st.none() | addresses()), min_size=1, max_size=20))
def test_any_visit_has_the_same_channel_in_sql_and_python(relate, visit, visits):
    """Whatever stands in an address."""
    events = [
        visit("v", 0, session_id=f"{number}", page_url=page_url or "x", referrer=referrer)
        for number, (page_url, referrer) in enumerate(visits)
    ]

    in_sql, in_python = both_ways(relate, events)

    assert in_sql == in_python


def test_real_referrers_have_the_same_channel_in_sql_and_python(relate, shared):
    """10,000 lines of a web server, each a session of its own."""
    with (shared / "web" / "access.log").open(encoding="utf-8", errors="backslashreplace") as lines:
        read = [event for event in parse_combined(lines) if isinstance(event, Event)]
    events = list({event.id: event for event in read}.values())

    in_sql, in_python = both_ways(relate, [alone(event) for event in events])

    assert in_sql == in_python
    assert {channel for channel, *_ in in_python.values()} >= {"direct", "organic search", "referral"}


def alone(event):
    """Return the event as a session of its own."""
    return Event(
        id=event.id,
        event=event.event,
        timestamp=event.timestamp,
        page_url=event.page_url,
        referrer=event.referrer,
        session_id=event.id,
    )


def test_a_parameter_that_cannot_be_decoded_stays_as_it_is(relate, visit):
    """One visitor's %FF once failed every question about channels."""
    page_url = "https://shop.example/?utm_source=%FFx&utm_medium=Email"

    (row,) = (
        channels.with_channel(relate([visit("v", 0, session_id="1", page_url=page_url)]))
        .project("channel, source, medium")
        .fetchall()
    )

    assert row == ("email", "%ffx", "email")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.Example.org:8080/x?y#z", "example.org"),
        ("http://user:word@example.org", "example.org"),
        ("https://[2001:db8::1]:443/", "[2001:db8::1]"),
        ("/relative", ""),
        ("", ""),
    ],
)
def test_a_host_is_small_and_without_www(url, host):
    """Neither port nor user belongs to it."""
    assert host_of(url) == host
