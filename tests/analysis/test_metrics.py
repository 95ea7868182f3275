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


def test_totals(events):
    """Clicks, and the visitors and sessions that trackers named."""
    assert metrics.totals(events).fetchall() == [(4, 2, 0)]
    assert metrics.totals(events.project("* replace (id as session_id)")).fetchall() == [(4, 2, 4)]


def test_by_source(events):
    """Events of every kind, and the clicks among them."""
    assert metrics.by_source(events).fetchall() == [("recorded", 4, 3), ("simulated", 1, 1)]


@pytest.mark.parametrize(
    ("page_url", "site"),
    [
        ("https://Example.com/a?b=https://other.org", "example.com"),
        ("http://user:word@shop.example.com:8080", "shop.example.com"),
        ("http://[::1]:8000/", "[::1]"),
        ("https://example.com?x", "example.com"),
        ("android-app://org.app/home", "org.app"),
        ("about:blank", None),
        ("/pricing", None),
        ("'; drop table events; --", None),
    ],
)
def test_by_site_takes_the_host(sqlite_store, make_event, tmp_path, page_url, site):
    """Without user, port and path, in small letters; null when there is none."""
    sqlite_store.put([make_event("1", page_url=page_url, visitor_id="x"), make_event("2", page_url=page_url)])
    export(sqlite_store, tmp_path / "lake", "2026-11-22", "2026-11-22")

    assert metrics.by_site(read_lake(tmp_path / "lake")).fetchall() == [(site, 2, 1)]


def test_by_each_day_has_the_days_without_clicks(events):
    """A hole is seen, also at the end of the range."""
    assert metrics.by_each_day(events, dt.date(2026, 11, 20), dt.date(2026, 11, 23)).fetchall() == [
        (dt.date(2026, 11, 20), "recorded", 0, 0),
        (dt.date(2026, 11, 21), "recorded", 1, 1),
        (dt.date(2026, 11, 22), "recorded", 2, 2),
        (dt.date(2026, 11, 22), "simulated", 1, 1),
        (dt.date(2026, 11, 23), "recorded", 0, 0),
    ]


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


def test_by_device_type_and_by_browser(events):
    """One at a time."""
    assert metrics.by_device_type(events).fetchall() == [("mobile", 3, 2), ("desktop", 1, 1)]
    assert metrics.by_browser(events).fetchall() == [("Mobile Safari", 3, 2), ("Firefox", 1, 1)]


def test_by_country_and_by_city(events):
    """What was not shared is a row of the countries, and none of the cities."""
    assert metrics.by_country(events).fetchall() == [("Norway", "NO", 2, 1), (None, None, 2, 1)]
    assert metrics.by_city(events).fetchall() == [("Norway", "Oslo", 2, 1)]
    assert metrics.count_places(events).fetchall() == [(1, 1)]


def test_places_of_few_visitors_can_be_left_out(events):
    """Two clicks of one visitor are one visitor; a click without a visitor is one of its own."""
    anonymous = events.project("* replace (cast(null as varchar) as visitor_id)")

    assert metrics.by_country(events, at_least=2).fetchall() == [(None, None, 2, 1)]
    assert metrics.by_city(events, at_least=2).fetchall() == []
    assert metrics.by_city(anonymous, at_least=2).fetchall() == [("Norway", "Oslo", 2, 0)]
    assert metrics.by_city(anonymous, at_least=3).fetchall() == []


def test_by_place_keeps_the_unknown_apart(events):
    """A place that was not shared is null."""
    assert set(metrics.by_place(events).fetchall()) == {("Norway", "Oslo", 2, 1), (None, None, 2, 1)}


def test_metrics_of_an_empty_selection_are_empty(events):
    """No rows, no error."""
    nothing = events.filter("button = 'nothing'")

    for metric in (
        metrics.by_button,
        metrics.by_site,
        metrics.by_source,
        metrics.by_day,
        metrics.by_hour,
        metrics.by_device,
        metrics.by_device_type,
        metrics.by_browser,
        metrics.by_place,
        metrics.by_country,
        metrics.by_city,
    ):
        assert metric(nothing).fetchall() == []
    assert metrics.totals(nothing).fetchall() == [(0, 0, 0)]
