"""Measure how often the type of a device is right, how fast it is found, and what it costs per click.

Accuracy is measured on what others have written down (`device_cases.py`), kind by kind, beside
`user-agents` alone on the same cases. `--write` puts the table into docs/devices.md.
"""

import argparse
import asyncio
import datetime as dt
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
import user_agents

from bench.clicks import click_body
from bench.device_cases import Case, crawler_cases, device_cases, sources
from bench.load import run_round
from bench.servers import PROJECT
from bench.subjects import start_ours
from clickkit.capture.client_hints import hints_of_request
from clickkit.capture.device import detect_device, judge_unlisted
from clickkit.capture.enrichment import enrich
from clickkit.capture.geolocation import locate
from clickkit.capture.towns import read_towns
from clickkit.event import Event

_PAGE = PROJECT / "docs" / "devices.md"
_BEGIN, _END = "<!-- made by `python -m bench.devices --write` -->\n", "<!-- end -->\n"
_SAMPLE = 2_000
_ROUNDS = 3
_CLICKS = 4_000
_AT_ONCE = 64
_WARM_SECONDS, _SECONDS = 2, 5
_TOWNS = 40
_NONE = "without a position"
_POSITIONS = {_NONE: 0, "five clicks at each": 5, "each at a new one": 1}
_AWAY = 0.05  # degrees, 5 km

_uncached = detect_device.__wrapped__

