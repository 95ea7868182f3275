"""Measure the collector against other ways of doing the same work, all in one run: `make bench`.

The ceiling (bare ASGI and msgspec, under uvicorn as it comes and under our server), `clickkit serve` on
SQLite, on a DynamoDB that answers at once and on dynalite, and an Express service with one PutItem a click.
Nothing fails the run: it prints what was asked for and what was reached.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import uvloop

from bench.measurement import count_stored, measure, measure_memory
from bench.report import Report, lines, to_json
from bench.servers import PROJECT
from bench.subjects import DATABASE, SQLITE, start_all, start_ours

_ROUNDS_SECONDS = 480  # with the memory run after them, the bench stays under 10 minutes
_WHOLE = {"rounds": 3, "seconds": 3.0, "memory_clicks": 1_000_000, "memory_seconds": 100}
_QUICK = {"rounds": 1, "seconds": 0.7, "memory_clicks": 100_000, "memory_seconds": 20}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the bench and print its report; whatever it starts ends with it."""
    options = _options(arguments)
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        report = _run(options)
    except KeyboardInterrupt:
        sys.exit("stopped; every server that was started has ended")
    for line in lines(report):
        print(line)
    if options.json:
        options.json.write_bytes(to_json(report))


def _run(options: argparse.Namespace) -> Report:
    """Start the servers on the project's own disk (a temporary folder may lie in memory) and measure."""
    deadline = time.monotonic() + _ROUNDS_SECONDS
    with tempfile.TemporaryDirectory(dir=PROJECT / "data", prefix="bench-") as name, ExitStack() as servers:
        folder = Path(name)
        _say("starting the servers")
        subjects = start_all(servers, folder)
        cells, acknowledged = uvloop.run(
            measure(subjects, rounds=options.rounds, seconds=options.seconds, deadline=deadline, say=_say)
        )
        stored = count_stored(folder / DATABASE)
        _say(f"{options.memory_clicks:,} clicks for the memory")
        fresh = start_ours(servers, folder / "memory", f"sqlite:///{folder}/memory/clicks.db")
        memory = uvloop.run(
            measure_memory(fresh, clicks=options.memory_clicks, seconds=options.memory_seconds)
        )
        return Report(cells=cells, memory=memory, acknowledged=acknowledged[SQLITE], stored=stored)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options, those left out as long as `--quick` allows."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.collector", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--quick", action="store_true", help="short rounds: about 90 s, not 9 minutes")
    parser.add_argument("--rounds", type=int, help="rounds, of which the median is taken (3; quick: 1)")
    parser.add_argument("--seconds", type=float, help="seconds of each cell in a round (3; quick: 0.7)")
    parser.add_argument(
        "--memory-clicks", type=int, help="clicks to watch the memory (1,000,000; quick: 100,000)"
    )
    parser.add_argument("--memory-seconds", type=float, help="the most that they may take (100; quick: 20)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there as JSON, too")
    options = parser.parse_args(arguments)
    for name, value in (_QUICK if options.quick else _WHOLE).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
