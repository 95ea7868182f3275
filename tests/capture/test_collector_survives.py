"""The collector is killed and its store cut off, again and again: nothing acknowledged is lost or doubled."""

import json
import random
import signal
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from clickkit import connect

KILLS = 20
OUTAGE_SECONDS = 10
SLOW_SECONDS = 1.5
TIMEOUT_SECONDS = 6  # the store's client waits for 5
OFTEN = ["none"] * 12 + ["throttled", "failed", "cut", "half-done", "unprocessed", "unprocessed"]


def test_killed_at_random_moments_it_loses_and_doubles_nothing(
    tmp_path, serve, start_senders, stored, wait_until
):
    """SIGKILL, twenty times under load: every acknowledged click is in the store, once."""
    url, chance = f"sqlite:///{tmp_path / 'clicks.db'}", random.Random(7)
    collector = serve(url)
    senders = start_senders(collector.url, 8000)
    for _ in range(KILLS):
        enough = len(senders.acknowledged) + chance.randrange(1, 120)
        wait_until(
            lambda enough=enough: len(senders.acknowledged) >= enough or senders.are_done, "some clicks"
        )
        collector.end(signal.SIGKILL)
        collector.start()
    senders.give_up()
    collector.end(signal.SIGTERM)

    rows = stored(url)
    assert len(senders.acknowledged) > KILLS
    assert set(senders.acknowledged) <= set(rows)
    assert len(rows) == len(set(rows))
    (day,) = connect(url).ledger()
    assert day.stored == len(rows)


def test_told_to_end_it_answers_what_it_took(tmp_path, serve, start_senders, stored, wait_until):
    """SIGTERM under load: what is in the store is exactly what was acknowledged."""
    url = f"sqlite:///{tmp_path / 'clicks.db'}"
    collector = serve(url)
    senders = start_senders(collector.url, 8000)
    wait_until(lambda: len(senders.acknowledged) > 100, "some clicks")

    collector.end(signal.SIGTERM)
    senders.give_up()

    assert sorted(stored(url)) == sorted(senders.acknowledged)


class Faults:
    """A proxy before DynamoDB that throttles, dawdles, leaves items unprocessed, fails, cuts and goes."""

    def __init__(self, target, seed):
        self.target, self.chance, self.is_away = target, random.Random(seed), False
        self.happened = Counter()
        self._cards, self._dealing, self._closing = (
            ["late", "slow", "slow"],
            threading.Lock(),
            threading.Event(),
        )
        faults = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                """Say nothing."""

            def do_POST(self):
                """Forward, or not."""
                faults.handle(self, self.rfile.read(int(self.headers["Content-Length"])))

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        """Keep nobody waiting."""
        self._closing.set()
        self.server.shutdown()
        self.server.server_close()

    def handle(self, request, body):
        """Answer one request of the store, well or badly."""
        fault, kept_back = self._deal(request, body)
        self.happened[fault] += 1
        if fault in ("away", "cut"):
            request.close_connection = True
            return
        if fault == "throttled":
            name = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"
            answer(request, 400, b'{"__type": "%s", "message": "slow down"}' % name.encode())
            return
        if fault == "failed":
            answer(request, 500, b'{"__type": "InternalServerError", "message": "oops"}')
            return
        status, done = self._forward(request, kept_back[0] if kept_back else body)
        if kept_back:
            done = json.dumps(json.loads(done) | kept_back[1]).encode()
        self._closing.wait({"slow": SLOW_SECONDS, "late": TIMEOUT_SECONDS}.get(fault, 0))
        if fault in ("half-done", "late"):
            request.close_connection = True  # it is done, and nobody hears of it
        else:
            answer(request, status, done)

    def _deal(self, request, body):
        """Draw a fault from a shuffled pack, so that each comes; some fit only a batch of two or more."""
        with self._dealing:
            if self.is_away:
                return "away", None
            if len(self._cards) < 4:
                self._cards += OFTEN
                self.chance.shuffle(self._cards)
            fault = self._cards.pop()
            if fault != "unprocessed":
                return fault, None
            name, kept_back = keep_back(request.headers["X-Amz-Target"].split(".")[-1], json.loads(body))
            if kept_back is None:
                self._cards.insert(self.chance.randrange(len(self._cards)), fault)
            return name, kept_back

    def _forward(self, request, body):
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        headers |= {"Host": self.target.removeprefix("http://"), "Content-Length": str(len(body))}
        done = httpx.post(self.target, content=body, headers=headers, timeout=30)
        return done.status_code, done.content


def keep_back(call, said):
    """Split a batch call: its fault, and what goes through with what the answer says was left; or neither."""
    if call not in ("BatchWriteItem", "BatchGetItem"):
        return "none", None
    left_over = "UnprocessedItems" if call == "BatchWriteItem" else "UnprocessedKeys"
    ((table, wanted),) = said["RequestItems"].items()
    keys = wanted if call == "BatchWriteItem" else wanted["Keys"]
    through, left = keys[: len(keys) // 2], keys[len(keys) // 2 :]
    if not through:
        return "none", None
    if call == "BatchGetItem":
        through, left = wanted | {"Keys": through}, wanted | {"Keys": left}
    forwarded = json.dumps(said | {"RequestItems": {table: through}}).encode()
    return left_over, (forwarded, {left_over: {table: left}})


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
    proxy.close()


def test_with_a_faulty_dynamodb_it_loses_and_doubles_nothing(
    faults, dynamodb_url, tmp_path, serve, start_senders, stored, wait_until
):
    """Every fault there is, and ten seconds away in the middle: the spool bridges it, and drains."""
    proxy, url = faults
    collector = serve(url)
    senders = start_senders(collector.url, 700, pause=0.07)
    wait_until(lambda: len(senders.acknowledged) > 50, "the first clicks")
    proxy.is_away, back_at, before = True, time.monotonic() + OUTAGE_SECONDS, len(senders.acknowledged)
    wait_until(lambda: time.monotonic() >= back_at, "the end of the outage")
    during = len(senders.acknowledged) - before
    assert not senders.are_done
    proxy.is_away = False
    senders.finish()
    wait_until(lambda: not list((tmp_path / "spool").glob("*")), "the spool to drain")
    collector.end(signal.SIGTERM)

    rows = stored(dynamodb_url)
    assert len(rows) == len(set(rows)) == 700
    assert sorted(rows) == sorted(senders.acknowledged)
    assert {status for status, _ in senders.answers} <= {200, 503}
    assert {(200, "store"), (200, "spool")} <= senders.answers
    assert during > 50
    assert set(proxy.happened) == {*OFTEN, "slow", "late", "away", "UnprocessedItems", "UnprocessedKeys"} - {
        "unprocessed"
    }
