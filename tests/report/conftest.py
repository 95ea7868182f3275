"""A lake of hand-made events whose numbers can be checked by eye."""

import datetime as dt

import pytest

from clickkit import Device, Event, Location, export

DAY = dt.date(2026, 11, 22)
OSLO = Location(city="Oslo", country="Norway", country_code="NO")
LILLEHAMMER = Location(city="Lillehammer", country="Norway", country_code="NO")
VADUZ = Location(city="Vaduz", country="Liechtenstein", country_code="LI")
FIREFOX = Device(type="desktop", platform="Linux", browser="Firefox")
NAUGHTY = '<img src=x onerror="alert(1)">'


def click(name, day, visitor, **fields):
    """Return a click at noon of a day before `DAY`."""
    moment = dt.datetime.combine(DAY - dt.timedelta(days=day), dt.time(12), dt.UTC)
    defaults = {"button": "Buy", "page_url": "https://shop.example.com/a", "session_id": f"s{visitor}"}
    return Event(id=name, timestamp=moment, visitor_id=f"v{visitor}", **defaults | fields)


def hand_made():
    """Return 18 events of this week, one of them a view, and 8 clicks of the week before.

    This week: 13 recorded clicks and 4 simulated ones; 5 visitors in Oslo (7 clicks), 1 in Lillehammer
    (5 clicks), 1 in Vaduz (1 click), the rest not shared; no event on 2026-11-19.
    """
    events = [click(f"oslo{n}", 0, n % 5, location=OSLO, device=FIREFOX) for n in range(7)]
    events += [click(f"lil{n}", 1, 6, location=LILLEHAMMER, button=NAUGHTY) for n in range(5)]
    events += [click("vaduz", 2, 7, location=VADUZ, page_url="app:home", button="=1+1")]
    events += [click(f"sim{n}", 4, n, properties={"simulated": True}) for n in range(4)]
    events += [click("view", 6, 9, event="view", button=None)]
    return events + [click(f"old{n}", 7 + n % 7, n % 4) for n in range(8)]


@pytest.fixture
def filled(sqlite_store, tmp_path):
    """Return a lake of the hand-made events: 2026-11-09 to 2026-11-22."""
    sqlite_store.put(hand_made())
    export(sqlite_store, tmp_path / "lake", DAY - dt.timedelta(days=13), DAY)
    return tmp_path / "lake"
