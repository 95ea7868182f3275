"""Rage, scrolling and screens are counted as they are defined."""

import datetime as dt

import pytest

from clickkit import SettingsError
from clickkit.analysis import interactions
from clickkit.event import Screen


@pytest.fixture
def clicks(visit):
    """Return a function that makes a session's clicks: second, x and y, each."""

    def clicks(session, *places, **fields):
        return [
            visit(f"of {session}", second, session_id=session, sequence=n, x=x, y=y, **fields)
            for n, (second, x, y) in enumerate(places)
        ]

    return clicks


@pytest.mark.parametrize(
    ("places", "bursts"),
    [
        ([(0, 0, 0), (0.5, 0, 0), (1, 0, 0)], 1),
        ([(0, 0, 0), (0.5, 0, 0), (1.000001, 0, 0)], 0),
        ([(0, 0, 0), (0.1, 18, 24), (0.2, 9, 9)], 1),
        ([(0, 0, 0), (0.1, 18, 24.1), (0.2, 9, 9)], 0),
        ([(0, 0, 0), (0.1, 0, 0)], 0),
        ([(n / 10, 0, 0) for n in range(8)], 1),
        ([(0, 0, 0), (0.1, 0, 0), (0.2, 0, 0), (5, 0, 0), (9, 0, 0), (9.1, 0, 0), (9.2, 0, 0)], 2),
        ([(0, 0, 0), (0.1, 500, 0), (0.2, 0, 0), (0.3, 500, 0), (0.4, 0, 0)], 0),
        ([(0, 0, 0), (0.1, 10, 0), (0.2, 20, 0), (0.3, 45, 0), (0.4, 30, 0)], 1),
        ([(0, None, None), (0.1, None, None), (0.2, None, None)], 0),
    ],
)
def test_a_burst_is_three_in_a_second_within_30_pixels(relate, clicks, places, bursts):
    """Limits belong to it; more of the same is still one."""
    found = interactions.rage_clicks(relate(clicks("1", *places))).fetchall()

    assert sum(row[2] for row in found) == bursts


def test_rage_is_told_by_page_and_button(relate, clicks):
    """By session and page; each page without its query."""
    fast = [(0, 0, 0), (0.1, 0, 0), (0.2, 0, 0)]
    events = relate(
        [
            *clicks("1", *fast, button="Pay", page_url="https://a.b/pay?x=1"),
            *clicks("2", *fast, button="Pay", page_url="https://a.b/pay"),
            *clicks("3", *fast, button="Buy", page_url="https://a.b/"),
            *clicks("4", *fast[:2], button="Buy", page_url="https://a.b/"),
            *clicks("5", *fast[:1], button="Buy", page_url="https://a.b/"),
        ]
    )

    assert interactions.rage_clicks(events).fetchall() == [
        ("https://a.b/pay", "Pay", 2, 2, 2),
        ("https://a.b/", "Buy", 1, 1, 1),
    ]
    assert len(interactions.rage_clicks(events, clicks=4).fetchall()) == 0
    assert interactions.rage_clicks(events, clicks=2).fetchall()[0][2:] == (2, 2, 2)
    assert interactions.rage_clicks(events, within=dt.timedelta(seconds=0.1)).fetchall() == []


@pytest.fixture
def scrolled(relate, visit):
    """Return three views: one to the end, one to 0.6, one not at all; and scrolling without a view."""

    def page(sequence, depth=None, session="1", url="https://a.b/"):
        kind = {"event": "view"} if depth is None else {"event": "scroll", "properties": {"depth": depth}}
        return visit("x", 0, button=None, session_id=session, sequence=sequence, page_url=url, **kind)

    return relate(
        [
            page(0),
            page(1, 0.3),
            page(2, 1.0),
            page(3, url="https://a.b/x"),
            page(4),
            page(5, 0.6),
            page(0, 0.9, session="2"),
            page(6, "far"),
        ]
    )


def test_scroll_depth_counts_views(scrolled):
    """A scroll belongs to the view before it; text is no depth."""
    rows = interactions.scroll_depth(scrolled).fetchall()

    assert [row[:4] for row in rows] == [
        (0.25, 3, 2, pytest.approx(2 / 3)),
        (0.5, 3, 2, pytest.approx(2 / 3)),
        (0.75, 3, 1, pytest.approx(1 / 3)),
        (1.0, 3, 1, pytest.approx(1 / 3)),
    ]
    assert rows[2][4:] == pytest.approx((0.0615, 0.7923), abs=5e-5)


def test_scroll_depth_can_be_told_by_page(scrolled):
    """The most viewed first."""
    rows = interactions.scroll_depth_by_page(scrolled, depths=[0.5]).fetchall()

    assert [row[:5] for row in rows] == [("https://a.b/", 0.5, 2, 2, 1.0), ("https://a.b/x", 0.5, 1, 0, 0.0)]


def test_screens_are_classed_by_width(relate, visit):
    """A class begins at its width; what is not known comes last."""
    widths = [360, 599, 600, 1600, None]
    events = relate(
        [
            visit(f"{n}", 0, session_id=f"{n}", screen=width and Screen(width=width, height=800))
            for n, width in enumerate(widths)
        ]
        + [visit("0", 1, event="view", button=None, screen=Screen(width=400, height=1))]
    )

    assert interactions.screens(events).fetchall() == [
        ("compact", 2, 1, 2, 2),
        ("medium", 1, 0, 1, 1),
        ("extra-large", 1, 0, 1, 1),
        (None, 1, 0, 1, 1),
    ]
    assert interactions.screens(events, classes={"wide": 1000}).fetchall()[0] == (None, 4, 1, 4, 4)


@pytest.mark.parametrize("width", [0, 599, 600, 839, 840, 1199, 1200, 1600, 100_000])
def test_a_screen_has_the_same_class_in_python_and_sql(relate, visit, width):
    """A class begins with its number."""
    events = relate([visit("v", 0, screen=Screen(width=width, height=1)), visit("w", 0)])

    found = interactions.screens(events).project("screen").fetchall()

    assert found == [(interactions.screen_of(width),), (interactions.screen_of(None),)]


def test_interest_in_pages_is_clicks_per_view(relate, visit):
    """A page is the same with every query; one that was never viewed has no rate."""
    view = {"event": "view", "button": None}
    events = relate(
        [
            visit("1", 0, session_id="1", page_url="https://shop.example/a?x=1", **view),
            visit("1", 1, session_id="1", page_url="https://shop.example/a#top"),
            visit("2", 2, session_id="2", page_url="https://shop.example/a", **view),
            visit("2", 3, session_id="2", page_url="https://shop.example/b"),
            visit("2", 4, session_id="2", event="scroll", button=None),
        ]
    )

    assert interactions.pages(events).fetchall() == [
        ("https://shop.example/a", 2, 1, 0.5, 2, 2),
        ("https://shop.example/b", 0, 1, None, 1, 1),
    ]


def test_what_cannot_be_is_refused(scrolled):
    """One click is no burst, a page has no more than all of it."""
    with pytest.raises(SettingsError, match="clicks is 1"):
        interactions.rage_clicks(scrolled, clicks=1)
    with pytest.raises(SettingsError, match="depths are"):
        interactions.scroll_depth(scrolled, depths=[25, 50])
    with pytest.raises(SettingsError, match="classes"):
        interactions.screens(scrolled, classes={})
