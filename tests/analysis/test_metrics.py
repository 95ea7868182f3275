"""Metrics count what they say."""

import datetime as dt

import pytest

from clickkit import Device, Location, export, read_lake
from clickkit.analysis import metrics


@pytest.fixture
def events(sqlite_store, make_event, tmp_path):
    """Return four clicks and a view whose counts can be checked by eye."""
    oslo = Location(city="Oslo", country="Norway", country_code="NO")
    desktop = Device(type="desktop", platform="Linux", browser="Firefox")
    nine = dt.datetime(2026, 11, 21, 9, 59, tzinfo=dt.UTC)
    sqlite_store.put(
        [
            make_event("1", button="Buy", visitor_id="x", location=oslo, timestamp=nine),
            make_event("2", button="Buy", visitor_id="x", location=oslo),
            make_event("3", button="Buy", visitor_id="y", properties={"simulated": True}),
            make_event("4", button="Ask", visitor_id="y", device=desktop),
            make_event("5", event="view", button=None, visitor_id="z"),
        ]
    )
    export(sqlite_store, tmp_path / "lake", "2026-11-21", "2026-11-22")
    return read_lake(tmp_path / "lake")


def test_by_button(events):
    """Clicks, visitors and share of each button; views do not count."""
    assert metrics.by_button(events).fetchall() == [("Buy", 3, 2, 0.75), ("Ask", 1, 1, 0.25)]


def test_by_day_tells_recorded_from_simulated(events):
    """Simulated clicks are counted apart from recorded ones."""
    assert metrics.by_day(events).fetchall() == [
        (dt.date(2026, 11, 21), "recorded", 1, 1),
        (dt.date(2026, 11, 22), "recorded", 2, 2),
        (dt.date(2026, 11, 22), "simulated", 1, 1),
    ]


def test_sources_can_be_chosen(events):
    """A question may be asked of recorded clicks alone."""
    assert metrics.by_button(metrics.of_sources(events, ["recorded"])).fetchall()[0][:2] == ("Buy", 2)
    assert metrics.by_button(metrics.of_sources(events, ["simulated"])).fetchall()[0][:2] == ("Buy", 1)
    assert metrics.of_sources(events, metrics.SOURCES).count("id").fetchall() == [(5,)]
    assert metrics.of_sources(events, []).count("id").fetchall() == [(0,)]


def test_by_page(events):
    """Views, and only views, are counted by their page."""
    assert metrics.by_page(events).fetchall() == [("https://example.com/", 1, 1)]


def test_by_hour(events):
    """Hours are UTC."""
    assert metrics.by_hour(events).fetchall() == [(9, 1), (10, 3)]


def test_by_device(events):
    """Type, platform and browser together."""
    assert metrics.by_device(events).fetchall() == [
        ("mobile", "iOS", "Mobile Safari", 3, 2),
        ("desktop", "Linux", "Firefox", 1, 1),
    ]


def test_by_place_keeps_the_unknown_apart(events):
    """A place that was not shared is null."""
    assert set(metrics.by_place(events).fetchall()) == {("Norway", "Oslo", 2, 1), (None, None, 2, 1)}


def test_metrics_of_an_empty_selection_are_empty(events):
    """No rows, no error."""
    nothing = events.filter("button = 'nothing'")

    for metric in (metrics.by_button, metrics.by_day, metrics.by_hour, metrics.by_device, metrics.by_place):
        assert metric(nothing).fetchall() == []
