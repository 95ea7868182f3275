"""Measure how often the type of a device is right, how fast it is found, and what it costs per click.

Accuracy is measured on what others have written down (`device_cases.py`), kind by kind, beside
`user-agents` alone on the same cases. `--write` puts the table into docs/devices.md.
"""

import argparse
import asyncio
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import user_agents

from bench.clicks import click_body
from bench.device_cases import Case, crawler_cases, device_cases, sources
from bench.servers import PROJECT
from clickkit import connect
from clickkit.capture.client_hints import ClientHints, hints_of_request
from clickkit.capture.collector import Collector
from clickkit.capture.device import detect_device, judge_unlisted
from clickkit.service import make_collector

_PAGE = PROJECT / "docs" / "devices.md"
_BEGIN, _END = "<!-- made by `python -m bench.devices --write` -->\n", "<!-- end -->\n"
_SAMPLE = 2_000
_ROUNDS = 3
_CLICKS = 4_000
_AT_ONCE = 64

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
    print(cost())


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


def cost() -> str:
    """Return the share that hints and device have in the collector's time per click, in one process."""
    headers = dict(_HEADERS)
    agent = headers[b"user-agent"].decode()
    detect_device(agent, hints_of_request(headers, _QUERY))
    began = time.perf_counter()
    for _ in range(_CLICKS):
        hints: ClientHints | None = hints_of_request(headers, _QUERY)
        detect_device(agent, hints)
    device = (time.perf_counter() - began) / _CLICKS
    with tempfile.TemporaryDirectory(dir=PROJECT / "data", prefix="bench-") as name:
        store = connect(f"sqlite:///{name}/clicks.db")
        click = asyncio.run(_serve(make_collector(store, Path(name))))
        store.close()
    return (
        f"hints and device: {device * 1e6:.1f} µs of the collector's {click * 1e6:.1f} µs a click; "
        f"asked < 15 %, reached {100 * device / click:.1f} %"
    )


async def _serve(collector: Collector) -> float:
    """Return the seconds per click of a collector that answers many at once, without a network."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/clicks",
        "query_string": _QUERY,
        "headers": _HEADERS,
        "client": ("127.0.0.1", 1),
    }

    async def send(_message: object) -> None:
        pass

    async def sender() -> None:
        for _ in range(_CLICKS // _AT_ONCE):
            message = {"type": "http.request", "body": click_body(), "more_body": False}

            async def receive(message: dict[str, object] = message) -> dict[str, object]:
                return message

            await collector(scope, receive, send)

    began = time.perf_counter()
    await asyncio.gather(*(sender() for _ in range(_AT_ONCE)))
    return (time.perf_counter() - began) / (_CLICKS // _AT_ONCE * _AT_ONCE)


if __name__ == "__main__":
    main()
