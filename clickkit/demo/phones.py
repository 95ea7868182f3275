"""Simulated phones that click along on a collector, and send as the tracker on a real phone does."""

import asyncio
import contextlib
import datetime as dt
import itertools
import random
import ssl
import time
import uuid
from collections.abc import Callable, Sequence

import httpx
import msgspec

from clickkit.demo.click import encode_click
from clickkit.demo.sender import Decision, clicks_address, open_client, require_collector, send_click
from clickkit.demo.visitor import Visitor, draw_visitor
from clickkit.errors import SettingsError
from clickkit.live.latency import percentile

_QUEUE_EVENTS = 1000
_FIRST_WAIT_SECONDS = 1
_LONGEST_WAIT_SECONDS = 8  # the tracker waits a minute at most; here all shall be told within the grace time
_PROGRESS_SECONDS = 1


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an audience's clicks; while it plays, `undelivered` are those that wait.

    `resent` counts requests that sent a click again. Times are in ms, of the requests whose click was
    accepted, None without any. `first_refusal` is the collector's reason, `last_trouble` why a click had
    to be sent again the last time.
    """

    clicks: int
    accepted: int
    refused: int
    undelivered: int
    resent: int
    p50_ms: float | None
    p95_ms: float | None
    slowest_ms: float | None
    first_refusal: str
    last_trouble: str


async def play(
    collector_url: str,
    *,
    phones: int,
    every_seconds: float,
    seconds: float,
    seed: int,
    progress: Callable[[Played], None] = lambda so_far: None,
    stop: asyncio.Event | None = None,
    grace_seconds: float = 30,
) -> Played:
    """Let simulated phones click on a collector in real time, and return what became of it.

    Each phone is a visitor with a device, a session and a taste, clicks every so many seconds, and sends one
    click a request, oldest first. A click that the collector does not decide about (no answer, 503, …) is
    sent again with the same id and timestamp, after 0.5 to 8 seconds and what Retry-After asks for. A phone
    with 1,000 clicks waiting makes no more. Who clicks what follows from `seed`; sessions and ids are new
    each time, for a session that is played twice would count its clicks twice.

    After `seconds`, or when `stop` is set, what waits has `grace_seconds` to be delivered. `progress` hears
    every second how it stands.

    Raises:
        SettingsError: the URL is none of HTTP, or a number is not above zero.
        ClickkitError: there is no collector at the URL, or it wants a write key.
    """
    if phones < 1 or not every_seconds > 0 or not seconds > 0:
        raise SettingsError(
            f"cannot play {phones} phones every {every_seconds} s for {seconds} s: write numbers above 0"
        )
    address, context = clicks_address(collector_url), httpx.create_ssl_context()
    await require_collector(address, context)
    tally = _Tally()
    made = [_Phone(draw_visitor(seed, number), tally) for number in range(phones)]
    async with asyncio.TaskGroup() as group:
        report = group.create_task(_report(tally, progress))
        sending = [group.create_task(phone.deliver(address, context)) for phone in made]
        clicking = [group.create_task(phone.click(every_seconds, seconds)) for phone in made]
        await _finish(clicking, stop or asyncio.Event())
        await _deliver_rest(made, grace_seconds)
        for task in (report, *sending):
            task.cancel()
    return tally.played()


async def _finish(clicking: Sequence[asyncio.Task[None]], stop: asyncio.Event) -> None:
    """Wait until all have clicked, or end them when `stop` is set."""
    all_clicked = asyncio.gather(*clicking, return_exceptions=True)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((all_clicked, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*clicking, stopping):
            task.cancel()


async def _deliver_rest(phones: Sequence["_Phone"], grace_seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(grace_seconds):
            for phone in phones:
                await phone.waiting.join()


class _Tally:
    """What all phones share."""

    def __init__(self) -> None:
        self.clicks = self.refused = self.resent = 0
        self.first_refusal = self.last_trouble = ""
        self.answer_ms: list[float] = []

    def note(self, decision: Decision) -> None:
        if decision.is_accepted:
            self.answer_ms.append(decision.answer_ms)
        elif decision.is_refused:
            self.refused += 1
            self.first_refusal = self.first_refusal or decision.reason
        else:
            self.last_trouble = decision.reason

    def played(self) -> Played:
        times = self.answer_ms
        times.sort()  # quick: all but the latest are in order already
        return Played(
            clicks=self.clicks,
            accepted=len(times),
            refused=self.refused,
            undelivered=self.clicks - len(times) - self.refused,
            resent=self.resent,
            p50_ms=percentile(times, 0.5) if times else None,
            p95_ms=percentile(times, 0.95) if times else None,
            slowest_ms=times[-1] if times else None,
            first_refusal=self.first_refusal,
            last_trouble=self.last_trouble,
        )


async def _report(tally: _Tally, progress: Callable[[Played], None]) -> None:
    while True:
        await asyncio.sleep(_PROGRESS_SECONDS)
        progress(tally.played())


class _Phone:
    """A visitor's phone: one task clicks, another sends what waits."""

    def __init__(self, visitor: Visitor, tally: _Tally) -> None:
        self.waiting: asyncio.Queue[bytes] = asyncio.Queue(_QUEUE_EVENTS)
        self._visitor, self._tally = visitor, tally
        self._session_id = str(uuid.uuid4())
        self._chance = random.Random(visitor.visitor_id)

    async def click(self, every_seconds: float, seconds: float) -> None:
        """Make a click each time that it is due."""
        began = time.monotonic()
        for sequence, tap in enumerate(self._visitor.taps()):
            due = (self._visitor.phase + sequence) * every_seconds
            if due >= seconds:
                return
            await asyncio.sleep(began + due - time.monotonic())
            now = dt.datetime.now(dt.UTC)
            await self.waiting.put(encode_click(self._visitor, self._session_id, sequence, tap, now))
            self._tally.clicks += 1

    async def deliver(self, address: str, context: ssl.SSLContext) -> None:
        """Send what waits, oldest first, each until the collector has decided about it."""
        async with open_client(context, self._visitor.handset.user_agent) as client:
            while True:
                click = await self.waiting.get()
                for failures in itertools.count():
                    decision = await send_click(client, address, click)
                    self._tally.note(decision)
                    if decision.is_accepted or decision.is_refused:
                        break
                    longest = min(_FIRST_WAIT_SECONDS * 2**failures, _LONGEST_WAIT_SECONDS)
                    await asyncio.sleep(decision.wait_seconds + longest * self._chance.uniform(0.5, 1))
                    self._tally.resent += 1
                self.waiting.task_done()