_HEADERS = [
    (b"host", b"127.0.0.1"),
    (
        b"user-agent",
        b"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
        b"Chrome/142.0.0.0 Mobile Safari/537.36",
    ),
    (b"content-type", b"application/json"),
    (b"sec-ch-ua", b'"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"'),
    (b"sec-ch-ua-mobile", b"?1"),
    (b"sec-ch-ua-platform", b'"Android"'),
]
_QUERY = (
    b"hints=%7B%22touchPoints%22%3A5%2C%22webdriver%22%3Afalse%2C%22model%22%3A%22Pixel%209%22%2C"
    b"%22platform%22%3A%22Android%22%2C%22platformVersion%22%3A%2216.0.0%22%2C%22mobile%22%3Atrue%7D"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print; with `--write`, put the table into the documentation."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.devices", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--write", action="store_true", help=f"put the table into {_PAGE.name}")
    options = parser.parse_args(arguments)
    cases = [*device_cases(), *crawler_cases()]
    table = "".join(f"{line}\n" for line in accuracy(cases))
    print(table)
    if options.write:
        before, _, rest = _PAGE.read_text(encoding="utf-8").partition(_BEGIN)
        _PAGE.write_text(before + _BEGIN + table + _END + rest.partition(_END)[2], encoding="utf-8")
    for line in speed(cases[:: len(cases) // _SAMPLE]):
        print(line)
    for line in cost():
        print(line)


def accuracy(cases: Sequence[Case]) -> Iterator[str]:
    """Yield a table: how many of each kind have the right type by three ways of looking."""
    ways: dict[str, Callable[[Case], str | None]] = {
        "clickkit": lambda case: _uncached(case.user_agent, case.hints).type,
        "its rules alone": lambda case: judge_unlisted(case.user_agent, case.hints).type,
        "user-agents alone": _by_user_agents,
    }
    right: dict[str, Counter[str]] = defaultdict(Counter)
    false_bots: Counter[str] = Counter()
    total = Counter(case.kind for case in cases)
    for name, way in ways.items():
        for case in cases:
            found = way(case)
            right[name][case.kind] += found == case.type
            false_bots[name] += found == "bot" != case.type
    yield f"Cases of {sources()}; share with the right type."
    yield ""
    yield f"| kind | type here | cases | {' | '.join(ways)} |"
    yield "|---|---|---:|" + "---:|" * len(ways)
    types = {case.kind: case.type for case in cases}
    for kind, count in total.most_common():
        shares = " | ".join(f"{100 * right[name][kind] / count:.1f} %" for name in ways)
        yield f"| {kind} | {types[kind]} | {count:,} | {shares} |"
    people = sum(case.type != "bot" for case in cases)
    shares = " | ".join(f"{false_bots[name]}" for name in ways)
    yield f"| people taken for bots | | {people:,} | {shares} |"


def _by_user_agents(case: Case) -> str:
    agent = user_agents.parse(case.user_agent)
    if agent.is_bot:
        return "bot"
    if agent.is_tablet:
        return "tablet"
    if agent.is_mobile:
        return "mobile"
    return "desktop" if agent.is_pc else "other"


def speed(cases: Sequence[Case]) -> Iterator[str]:
    """Yield parses a second without a cache, ours and those of `user-agents`, in rounds that take turns."""
    _uncached(cases[0].user_agent, None)
    ours = theirs = float("inf")
    for _ in range(_ROUNDS):
        ours = min(ours, _seconds(lambda case: _uncached(case.user_agent, case.hints), cases))
        theirs = min(theirs, _seconds(_by_user_agents, cases))
    yield f"uncached, {len(cases):,} different ones, best of {_ROUNDS}: {len(cases) / ours:,.0f} parses/s"
    yield f"user-agents alone, pure Python: {len(cases) / theirs:,.0f} parses/s"
    yield f"ours / user-agents: asked ≥ 3, reached {theirs / ours:.1f}"


def _seconds(look: Callable[[Case], object], cases: Sequence[Case]) -> float:
    began = time.perf_counter()
    for case in cases:
        look(case)
    return time.perf_counter() - began


def cost() -> Iterator[str]:
    """Yield what hints, device, place and language add to the processor time that the collector takes."""
    towns = read_towns().towns
    positions = [(town.latitude, town.longitude) for town in towns[:: len(towns) // _TOWNS]]
    taken = {
        name: min(
            _enrichment([_body(number, clicks_at_one, positions) for number in range(_CLICKS)])
            for _ in range(_ROUNDS)
        )
        for name, clicks_at_one in _POSITIONS.items()
    }
    rest = _collector_seconds() - taken[_NONE]
    yield f"enrichment adds to the {rest * 1e6:.1f} µs of processor time that a click takes; asked < 15 %:"
    for name, seconds in taken.items():
        yield f"  {name:<20} {seconds * 1e6:4.1f} µs: reached {100 * seconds / rest:.1f} %"


def _collector_seconds() -> float:
    """Return the processor seconds per click of `clickkit serve` on SQLite, single clicks over HTTP."""
    with tempfile.TemporaryDirectory(dir=PROJECT / "data", prefix="bench-") as name, ExitStack() as servers:
        server = start_ours(servers, Path(name) / "collector", f"sqlite:///{name}/clicks.db")
        asyncio.run(run_round(server.port, connections=_AT_ONCE, batch=1, seconds=_WARM_SECONDS))
        before = server.cpu_seconds()
        one = asyncio.run(run_round(server.port, connections=_AT_ONCE, batch=1, seconds=_SECONDS))
        return (server.cpu_seconds() - before) / one.acknowledged


def _body(number: int, clicks_at_one: int, positions: Sequence[tuple[float, float]]) -> bytes:
    """Return a click; of a visitor with a position it is somewhere within 5 km of one of these towns."""
    body = click_body()
    if not clicks_at_one:
        return body
    visitor = number // clicks_at_one
    latitude, longitude = positions[visitor % len(positions)]
    away = random.Random(visitor)
    place = {
        "latitude": latitude + away.uniform(-_AWAY, _AWAY),
        "longitude": longitude + away.uniform(-_AWAY, _AWAY),
    }
    return body[:-1] + b',"location":' + msgspec.json.encode(place) + b"}"


def _enrichment(bodies: Sequence[bytes]) -> float:
    """Return the seconds per click that hints and enrichment take, caches as they are after a while."""
    headers = dict(_HEADERS)
    events = [msgspec.json.decode(body, type=Event) for body in bodies]
    agent = headers[b"user-agent"].decode()
    now = dt.datetime.now(dt.UTC)
    locate.cache_clear()
    began = time.perf_counter()
    for event in events:
        hints = hints_of_request(headers, _QUERY)
        enrich(event, received_at=now, user_agent=agent, hints=hints, accept_language="en-GB")
    return (time.perf_counter() - began) / len(events)


if __name__ == "__main__":
    main()
