"""The collector is killed and its store cut off, again and again: nothing acknowledged is lost or doubled."""

import datetime as dt
import random
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from clickkit import connect, simulate
from clickkit.event import SHARDS

KILLS = 20
SENDERS = 4


class Sender(threading.Thread):
    """Sends its events one by one, the same one again until it is acknowledged; gives up when told."""

    def __init__(self, url, events):
        super().__init__(daemon=True)
        self.url, self.events = url, events
        self.acknowledged, self.answers = [], set()
        self.stopping = threading.Event()

    def run(self):
        """Send until everything is acknowledged."""
        with httpx.Client(timeout=30) as client:
            for event in self.events:
                while not self.stopping.is_set() and not self._sent(client, event):
                    self.stopping.wait(0.02)

    def _sent(self, client, event):
        body = {"id": event.id, "button": event.button, "pageUrl": event.page_url}
        body["timestamp"] = event.timestamp.isoformat()
        try:
            answer = client.post(f"{self.url}/clicks", json=body)
        except httpx.HTTPError:
            return False
        self.answers.add((answer.status_code, answer.json().get("durability")))
        if answer.status_code == 200 and answer.json()["accepted"] == 1:
            self.acknowledged.append(event.id)
            return True
        return False


class Collector:
    """`clickkit serve` as a process that can be killed and started again on its port."""

    def __init__(self, store_url, port, folder, wait_until):
        self.url, self._wait_until = f"http://127.0.0.1:{port}", wait_until
        self._command = [sys.executable, "-m", "clickkit.cli", "serve", "--store", store_url]
        self._command += ["--port", str(port), "--folder", str(folder)]

    def start(self):
        """Start, and return when it answers."""
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait_until(self._answers, self.url)

    def _answers(self):
        try:
            return httpx.get(f"{self.url}/health", timeout=10).status_code in (200, 503)
        except httpx.HTTPError:
            return False

    def end(self, signal_number):
        """Send a signal and wait for the end."""
        self.process.send_signal(signal_number)
        self.process.wait(60)


@pytest.fixture
def make_collector(tmp_path, find_port, wait_until):
    """Return a function that makes a collector for a store; whatever still runs is ended."""
    made = []

    def make(store_url):
        made.append(Collector(store_url, find_port(), tmp_path, wait_until))
        made[-1].start()
        return made[-1]

    yield make
    for collector in made:
        collector.end(signal.SIGKILL)


def made(number):
    """Return events of one day with ids of their own."""
    day = dt.date(2026, 11, 20)
    return list(simulate(day, day, visitors=number))


def stored(url, events):
    """Return the ids of all rows of the events' day, each as often as it is there."""
    store = connect(url)
    batches = [batch for shard in range(SHARDS) for batch in store.scan(events[0].day, shard)]
    store.close()
    return [name for batch in batches for name in batch["id"].to_pylist()]


def start_senders(url, events):
    """Start senders that share the events among them."""
    senders = [Sender(url, events[number::SENDERS]) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    return senders


def finish(senders):
    """Wait for the senders, and return what they heard as acknowledged."""
    for sender in senders:
        sender.join(120)
        sender.stopping.set()
    return [name for sender in senders for name in sender.acknowledged]


def test_killed_at_random_moments_it_loses_and_doubles_nothing(tmp_path, make_collector, wait_until):
    """SIGKILL, twenty times under load: every acknowledged click is in the store, once."""
    url, chance = f"sqlite:///{tmp_path / 'clicks.db'}", random.Random(7)
    collector, events = make_collector(url), made(4000)
    senders = start_senders(collector.url, events)
    for _ in range(KILLS):
        heard = sum(len(sender.acknowledged) for sender in senders)
        more = chance.randrange(1, 120)
        wait_until(
            lambda heard=heard, more=more: (
                sum(len(one.acknowledged) for one in senders) >= heard + more
                or not any(one.is_alive() for one in senders)
            ),
            "some clicks",
        )
        collector.end(signal.SIGKILL)
        collector.start()
    for sender in senders:
        sender.stopping.set()
    acknowledged = finish(senders)
    collector.end(signal.SIGTERM)

    rows = stored(url, events)
    assert len(acknowledged) > KILLS
    assert set(acknowledged) <= set(rows)
    assert len(rows) == len(set(rows))


class Faults:
    """A proxy before DynamoDB that throttles, leaves items unprocessed, fails, cuts and goes away."""

    def __init__(self, target, seed):
        self.target, self.chance, self.is_away = target, random.Random(seed), False
        faults = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                """Say nothing."""

            def do_POST(self):
                """Forward, or not."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                faults.handle(self, body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def handle(self, request, body):
        """Answer one request of the store, well or badly."""
        fault = self.chance.choice(["none"] * 12 + ["throttled", "failed", "cut", "half-done"])
        if self.is_away or fault == "cut":
            request.close_connection = True
            return
        if fault == "throttled":
            name = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"
            answer(request, 400, b'{"__type": "%s", "message": "slow down"}' % name.encode())
            return
        if fault == "failed":
            answer(request, 500, b'{"__type": "InternalServerError", "message": "oops"}')
            return
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        done = httpx.post(self.target, content=body, headers=headers | {"Host": self.target[7:]}, timeout=30)
        if fault == "half-done":
            request.close_connection = True  # it is done, and nobody hears of it
            return
        answer(request, done.status_code, done.content)


def answer(request, status, body):
    """Send an answer of DynamoDB's kind."""
    request.send_response(status)
    request.send_header("Content-Type", "application/x-amz-json-1.0")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


@pytest.fixture
def faults(dynamodb_url):
    """Return a faulty way to the table, and the store URL that takes it."""
    endpoint = dynamodb_url.split("endpoint=")[1].split("&")[0]
    proxy = Faults(endpoint, seed=11)
    yield proxy, dynamodb_url.replace(endpoint, proxy.url)
    proxy.server.shutdown()
    proxy.server.server_close()


def test_with_a_faulty_dynamodb_it_loses_and_doubles_nothing(
    faults, dynamodb_url, tmp_path, make_collector, wait_until
):
    """Throttling, 500s, cut connections, and an outage in the middle: the spool bridges it, and drains."""
    proxy, url = faults
    collector, events = make_collector(url), made(150)
    senders = start_senders(collector.url, events)
    wait_until(lambda: sum(len(sender.acknowledged) for sender in senders) > 50, "the first clicks")
    proxy.is_away = True
    before = sum(len(sender.acknowledged) for sender in senders)
    wait_until(
        lambda: sum(len(sender.acknowledged) for sender in senders) > min(before + 50, len(events) - 1),
        "clicks during the outage",
    )
    proxy.is_away = False
    acknowledged = finish(senders)
    wait_until(lambda: not list((tmp_path / "spool").glob("*")), "the spool to drain")
    collector.end(signal.SIGTERM)

    rows = stored(dynamodb_url, events)
    assert sorted(acknowledged) == sorted(event.id for event in events)
    assert sorted(rows) == sorted(acknowledged)
    assert {status for sender in senders for status, _ in sender.answers} <= {200, 503}
    assert (200, "spool") in {one for sender in senders for one in sender.answers}
