"""Rounds that take turns, and the median of each cell: a shared machine is noisy."""

import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from bench.load import Round, run_round
from bench.servers import Server
from bench.subjects import Subject

CONNECTIONS = (1, 64, 500)
BATCHES = (1, 50)

_MEMORY_CONNECTIONS = 64
_MEMORY_BATCH = 50
_WARM_UP_CONNECTIONS = 64


class Cell(msgspec.Struct, frozen=True):
    """One line of the table: medians over the rounds, but all errors, and the peak at the end."""

    subject: str
    connections: int
    batch: int
    rounds: int
    requests_per_second: float
    clicks_per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    cpu_us_per_click: float
    peak_rss_mib: float
    load_cpu: float


class Memory(msgspec.Struct, frozen=True):
    """What the collector had in memory while it took many clicks."""

    clicks: int
    clicks_per_second: float
    errors: int
    start_mib: float
    middle_mib: float
    end_mib: float
    peak_mib: float


class _Seen(msgspec.Struct, frozen=True):
    """A round, and what the server's processor had to do for each click."""

    round: Round
    cpu_us_per_click: float


async def measure(
    subjects: Sequence[Subject], *, rounds: int, seconds: float, deadline: float, say: Callable[[str], None]
) -> tuple[list[Cell], dict[str, int]]:
    """Measure every subject with every number of connections and clicks; each round visits them all.

    A further round is left out when it would end after `deadline`, by `time.monotonic()`. Returns the
    cells, and how many clicks each subject acknowledged in all.
    """
    seen: dict[tuple[Subject, int, int], list[_Seen]] = {}
    acknowledged = {subject.name: 0 for subject in subjects}
    for subject in subjects:
        say(f"warm-up: {subject.name}")
        warm = await run_round(
            subject.server.port, connections=_WARM_UP_CONNECTIONS, batch=1, seconds=seconds
        )
        acknowledged[subject.name] += warm.acknowledged
    longest = 0.0
    for number in range(rounds):
        began = time.monotonic()
        if began + longest > deadline:
            say(f"no time for round {number + 1} of {rounds}")
            break
        for subject, connections, batch in _cells(subjects):
            say(f"round {number + 1} of {rounds}: {subject.name}, {connections} connections, batch {batch}")
            one = await _visit(subject.server, connections, batch, seconds)
            seen.setdefault((subject, connections, batch), []).append(one)
            acknowledged[subject.name] += one.round.acknowledged
        longest = max(longest, time.monotonic() - began)
    return [_cell(*key, found) for key, found in seen.items()], acknowledged


def _cells(subjects: Sequence[Subject]) -> Iterator[tuple[Subject, int, int]]:
    for subject in subjects:
        for connections in CONNECTIONS:
            for batch in BATCHES if subject.takes_batches else BATCHES[:1]:
                yield subject, connections, batch


async def measure_memory(server: Server, *, clicks: int, seconds: float) -> Memory:
    """Send many clicks in batches of 50 to a collector, and look at its memory before, between and after.

    It ends after `seconds` even when not all were sent.
    """
    resident = [server.resident_mib()]
    halves = []
    for _ in range(2):
        half = await run_round(
            server.port,
            connections=_MEMORY_CONNECTIONS,
            batch=_MEMORY_BATCH,
            seconds=seconds / 2,
            warm_seconds=0,
            clicks=clicks / 2,
        )
        halves.append(half)
        resident.append(server.resident_mib())
    start, middle, end = resident
    return Memory(
        clicks=sum(half.acknowledged for half in halves),
        clicks_per_second=statistics.mean(half.requests_per_second for half in halves) * _MEMORY_BATCH,
        errors=sum(half.errors for half in halves),
        start_mib=start,
        middle_mib=middle,
        end_mib=end,
        peak_mib=server.peak_mib(),
    )


def count_stored(database: Path) -> int:
    """Return how many events a SQLite store has."""
    reader = sqlite3.connect(database)
    try:
        count: int = reader.execute("select count(*) from events").fetchone()[0]
        return count
    finally:
        reader.close()


async def _visit(server: Server, connections: int, batch: int, seconds: float) -> _Seen:
    before = server.cpu_seconds()
    one = await run_round(server.port, connections=connections, batch=batch, seconds=seconds)
    return _Seen(one, (server.cpu_seconds() - before) * 1e6 / max(one.acknowledged, 1))


def _cell(subject: Subject, connections: int, batch: int, seen: list[_Seen]) -> Cell:
    rounds = [one.round for one in seen]
    requests_per_second = statistics.median(one.requests_per_second for one in rounds)
    return Cell(
        subject=subject.name,
        connections=connections,
        batch=batch,
        rounds=len(rounds),
        requests_per_second=requests_per_second,
        clicks_per_second=requests_per_second * batch,
        p50_ms=statistics.median(one.p50_ms for one in rounds),
        p99_ms=statistics.median(one.p99_ms for one in rounds),
        errors=sum(one.errors for one in rounds),
        cpu_us_per_click=statistics.median(one.cpu_us_per_click for one in seen),
        peak_rss_mib=subject.server.peak_mib(),
        load_cpu=statistics.median(one.load_cpu for one in rounds),
    )
