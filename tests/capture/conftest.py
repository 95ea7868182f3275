"""A page with the tracker, a collector that comes and goes, and senders that never give up."""

import datetime as dt
import json
import threading
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest

from clickkit import connect, simulate
from clickkit.service import make_collector

PAGE = """<!doctype html><meta charset="utf-8"><title>Shop</title>
<script type="module" src="/tracker.js"></script>
<button id="buy" data-click="Buy"><svg width="20" height="20"><rect id="icon" width="20" height="20"/></svg>
  <span id="inner">Buy it <b>now</b></span></button>
<button id="text" data-click="">Read   <i>more</i></button>
<button id="bare" data-click="" aria-label="Menu"></button>
<button id="other">Not captured</button>
<a id="leave" data-click="Leave" href="/elsewhere">Leave</a>"""
ELSEWHERE = '<!doctype html><meta charset="utf-8"><title>Elsewhere</title>'
PAGES = {"/": PAGE.encode(), "/elsewhere": ELSEWHERE.encode(), "/favicon.ico": b""}

QUEUED = "() => Object.keys(localStorage).filter((key) => key.startsWith('clickkit.queue.')).length"


class Site:
    """Pages and the collector at one origin, as an ASGI app that can be stopped and started again."""

    def __init__(self, store_url, port, serving_app, pages):
        self._pages = pages
        self.store_url, self.port, self.url = store_url, port, f"http://127.0.0.1:{port}"
        self.folder = Path(store_url.removeprefix("sqlite:///")).parent
        self._serving_app = serving_app
        self.posted, self.refusals, self.largest_batch = [], [], 500

    def start(self):
        """Serve in a thread, and return when it listens."""
        self._running = ExitStack()
        store = self._running.enter_context(closing(connect(self.store_url)))
        self._collector = make_collector(store, self.folder)
        self._running.enter_context(self._serving_app(self, port=self.port))

    def stop(self):
        """Answer what was asked, and nothing more."""
        self._running.close()

    async def __call__(self, scope, receive, send):
        """Serve a page, refuse what shall be refused, and pass the rest to the collector."""
        if scope["type"] == "http" and scope["path"] in self._pages:
            await answer(send, 200, self._pages[scope["path"]], b"text/html")
        elif scope["type"] == "http" and scope["method"] == "POST":
            await self._clicks(scope, receive, send)
        else:
            await self._collector(scope, receive, send)

    async def _clicks(self, scope, receive, send):
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body")
        self.posted.append(body)
        if self.refusals:
            await answer(send, 503, b"{}", b"application/json", *self.refusals.pop(0))
        elif len(json.loads(body) if b"broken" not in body else []) > self.largest_batch:
            await answer(send, 413, b"too large", b"text/plain")
        else:
            messages = [{"type": "http.request", "body": body}]

            async def replay():
                return messages.pop() if messages else await receive()

            await self._collector(scope, replay, send)

    def events(self, start=0):
        """Return every event that was posted, as often as it was, from one request on."""
        return [event for body in self.posted[start:] for event in json.loads(body)]

    def count_queued(self, page):
        """Return how many events wait in the browser."""
        return page.evaluate(QUEUED)

    def wait_for_empty_queue(self, page):
        """Wait until the collector has answered for every event."""
        page.wait_for_function(f"({QUEUED})() === 0")

    def track(self, page, button, **fields):
        """Track in code, and return the event, or None when it was not kept."""
        code = "async ([name, fields]) => (await import('/tracker.js')).track(name, fields)"
        return page.evaluate(code, [button, fields])

    def rows(self):
        """Return the stored events in the order in which they happened."""
        store, now = connect(self.store_url), dt.datetime.now(dt.UTC)
        days = [(now - dt.timedelta(days=1)).date(), now.date()]
        rows = [row for day in days for batch in store.scan(day) for row in batch.to_pylist()]
        store.close()
        return sorted(rows, key=lambda row: row["sequence"])


async def answer(send, status, body, content_type, *headers):
    """Send one answer."""
    headers = [(b"content-type", content_type), *headers]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def site(sqlite_store, find_port, serving_app):
    """Return a site that is being served, with an empty store."""
    sqlite_store.put([])
    site = Site(sqlite_store.url, find_port(), serving_app, PAGES)
    site.start()
    yield site
    site.stop()


@pytest.fixture
def collector(sqlite_store, find_port, serving_app):
    """Return a collector that is being served, with its own pages only and an empty store."""
    sqlite_store.put([])
    site = Site(sqlite_store.url, find_port(), serving_app, {})
    site.start()
    yield site
    site.stop()


@pytest.fixture
def visit(browser, site):
    """Return a function that opens the site in a tab of one browser; a page may never see an error."""
    contexts, errors = [], []

    def visit(path="/", script="", **options):
        if not contexts:
            contexts.append(browser.new_context(**options))
            contexts[0].on("weberror", lambda raised: errors.append(raised.error))
            if script:
                contexts[0].add_init_script(script)
        page = contexts[0].new_page()
        page.warnings = []
        page.on("console", lambda said: page.warnings.append(said.text) if "clickkit:" in said.text else None)
        page.goto(site.url + path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def wait_for_rows(site, wait_until):
    """Return a function that waits until so many events are stored, and returns them."""

    def wait_for_rows(count):
        wait_until(lambda: len(site.rows()) >= count, f"{count} stored events")
        return site.rows()

    return wait_for_rows


class Senders:
    """Four threads that share events: each sends one by one, the same again until it is acknowledged."""

    def __init__(self, url, events, pause):
        self.url, self._pause = url, pause
        self.acknowledged, self.answers = [], set()
        self._giving_up = threading.Event()
        self._threads = [
            threading.Thread(target=self._send_all, args=[events[number::4]], daemon=True)
            for number in range(4)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def are_done(self):
        """Whether everything is acknowledged."""
        return not any(thread.is_alive() for thread in self._threads)

    def finish(self):
        """Wait until everything is acknowledged."""
        for thread in self._threads:
            thread.join(120)
        assert self.are_done

    def give_up(self):
        """Send nothing more."""
        self._giving_up.set()
        self.finish()

    def _send_all(self, events):
        with httpx.Client(timeout=30) as client:
            for event in events:
                while not self._giving_up.is_set() and not self._is_acknowledged(client, event):
                    self._giving_up.wait(0.02)
                self._giving_up.wait(self._pause)

    def _is_acknowledged(self, client, event):
        body = {"id": event.id, "button": event.button, "pageUrl": event.page_url}
        body["timestamp"] = event.timestamp.isoformat()
        try:
            answer = client.post(f"{self.url}/clicks", json=body)
        except httpx.HTTPError:
            return False
        said = answer.json() if "json" in answer.headers["Content-Type"] else {}
        self.answers.add((answer.status_code, said.get("durability")))
        if answer.status_code != 200 or said["accepted"] != 1:
            return False
        self.acknowledged.append(event.id)
        return True


@pytest.fixture
def start_senders():
    """Return a function that starts senders of so many clicks of one day, each with an id of its own."""
    made = []

    def start_senders(url, count, pause=0.0):
        day = dt.date(2024, 11, 20)
        made.append(Senders(url, list(simulate(day, day, visitors=count))[:count], pause))
        return made[-1]

    yield start_senders
    for senders in made:
        senders.give_up()


@pytest.fixture
def stored():
    """Return a function that reads the ids of all that was sent, each as often as it is stored."""

    def stored(url):
        store, day = connect(url), dt.date(2024, 11, 20)
        names = [name for batch in store.scan(day) for name in batch["id"].to_pylist()]
        store.close()
        return names

    return stored
