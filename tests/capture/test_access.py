"""Who may reach the collector and send to it."""

import base64
import re

import pytest

from clickkit.capture.access import Origins, RateLimit, WriteKeys, comes_from_outside, is_for_outside
from clickkit.errors import SettingsError


@pytest.mark.parametrize(
    ("client", "headers", "outside"),
    [
        ("127.0.0.1", [(b"host", b"127.0.0.1:8000")], False),
        ("127.8.0.1", [(b"host", b"LOCALHOST")], False),
        ("::1", [(b"host", b"[::1]:8000"), (b"accept", b"*/*")], False),
        ("::ffff:127.0.0.1", [(b"host", b"localhost:8000")], False),
        ("192.168.1.7", [(b"host", b"127.0.0.1:8000")], True),
        ("::ffff:192.168.1.7", [(b"host", b"localhost")], True),
        ("2001:db8::1", [(b"host", b"[::1]")], True),
        ("", [(b"host", b"localhost")], True),
        ("127.0.0.1", [(b"host", b"talk.ngrok.app")], True),
        ("127.0.0.1", [(b"host", b"localhost.evil.example")], True),
        ("127.0.0.1", [(b"host", b"me@127.0.0.1")], True),
        ("127.0.0.1", [(b"host", b"127.0.0.1.evil.example:8000")], True),
        ("127.0.0.1", [(b"host", b"talk.example"), (b"host", b"localhost")], True),
        ("127.0.0.1", [(b"host", b"")], True),
        ("127.0.0.1", [], True),
        ("127.0.0.1", [(b"host", b"localhost"), (b"x-forwarded-for", b"127.0.0.1")], True),
        ("127.0.0.1", [(b"host", b"localhost"), (b"x-forwarded-proto", b"https")], True),
        ("127.0.0.1", [(b"host", b"localhost"), (b"forwarded", b"for=1.2.3.4")], True),
        ("127.0.0.1", [(b"host", b"localhost"), (b"via", b"1.1 proxy")], True),
        ("127.0.0.1", [(b"host", b"localhost"), (b"x-real-ip", b"1.2.3.4")], True),
    ],
)
def test_outside_is_another_address_another_host_or_a_proxy(client, headers, outside):
    """A tunnel comes from loopback, with the public host; when in doubt, a request is from outside."""
    assert comes_from_outside(client, headers) is outside


def test_from_outside_the_page_is_reached_and_clicks_are_sent():
    """Nothing else, whatever the path looks like."""
    reached = [("/", "GET"), ("/clicks", "POST"), ("/clicks", "OPTIONS")]
    others = [("/clicks", "GET"), ("/", "POST"), ("/clicks/", "POST"), ("/v1/batch", "POST"), ("//", "GET")]

    assert all(is_for_outside(path, method) for path, method in reached)
    assert not any(is_for_outside(path, method) for path, method in others)


def test_without_keys_everybody_may_send():
    """The default is right for a laptop."""
    assert WriteKeys([]).allow({})


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({b"x-write-key": b"one"}, True),
        ({b"x-write-key": b"two"}, True),
        ({b"authorization": b"Basic " + base64.b64encode(b"two:")}, True),
        ({b"x-write-key": b"three"}, False),
        ({b"x-write-key": b""}, False),
        ({b"authorization": b"Basic !!!"}, False),
        ({b"authorization": b"Bearer one"}, False),
        ({}, False),
    ],
)
def test_one_of_the_keys_must_be_shown(headers, allowed):
    """In a header of our own, or as Segment's libraries do it."""
    assert WriteKeys(["one", "two"]).allow(headers) is allowed


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (b"https://shop.example", True),
        (b"http://127.0.0.1:8866", True),
        (b"http://localhost:3000", True),
        (b"https://evil.example", False),
        (b"https://localhost.evil.example", False),
        (b"null", False),
        (b"http://[", False),
    ],
)
def test_pages_of_listed_origins_and_of_this_machine_may_send(origin, allowed):
    """The origin itself is reflected, never a star."""
    headers = dict(Origins(["https://shop.example/"]).headers({b"origin": origin}))

    assert headers.get(b"access-control-allow-origin") == (origin if allowed else None)


def test_a_preflight_is_answered_with_what_was_asked():
    """Browsers ask before they send JSON."""
    asked = {
        b"origin": b"http://localhost:1",
        b"access-control-request-method": b"POST",
        b"access-control-request-headers": b"content-type,x-write-key",
    }

    headers = dict(Origins([]).headers(asked))

    assert headers[b"access-control-allow-headers"] == b"content-type,x-write-key"
    assert headers[b"access-control-allow-methods"] == b"POST"
    assert Origins([]).headers({}) == []


def test_a_sender_has_a_burst_and_then_its_rate():
    """One sender's flood is not another's problem."""
    limit = RateLimit(1, burst_seconds=3)

    assert [limit.allow("a", 1) for _ in range(4)] == [True, True, True, False]
    assert limit.allow("b", 3)
    assert not limit.allow("b", 1)


def test_senders_are_forgotten_and_never_kept_by_address():
    """Memory is bounded; no address is stored."""
    limit = RateLimit(1)

    for number in range(10_100):
        limit.allow(f"192.0.2.{number}", 1)

    assert len(limit._buckets) == 10_000
    assert not any(b"192.0.2" in key for key in limit._buckets)


@pytest.mark.parametrize(
    "origin", ["*", "null", "", "shop.example", "https://", "https://shop.example/path", "https://a b", "//a"]
)
def test_what_is_no_origin_is_said_so_with_how_to_write_it(origin):
    """A page that is kept out by a slip of the pen would be noticed late."""
    with pytest.raises(SettingsError, match=re.escape(f"{origin!r} is no web origin: write scheme://host")):
        Origins(["https://shop.example", origin])


@pytest.mark.parametrize("origin", ["http://shop.example:8080", "https://[2001:db8::1]:8443", "app+x://a_b"])
def test_an_origin_is_known_however_it_was_written(origin):
    """Browsers send it in small letters and without a slash at the end."""
    headers = Origins([origin.upper() + "/"]).headers({b"origin": origin.encode()})

    assert (b"access-control-allow-origin", origin.encode()) in headers
