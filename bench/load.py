"""The load generator: keep-alive connections, each sending its next request when it has an answer.

It writes HTTP/1.1 by hand on asyncio's protocols, so that it costs a fraction of what it measures.
"""

import asyncio
import contextlib
import math
import time
from functools import partial
from typing import cast

import msgspec

from bench.clicks import request_writer

_PAUSE_SECONDS = 0.1
_DRAIN_SECONDS = 10


class Round(msgspec.Struct, frozen=True):
    """What one round saw.

    Answers with status 200 a second and their latencies in ms, every other answer as an error, the clicks
    of all good answers, and the share of a core that the load generator took.
    """

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    acknowledged: int
    load_cpu: float


class _Tally:
    """What the connections of a round share; answers after `began` are measured."""

    def __init__(self, wanted: float) -> None:
        self.began = math.inf
        self.stopping = False
        self.good = self.errors = 0
        self.latencies: list[float] = []
        self.reached = asyncio.Event()
        self._wanted = wanted

    def count(self, good: bool, sent_at: float) -> None:
        now = time.perf_counter()
        self.good += good
        self.errors += not good
        if good and now >= self.began:
            self.latencies.append(now - sent_at)
        if self.good >= self._wanted:
            self.reached.set()


class _Connection(asyncio.Protocol):
    """One sender, with one request under way at a time."""

    def __init__(self, tally: _Tally, sender: int, batch: int) -> None:
        self._tally = tally
        self._write_request = request_writer(sender, batch)
        self._received = b""
        self._waiting = False
        self._sent_at = 0.0
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n") + 4
        if end < 4 or len(self._received) < end + _content_length(self._received[:end]):
            return
        good = self._received.startswith(b"HTTP/1.1 200")
        self._received, self._waiting = b"", False
        self._tally.count(good, self._sent_at)
        if good or self._tally.stopping:
            self._send()
        else:
            asyncio.get_running_loop().call_later(_PAUSE_SECONDS, self._send)

    def connection_lost(self, error: Exception | None) -> None:
        self._tally.errors += self._waiting
        if not self.closed.done():
            self.closed.set_result(None)

    def _send(self) -> None:
        if self._tally.stopping:
            self.transport.close()
        elif not self.transport.is_closing():
            self._waiting, self._sent_at = True, time.perf_counter()
            self.transport.write(self._write_request())


def _content_length(head: bytes) -> int:
    start = head.lower().index(b"content-length:") + len(b"content-length:")
    return int(head[start : head.index(b"\r", start)])


async def run_round(
    port: int,
    *,
    connections: int,
    batch: int,
    seconds: float,
    warm_seconds: float = 0.5,
    clicks: float = math.inf,
) -> Round:
    """Send from many connections at once, and wait for the last answers.

    The round ends after some seconds, or when so many clicks are acknowledged. A connection that the
    server closes is an error and not opened again.
    """
    loop, tally = asyncio.get_running_loop(), _Tally(clicks / batch)
    made = [
        await loop.create_connection(partial(_Connection, tally, sender, batch), "127.0.0.1", port)
        for sender in range(connections)
    ]
    await asyncio.sleep(warm_seconds)
    tally.began, cpu = time.perf_counter(), time.process_time()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(tally.reached.wait(), seconds)
    tally.stopping = True
    elapsed, cpu = time.perf_counter() - tally.began, time.process_time() - cpu
    latencies = sorted(tally.latencies)
    await _drain([connection for _, connection in made])
    return Round(
        requests_per_second=len(latencies) / elapsed,
        p50_ms=_percentile_ms(latencies, 0.5),
        p99_ms=_percentile_ms(latencies, 0.99),
        errors=tally.errors,
        acknowledged=tally.good * batch,
        load_cpu=cpu / elapsed,
    )


async def _drain(connections: list[_Connection]) -> None:
    """Wait until every connection has its last answer; after some seconds cut what still waits."""
    await asyncio.wait([connection.closed for connection in connections], timeout=_DRAIN_SECONDS)
    for connection in connections:
        connection.transport.abort()
    await asyncio.gather(*(connection.closed for connection in connections))


def _percentile_ms(ordered: list[float], share: float) -> float:
    """Return a percentile of ordered seconds in ms, by the nearest rank; nan of none."""
    return ordered[math.ceil(share * len(ordered)) - 1] * 1000 if ordered else math.nan
