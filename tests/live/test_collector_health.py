"""The collector's own word about itself, asked of a real one."""

import sqlite3

import pytest

from clickkit.errors import SettingsError
from clickkit.live.collector_health import CollectorHealth, ask
from clickkit.service import make_collector


def test_ready_spooling_and_silent(sqlite_store, tmp_path, serve_app, make_event, wait_until, find_port):
    """Each state is told with the spool's size; a collector that is not there is said to be silent."""
    sqlite_store.put([make_event("x")])
    collector = make_collector(sqlite_store, tmp_path / "data", spool_bytes=3 * 1024 * 1024)
    url = serve_app(collector) + "/ready"
    assert ask(url).state == "ready"
    assert ask(url).text == "ready, spool 0.0 of 3 MB"

    database = sqlite3.connect(sqlite_store.url.removeprefix("sqlite:///"))
    database.execute("alter table events rename to away")
    collector._keeper.write([make_event("a")])
    wait_until(lambda: ask(url).state == "spooling", "spooling")
    assert ask(url).text.startswith("store away, spool 0.0 of 3 MB")
    database.execute("alter table away rename to events")
    database.close()
    wait_until(lambda: ask(url).state == "ready", "ready")

    silent = ask(f"http://127.0.0.1:{find_port()}/ready")
    assert silent.state == "silent"
    assert "Connection refused" in silent.text
    assert ask(url.replace("/ready", "/tracker.js")).state == "silent"


def test_it_is_asked_beside_and_answers_at_once(serve_app, sqlite_store, tmp_path, wait_until):
    """The first answer is None, the next one what the collector said."""
    health = CollectorHealth(serve_app(make_collector(sqlite_store, tmp_path)))

    assert health.latest() is None
    wait_until(lambda: health.latest() is not None, "an answer")
    assert health.latest().state == "ready"


def test_another_kind_of_url_is_refused():
    """A file is no collector."""
    with pytest.raises(SettingsError, match="http://127"):
        CollectorHealth("file:///etc/passwd")
