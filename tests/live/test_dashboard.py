"""The widget's part in the kernel; `test_page.py` has it in a browser."""

import datetime as dt
import sqlite3

import pytest

from clickkit import Location
from clickkit.live.dashboard import Live, live_dashboard

NAUGHTY = "<img src=x onerror=alert(1)>"


@pytest.fixture
def now():
    """Return the time."""
    return dt.datetime.now(dt.UTC)


def sign_of_life(live, **message):
    """Send what a page sends."""
    live._handle_custom_msg({"kind": "alive"} | message, [])


def test_everything_that_is_shown_comes_from_the_store(sqlite_store, make_event, now):
    """Names as they are, the most clicked first; a place that was not shared says so."""
    oslo = Location(city="Oslo", country="Norway", country_code="NO")
    sqlite_store.put(
        [
            make_event("a", timestamp=now, button=NAUGHTY, location=oslo, session_id="s"),
            make_event("b", timestamp=now - dt.timedelta(seconds=2), session_id="s"),
            make_event("c", timestamp=now - dt.timedelta(seconds=2), device=None, visitor_id="v"),
            make_event("d", timestamp=now - dt.timedelta(seconds=2), event="view", button=None),
        ]
    )
    live = live_dashboard(sqlite_store)
    live.update()
    state = live.state

    assert (state["status"], state["clicks"], state["events"], state["sessions"]) == ("live", 3, 4, 2)
    assert state["buttons"] == [("Sign up", 2), (NAUGHTY, 1)]
    assert state["devices"] == [("mobile", 2), ("unknown", 1)]
    assert state["countries"] == [("not shared", 2), ("Norway", 1)]
    assert state["by_code"] == {"NO": 1}
    assert state["newest"][0] == {
        "id": "a",
        "time": f"{now:%H:%M:%S}",
        "button": NAUGHTY,
        "place": "Oslo, Norway",
        "device": "mobile · iOS · Mobile Safari",
    }
    assert state["collector"] is None


def test_while_the_store_is_away_the_last_numbers_stay(sqlite_store, make_event, now):
    """With their time and the reason; afterwards it goes on by itself."""
    sqlite_store.put([make_event("a", timestamp=now)])
    clock = [now]
    live = Live(sqlite_store, now=lambda: clock[0])
    live.update()
    clock[0] += dt.timedelta(seconds=1)
    sqlite_store.put([make_event("b", timestamp=now)])
    database = sqlite3.connect(sqlite_store.url.removeprefix("sqlite:///"))
    database.execute("alter table events rename to away")

    live.update()
    away = live.state
    database.execute("alter table away rename to events")
    database.close()
    live.update()

    assert (away["status"], away["clicks"], away["as_of"]) == ("away", 1, f"{now:%H:%M:%S}")
    assert "no such table: events" in away["reason"]
    assert (live.state["status"], live.state["reason"], live.state["clicks"]) == ("live", "", 2)


def test_a_mistake_of_ours_is_shown_and_tried_again(sqlite_store, make_event, now, caplog):
    """A task that fails must not fail silently."""
    sqlite_store.put([make_event("a", timestamp=now)])
    clock = [now]
    live = Live(sqlite_store, now=lambda: clock[0])
    clock[0] = None

    live.update()
    live.update()
    assert live.state["status"] == "failed"
    assert live.state["reason"].startswith("AttributeError: ")
    assert caplog.text.count("the live dashboard failed") == 1

    clock[0] = now
    live.update()
    assert (live.state["status"], live.state["clicks"]) == ("live", 1)


def test_without_a_sign_of_life_the_task_ends_and_with_one_it_begins_again(
    sqlite_store, make_event, now, wait_until
):
    """A page that is closed leaves nothing that runs; one that wakes up goes on."""
    sqlite_store.put([make_event("a", timestamp=now)])
    live = Live(sqlite_store, patience_seconds=0.6)
    assert not live.is_running

    sign_of_life(live)
    wait_until(lambda: live.state.get("clicks") == 1, "the first numbers")
    wait_until(lambda: not live.is_running, "the end", seconds=5)
    sqlite_store.put([make_event("b", timestamp=now)])
    sign_of_life(live)
    wait_until(lambda: live.state["clicks"] == 2, "the next numbers")
    wait_until(lambda: not live.is_running, "the end", seconds=5)


def test_paused_it_reads_nothing(sqlite_store, make_event, now, wait_until):
    """What came meanwhile is there when it goes on."""
    sqlite_store.put([make_event("a", timestamp=now)])
    live = Live(sqlite_store, patience_seconds=0.6)
    live.update()
    live.paused = True
    before = live.state
    sqlite_store.put([make_event("b", timestamp=now)])

    sign_of_life(live)
    wait_until(lambda: not live.is_running, "the end", seconds=5)
    assert live.state == before

    live.paused = False
    sign_of_life(live)
    wait_until(lambda: live.state["clicks"] == 2, "the click that came meanwhile")
    wait_until(lambda: not live.is_running, "the end", seconds=5)


def test_latencies_are_those_of_clicks_that_came_while_it_ran(sqlite_store, make_event, now):
    """From the visitor's clock to the collector, and from there until the page says that it has drawn."""
    clock = [now]
    live = Live(sqlite_store, now=lambda: clock[0], patience_seconds=0)
    sqlite_store.put([make_event("a", timestamp=now, received_at=now)])
    live.update()
    live.update()
    assert (live.state["to_collector"], live.state["to_page"]) == (None, None)
    sent = now - dt.timedelta(milliseconds=80)
    sqlite_store.put([make_event("b", timestamp=sent, received_at=now)])
    live.update()
    clock[0] += dt.timedelta(milliseconds=300)

    sign_of_life(live, kind="shown", sequence=live.state["sequence"])
    sign_of_life(live, kind="shown", sequence=live.state["sequence"])
    live.update()

    assert live.state["to_collector"] == [80, 80]
    assert live.state["to_page"] == [300, 300]
