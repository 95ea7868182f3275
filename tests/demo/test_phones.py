"""Simulated phones click on real collectors, which stay, refuse, are busy, or are killed in the middle."""

import asyncio
import datetime as dt
import signal
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest

from clickkit import connect
from clickkit.capture.access import RateLimit, WriteKeys
from clickkit.capture.collector import Door
from clickkit.capture.request import Limits
from clickkit.demo.phones import play
from clickkit.demo.visitor import draw_visitor
from clickkit.errors import ClickkitError, SettingsError
from clickkit.service import make_collector

AWAY = "dynamodb://clicks?endpoint=http://127.0.0.1:9&region=eu-north-1"


@pytest.fixture
def store_url(tmp_path):
    """Return the URL of a store that does not exist yet."""
    return f"sqlite:///{tmp_path / 'clicks.db'}"


@pytest.fixture
def collect(serve_app, tmp_path):
    """Return a function that serves a collector in this process, for a store, with options of its own."""

    def collect(store_url, **options):
        return serve_app(make_collector(connect(store_url), tmp_path / "service", **options))

    return collect


@pytest.fixture
def play_now(run_async):
    """Return a function that plays; every argument replaces a default."""

    def play_now(url, **options):
        defaults = {"phones": 10, "every_seconds": 0.5, "seconds": 1, "seed": 1}
        return run_async(play(url, **defaults | options))

    return play_now


def rows_of(store_url):
    """Return what is stored, each phone's clicks in their order."""
    store, today = connect(store_url), dt.datetime.now(dt.UTC).date()
    days = (today - dt.timedelta(days=1), today)
    rows = [row for day in days for batch in store.scan(day) for row in batch.to_pylist()]
    store.close()
    return sorted(rows, key=lambda row: row["sequence"])


def buttons_by(rows, column):
    """Return the buttons in their order for each value of a column."""
    buttons = defaultdict(list)
    for row in rows:
        buttons[row[column]].append(row["button"])
    return buttons


def test_every_click_of_forty_phones_is_stored_once_as_the_seed_has_it(store_url, collect, play_now):
    """What the audience is said to have done is what the store has."""
    played = play_now(collect(store_url), phones=40, seconds=3, seed=7)

    rows, visitors = rows_of(store_url), [draw_visitor(7, number) for number in range(40)]
    expected = {
        visitor.visitor_id: [tap.site.button for tap in islice(visitor.taps(), 6)] for visitor in visitors
    }
    assert (played.clicks, played.accepted, played.refused) == (240, 240, 0)
    assert (played.undelivered, played.resent, played.last_trouble) == (0, 0, "")
    assert 0 < played.p50_ms <= played.p95_ms <= played.slowest_ms
    assert len({row["id"] for row in rows}) == len(rows) == 240
    assert buttons_by(rows, "visitor_id") == expected
    assert {row["properties"] for row in rows} == {'{"simulated":true}'}


def test_phones_are_of_every_kind_and_only_those_that_consent_say_where(store_url, collect, play_now):
    """The dashboards show devices and places as with a real audience; of others the country."""
    play_now(collect(store_url), phones=40, seed=7)

    visitors = [draw_visitor(7, number) for number in range(40)]
    consenting = {visitor.visitor_id for visitor in visitors if visitor.consents}
    rows = rows_of(store_url)
    assert {row["device"]["type"] for row in rows} == {"mobile", "tablet", "desktop"}
    assert 0 < len(consenting) < 40
    assert {row["location"]["source"] for row in rows} == {"position", "timezone"}
    located = [row for row in rows if row["location"]["source"] == "position"]
    assert {row["visitor_id"] for row in located} == consenting
    assert {"London", "Oslo"} < {row["location"]["city"] for row in located}
    assert {row["location"]["city"] for row in rows if row not in located} == {None}
    assert all(row["sent_at"] >= row["timestamp"] and row["screen"] and row["timezone"] for row in rows)


def test_the_same_seed_plays_the_same_buttons_in_new_sessions(store_url, collect, play_now):
    """A rehearsal can be repeated, and both count."""
    url = collect(store_url)

    play_now(url, seed=3)
    play_now(url, seed=3)

    rows = rows_of(store_url)
    sessions = {row["session_id"]: row["visitor_id"] for row in rows}
    assert len(sessions) == 20
    of_sessions, twice = buttons_by(rows, "session_id"), Counter(sessions.values())
    assert set(twice.values()) == {2}
    played = {(visitor, *of_sessions[session]) for session, visitor in sessions.items()}
    assert len(played) == 10
    assert list(islice(draw_visitor(3, 0).taps(), 20)) != list(islice(draw_visitor(4, 0).taps(), 20))


