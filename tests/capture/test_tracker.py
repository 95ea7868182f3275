"""What the tracker does with a message of its page; `test_demo.py` has it in a browser."""

import datetime as dt

import pytest

from clickkit import Tracker, connect
from clickkit.capture.sites import SITES

NOW = dt.datetime.now(dt.UTC)
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
CLICK = {
    "id": "a",
    "event": "click",
    "button": "YouTube",
    "timestamp": NOW.isoformat(),
    "sentAt": (NOW - dt.timedelta(milliseconds=20)).isoformat(),
    "pageUrl": "https://www.youtube.com/",
}


@pytest.fixture
def page(sqlite_store, monkeypatch):
    """Return a tracker, with what it answered and what it reported."""

    class Page:
        captured, answers = [], []

        def receive(self, message):
            self.tracker._handle_custom_msg(message, [])
            return self.answers[-1] if self.answers else None

    page = Page()
    page.captured, page.answers = [], []
    page.tracker = Tracker(sqlite_store, on_captured=page.captured.append)
    monkeypatch.setattr(page.tracker, "send", page.answers.append)
    return page


def test_a_click_is_stored_enriched_and_answered(page, sqlite_store):
    """The answer comes after the click is durable, with what was captured and how long it took."""
    answer = page.receive({"kind": "click", "event": CLICK, "userAgent": CHROME})

    (captured,) = page.captured
    assert (answer["kind"], answer["id"], answer["store"]) == ("stored", "a", sqlite_store.url)
    assert answer["event"]["device"]["browser"] == "Chrome"
    assert sqlite_store.get(captured.event.key)["button"] == "YouTube"
    assert captured.arrived_ms >= 20
    assert min(answer["enriched"], answer["durable"]) >= 0


def test_the_pages_hints_name_the_device_and_are_not_kept(page):
    """They come beside the event, as the User-Agent does."""
    hints = {
        "platform": "Linux",
        "fullVersionList": [{"brand": "Brave", "version": "142.1.84.1"}],
        "model": 7,
    }

    answer = page.receive({"kind": "click", "event": CLICK, "userAgent": CHROME, "hints": hints})

    device = answer["event"]["device"]
    assert (device["browser"], device["browserVersion"]) == ("Brave", "142.1.84.1")
    assert "hints" not in answer["event"]


def test_a_bad_click_and_a_store_that_is_away_are_answered_with_the_reason(page):
    """The page never waits for an answer that will not come."""
    bad = page.receive({"kind": "click", "event": {**CLICK, "button": 7}, "userAgent": CHROME})
    page.tracker._store = connect("dynamodb://t?endpoint=http://127.0.0.1:9&region=eu-north-1")
    away = page.receive({"kind": "click", "event": CLICK, "userAgent": CHROME})

    assert (bad["kind"], bad["id"]) == ("failed", "a")
    assert bad["reason"].startswith("button: Expected")
    assert (away["kind"], "127.0.0.1:9" in away["reason"]) == ("failed", True)
    assert page.captured == []


def test_other_messages_are_passed_over(page):
    """A widget may hear what is not meant for it."""
    assert page.receive({"kind": "greeting"}) is None
    assert page.receive({"kind": "click", "event": ["no", "event"]}) is None


def test_a_click_sent_again_is_answered_and_counted_once(page):
    """The page may not have heard the first answer."""
    for _ in range(2):
        assert page.receive({"kind": "click", "event": CLICK, "userAgent": CHROME})["kind"] == "stored"

    assert len(page.captured) == 1


def test_there_are_at_least_ten_sites_and_no_two_alike():
    """The audience finds something that it knows."""
    assert len({site.button for site in SITES}) == len({site.page_url for site in SITES}) == len(SITES) >= 10
