"""Clicks as HTTP requests: every one with an id of its own and the time of now."""

import datetime as dt
import itertools
import uuid
from collections.abc import Callable

_BROWSERS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/{version}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/{version}.1 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS {version}_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/{version}.2 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/{version}.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0",
]
_BUTTONS = ["Sign up", "Add to basket", "Play", "Search", "Share", "Pricing", "Next page"]
_CLICK = (
    b'{"id":"%%012x%(run)b","event":"click","button":"%(button)b","timestamp":"%%b",'
    b'"pageUrl":"https://example.com/pages/%(sender)d","visitorId":"v%(sender)d","sessionId":"s%(sender)d",'
    b'"sequence":%(sender)d,"referrer":"https://example.com/","screen":{"width":1920,"height":1080},'
    b'"x":612.5,"y":233.25,"language":"en-GB","timezone":"Europe/Oslo"}'
)
_SPREAD = 0x9E3779B97F4A7C15  # odd, so that n * _SPREAD modulo 2**48 is another number for every n
_RUN = uuid.uuid4().hex[:20].encode()
_numbers = itertools.count()


def request_writer(sender: int, batch: int) -> Callable[[], bytes]:
    """Return a function that writes one sender's next POST: one click, or an array of `batch` clicks.

    Senders differ in page, button and browser (100 User-Agent strings); a position is not sent.
    """
    facts = {b"run": _RUN, b"sender": sender, b"button": _BUTTONS[sender % len(_BUTTONS)].encode()}
    click = _CLICK % facts
    body = click if batch == 1 else b"[" + b",".join([click] * batch) + b"]"
    length = len(body % (*(0, _now()) * batch,))
    agent = _BROWSERS[sender % len(_BROWSERS)].format(version=120 + sender // len(_BROWSERS) % 20)
    head = (
        f"POST /clicks HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: {agent}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
    template = head.encode() + body

    def write() -> bytes:
        now = _now()
        values = ((next(_numbers) * _SPREAD & 0xFFFFFFFFFFFF, now) for _ in range(batch))
        return template % tuple(itertools.chain.from_iterable(values))

    return write


def click_body() -> bytes:
    """Return the body of a POST with one click of one sender."""
    facts = {b"run": _RUN, b"sender": 0, b"button": _BUTTONS[0].encode()}
    return _CLICK % facts % (next(_numbers) * _SPREAD & 0xFFFFFFFFFFFF, _now())


def _now() -> bytes:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()