def test_a_collector_that_is_killed_and_comes_back_loses_and_doubles_nothing(store_url, serve, wait_until):
    """SIGKILL in the middle: phones keep their clicks, and send the same ones again."""
    collector, heard = serve(store_url), []
    playing = play(collector.url, phones=20, every_seconds=0.3, seconds=6, seed=1, progress=heard.append)
    with ThreadPoolExecutor(1) as thread:
        ended = thread.submit(asyncio.run, playing)
        wait_until(lambda: heard and heard[-1].accepted > 20, "the first clicks")
        collector.end(signal.SIGKILL)
        wait_until(lambda: heard[-1].resent > 0, "clicks that are sent again")
        collector.start()
        played = ended.result(60)

    rows = rows_of(store_url)
    assert (played.clicks, played.accepted, played.undelivered) == (400, 400, 0)
    assert played.resent > 0
    assert played.last_trouble.startswith("no answer (")
    assert len({row["id"] for row in rows}) == len(rows) == 400
    assert {len(buttons) for buttons in buttons_by(rows, "session_id").values()} == {20}


def test_a_busy_collector_is_asked_again(store_url, collect, play_now):
    """503 says that nothing was kept: the same click comes again, after what Retry-After asks for."""
    url = collect(store_url, door=Door(rate_limit=RateLimit(30, burst_seconds=0.5)))

    played = play_now(url, phones=20, seconds=2)

    assert (played.clicks, played.accepted, played.undelivered) == (80, 80, 0)
    assert played.resent > 0
    assert played.last_trouble == "answered 503: too many events from one sender: send again later"
    assert len(rows_of(store_url)) == 80


def test_what_a_collector_refuses_is_reported_and_not_sent_again(store_url, collect, play_now):
    """400 is for good, and the first reason is the one to mend."""
    url = collect(store_url, door=Door(limits=Limits(properties_bytes=1)))

    played = play_now(url)

    assert (played.clicks, played.accepted, played.refused, played.resent) == (20, 0, 20, 0)
    assert played.first_refusal.startswith("properties: ")
    assert (played.p50_ms, played.p95_ms, played.slowest_ms) == (None, None, None)


def test_what_nobody_takes_is_undelivered_after_the_grace_time(collect, play_now):
    """An audience ends, also on a collector that can keep nothing."""
    url = collect(AWAY, spool_bytes=0, retry_seconds=60)

    played = play_now(url, grace_seconds=0.5)

    assert (played.clicks, played.accepted, played.undelivered) == (20, 0, 20)
    assert played.last_trouble == "answered 503: nothing was kept: send the same events again"


def test_it_can_be_stopped(store_url, collect):
    """What was clicked until then is delivered, and nothing more is clicked."""

    async def play_until_the_first_report():
        stop = asyncio.Event()
        return await play(
            url,
            phones=10,
            every_seconds=0.2,
            seconds=3600,
            seed=1,
            stop=stop,
            progress=lambda so_far: stop.set(),
        )

    url = collect(store_url)
    with ThreadPoolExecutor(1) as thread:
        played = thread.submit(asyncio.run, play_until_the_first_report()).result(60)

    assert played.clicks == played.accepted == len(rows_of(store_url)) > 0


@pytest.mark.parametrize(
    ("url", "numbers", "error", "message"),
    [
        ("127.0.0.1:8000", {}, SettingsError, "write http://127.0.0.1:8000"),
        ("http://[::1", {}, SettingsError, "write http://127.0.0.1:8000"),
        ("http://", {}, SettingsError, "write http://127.0.0.1:8000"),
        ("http://127.0.0.1:9", {"phones": 0}, SettingsError, "cannot play 0 phones"),
        ("http://127.0.0.1:9", {"every_seconds": 0}, SettingsError, "write numbers above 0"),
        ("http://127.0.0.1:9", {"seconds": float("nan")}, SettingsError, "write numbers above 0"),
        ("http://127.0.0.1:9", {}, ClickkitError, "start one with clickkit serve"),
    ],
)
def test_a_mistake_is_said_before_anything_is_played(play_now, url, numbers, error, message):
    """The message says what to do."""
    with pytest.raises(error, match=message):
        play_now(url, **numbers)


def test_what_is_no_collector_or_has_a_lock_is_said_at_the_start(store_url, serve_app, tmp_path, play_now):
    """Nobody waits ten minutes to hear that nothing could be accepted."""

    async def other(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"<p>Another program</p>"})

    door = Door(write_keys=WriteKeys(["alpha"]))
    locked = serve_app(make_collector(connect(store_url), tmp_path, door=door))

    with pytest.raises(ClickkitError, match="is no collector, it answered 200: <p>Another program"):
        play_now(serve_app(other, lifespan="off"))
    with pytest.raises(ClickkitError, match="unset CLICKKIT_WRITE_KEYS"):
        play_now(locked)
    with pytest.raises(ClickkitError, match="unset CLICKKIT_WRITE_KEYS"):
        play_now(locked.replace("http://", "http://beta@"))
