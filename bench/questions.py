"""Ask a lake of many events four questions: clickkit beside SQL written by hand, and beside pandas."""

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
from duckdb import DuckDBPyRelation

from bench import by_hand, in_pandas
from bench.servers import PROJECT
from bench.sessions_lake import write_sessions
from clickkit import read_lake
from clickkit.analysis import channels, funnels, retention, sessions

Rows = list[tuple[Any, ...]]

_ROUNDS = 5
_MOST_OF_SQL = 1.3
_LEAST_OF_PANDAS = 10.0
_STEPS = {"product": "button = 'Product'", "cart": "button = 'Cart'", "pay": "button = 'Pay'"}
_TOLERANCE = 1e-9


class Question(msgspec.Struct, frozen=True):
    """One question, and how each of the three is asked."""

    name: str
    ours: Callable[[DuckDBPyRelation], DuckDBPyRelation]
    sql: str
    pandas: Callable[[in_pandas.Read], Rows]


QUESTIONS = (
    Question("count by button and day", channels.buttons_over_time, by_hand.COUNT, in_pandas.count),
    Question("sessions, 30 minutes' gap", sessions.summary, by_hand.SESSIONS, in_pandas.sessions),
    Question(
        "funnel of three steps",
        lambda events: funnels.funnel(events, _STEPS).project("step, entered, median_seconds"),
        by_hand.FUNNEL,
        in_pandas.funnel,
    ),
    Question(
        "retention by week",
        lambda events: retention.retention(events).project("cohort, period, visitors, active, share"),
        by_hand.RETENTION,
        in_pandas.retention,
    ),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a lake, ask each question in four ways, and print what was asked for and what was reached."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.questions", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--events", type=int, default=10_000_000, help="events in the lake (10,000,000)")
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help=f"rounds of clickkit and SQL ({_ROUNDS})")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=PROJECT / "data", prefix="bench-") as name:
        for line in measure(Path(name) / "lake", options.events, options.rounds):
            print(line, flush=True)


def measure(lake: Path, events: int, rounds: int) -> Iterator[str]:
    """Write a lake and yield what is printed of each question.

    Raises:
        RuntimeError: the three answers to a question differ.
    """
    written = write_sessions(lake, events)
    files = sorted(lake.rglob("*.parquet"))
    yield f"lake: {written:,} events, {sum(file.stat().st_size for file in files) / 1e6:,.0f} MB"
    for question in QUESTIONS:
        yield from _compare(question, lake, files, rounds)


def _compare(question: Question, lake: Path, files: Sequence[Path], rounds: int) -> Iterator[str]:
    """Ask in turns, so that what else the machine does falls on both; pandas once each, as it takes long."""
    names = [str(file) for file in files]
    reads: dict[str, in_pandas.Read] = {
        "the columns needed": lambda columns: pd.read_parquet(names, columns=columns),
        "the whole lake": lambda _columns: pd.read_parquet(names),
    }
    in_frames = {what: _timed(question.pandas, read) for what, read in reads.items()}
    took: list[tuple[float, float]] = []
    for _ in range(rounds):
        here, answer = _timed(lambda: question.ours(read_lake(lake)).fetchall())
        there, expected = _timed(by_hand.ask, question.sql, files)
        _check(question.name, answer, "SQL by hand", expected)
        took.append((here, there))
    for what, (_, found) in in_frames.items():
        _check(question.name, answer, f"pandas, {what} read", found)
    ours_seconds, sql_seconds = (statistics.median(seconds) for seconds in zip(*took, strict=True))
    pandas_seconds = ", ".join(f"{seconds:.1f}" for seconds, _ in in_frames.values())
    yield (
        f"  {question.name:<26} clickkit {ours_seconds:6.2f} s   SQL {sql_seconds:6.2f} s   "
        f"pandas {pandas_seconds} s   the same {len(answer):,} rows"
    )
    yield _line("clickkit / SQL by hand", f"≤ {_MOST_OF_SQL}", ours_seconds / sql_seconds)
    for what, (seconds, _) in in_frames.items():
        yield _line(f"pandas / clickkit, {what} read", f"≥ {_LEAST_OF_PANDAS:.0f}", seconds / ours_seconds)


def _check(question: str, answer: Rows, other: str, expected: Rows) -> None:
    if not same(answer, expected):
        raise RuntimeError(f"{question}: {answer[:5]} is not the answer of {other}: {expected[:5]}")


def same(one: Rows, other: Rows) -> bool:
    """Return whether two answers are the same, fractions to nine digits."""
    return len(one) == len(other) and all(
        len(left) == len(right) and all(map(_equal, left, right))
        for left, right in zip(one, other, strict=True)
    )


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_TOLERANCE) or (math.isnan(one) and math.isnan(other))
    return bool(one == other)


def _timed(ask: Callable[..., Rows], *given: Any) -> tuple[float, Rows]:
    began = time.perf_counter()
    answer = ask(*given)
    return time.perf_counter() - began, answer


def _line(what: str, asked: str, reached: float) -> str:
    return f"    {what:<42}  asked  {asked:>6}   reached {reached:.2f}"


if __name__ == "__main__":
    main()
