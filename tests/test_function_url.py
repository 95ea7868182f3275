"""The collector behind a Function URL: the same answers, and 503 instead of a spool."""

import asyncio
import base64
import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from clickkit import connect, encode_event, function_url


@pytest.fixture
def ask(monkeypatch, tmp_path):
    """Return a function that asks a new Lambda, in a thread of its own: playwright has a loop in this one.

    The collector, which lives as long as a Lambda's process, is ended with the test.
    """
    monkeypatch.setattr(function_url.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setenv("CLICKKIT_ORIGINS", "https://shop.example")
    function_url._adapter.cache_clear()
    with ThreadPoolExecutor(1) as thread:
        yield lambda *request: thread.submit(function_url.handler, request_of(*request), None).result()
        if function_url._adapter.cache_info().currsize:
            thread.submit(end, function_url._adapter().app).result()
    function_url._adapter.cache_clear()


def end(collector):
    """Tell a collector that its server ends, and close the thread's loop."""
    loop, told = asyncio.get_event_loop(), []

    async def receive():
        return {"type": "lifespan.shutdown"}

    async def send(message):
        told.append(message["type"])

    loop.run_until_complete(collector({"type": "lifespan"}, receive, send))
    loop.close()
    assert told == ["lifespan.shutdown.complete"]


def request_of(method, path, body=b"", headers=None):
    """Return a request as a Function URL hands it over."""
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "x.lambda-url.eu-north-1.on.aws", **(headers or {})},
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": "192.0.2.1"},
            "stage": "$default",
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def test_a_click_is_stored_call_after_call(ask, monkeypatch, dynamodb_url, make_event):
    """With its device; the function is asked again and again in one process."""
    monkeypatch.setenv("CLICKKIT_STORE", dynamodb_url)
    event = make_event("a", timestamp=dt.datetime.now(dt.UTC), device=None)
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    headers = {"user-agent": agent, "origin": "https://shop.example"}

    answers = [ask("POST", "/clicks", encode_event(event), headers) for _ in range(3)]

    assert [answer["statusCode"] for answer in answers] == [200, 200, 200]
    assert json.loads(answers[0]["body"]) == {"accepted": 1, "rejected": [], "durability": "store"}
    assert answers[0]["headers"]["access-control-allow-origin"] == "https://shop.example"
    (batch,) = connect(dynamodb_url).scan(event.day)
    assert [row["device"]["browser"] for row in batch.to_pylist()] == ["Firefox"]


def test_what_cannot_be_stored_is_not_acknowledged(ask, monkeypatch, find_port, make_event):
    """A function has no disk that outlives it: the sender keeps the click."""
    endpoint = f"http://127.0.0.1:{find_port()}"
    monkeypatch.setenv("CLICKKIT_STORE", f"dynamodb://clicks?endpoint={endpoint}&region=eu-north-1")

    answer = ask("POST", "/clicks", encode_event(make_event("a")))

    assert answer["statusCode"] == 503
    assert answer["headers"]["retry-after"]


def test_the_audience_finds_its_page_and_nothing_that_tells_of_one_process(ask, monkeypatch, tmp_path):
    """A metric of one of many processes would mislead."""
    monkeypatch.setenv("CLICKKIT_STORE", f"sqlite:///{tmp_path / 'clicks.db'}")

    assert ask("GET", "/")["statusCode"] == 200
    assert [ask("GET", path)["statusCode"] for path in ("/other", "/metrics", "/ready")] == [404] * 3
