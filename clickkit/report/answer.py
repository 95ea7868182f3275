"""What the lake says of a range: totals with their change, charts, and where every number comes from."""

import datetime as dt
import os
from collections.abc import Callable, Sequence

import duckdb
import msgspec

from clickkit.analysis import metrics
from clickkit.errors import ClickkitError, LakeError
from clickkit.lake.files import open_files
from clickkit.lake.reader import read_lake
from clickkit.lake.status import lake_status
from clickkit.report.figures import STEPS, Drawn, count_of, draw_figures
from clickkit.report.range import SOURCES, Range, read_range

_STEPS = STEPS + 3

Progress = Callable[[str, int, int], None]
"""Called before each question with what it is, how many are done, and how many there are."""


class Report(msgspec.Struct, frozen=True):
    """What the lake says of a range; `totals` are name, number and change, `sources` name, events, clicks."""

    range: Range
    events: int
    totals: list[tuple[str, int, str]]
    sources: list[tuple[str, int, int]]
    figures: list[Drawn]
    notice: str
    origin: list[tuple[str, str]]


def make_report(
    lake: str | os.PathLike[str], asked: Range, held: Sequence[dt.date], progress: Progress
) -> Report:
    """Ask the lake everything about a range; an error that `progress` raises ends it.

    Raises:
        LakeError: a part is damaged or cannot be read.
    """
    step = _Steps(progress)
    step("Opening the lake")
    everything = read_lake(lake, asked.since, asked.until)
    events = metrics.of_sources(everything, SOURCES[asked.counted])
    step("Counting")
    sources = metrics.by_source(everything).fetchall()
    now = metrics.totals(events).fetchall()[0]
    counted = sum(row[1] for row in sources if row[0] in SOURCES[asked.counted])
    step("Counting the range before")
    totals = _changes(lake, asked, held, now)
    figures = draw_figures(events, asked, now[0], step) if now[0] else []
    return Report(
        asked,
        counted,
        totals,
        sources,
        figures,
        _notice(asked, counted, now[0]),
        _origin(lake, asked, counted),
    )


class _Steps:
    """Progress that counts its own steps."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._done = 0

    def __call__(self, what: str) -> None:
        self._progress(what, self._done, _STEPS)
        self._done += 1


def _notice(asked: Range, counted: int, clicks: int) -> str:
    """Return what to do when there is nothing to draw, else nothing."""
    if clicks:
        return ""
    if counted:
        return (
            f"{count_of(counted, 'event')}, but no click: this page counts clicks. The download has all "
            "events, and metrics.by_page counts the views."
        )
    return (
        f"No {asked.counted} events from {asked.since} to {asked.until}: count others, or choose other days."
    )


def _changes(
    lake: str | os.PathLike[str], asked: Range, held: Sequence[dt.date], now: Sequence[int]
) -> list[tuple[str, int, str]]:
    """Return each total with its change against the range before, or why there is none."""
    names = ("Clicks", "Visitors", "Sessions")
    before, length = asked.before(), "day" if asked.days == 1 else f"{asked.days:,} days"
    if before.since < held[0]:
        why = f"no comparison: the lake begins on {held[0]}"
        return [(name, number, why) for name, number in zip(names, now, strict=True)]
    then: Sequence[int] = (0, 0, 0)
    if any(before.since <= day <= before.until for day in held):
        try:
            then = metrics.totals(read_range(lake, before)).fetchall()[0]
        except (LakeError, duckdb.Error):
            why = f"no comparison: {before.since} to {before.until} cannot be read"
            return [(name, number, why) for name, number in zip(names, now, strict=True)]
    compared = zip(names, now, then, strict=True)
    return [(name, new, f"{_change(new, old)} the {length} before ({old:,})") for name, new, old in compared]


def _change(new: int, old: int) -> str:
    if new == old:
        return "the same as"
    if old == 0:
        return f"+{new:,} on"
    percent = (new - old) / old * 100
    return f"{'+' if percent > 0 else '−'}{abs(percent):,.1f} % on"  # noqa: RUF001 (a minus sign)


def _origin(lake: str | os.PathLike[str], asked: Range, counted: int) -> list[tuple[str, str]]:
    """Say where every number comes from, as names and values."""
    which = "recorded and simulated" if asked.counted == "all" else asked.counted
    origin = [
        ("Range", f"{asked.since} to {asked.until} (UTC, both included)"),
        ("Rows", f"{count_of(counted, 'event')}, {which}"),
        ("Lake", open_files(lake).url),
    ]
    try:
        status = lake_status(lake)
    except ClickkitError as error:
        return [*origin, ("Manifests", f"their digest is unknown: {error}")]
    return [
        *origin,
        ("Holds", f"{count_of(status.rows, 'event')}, {status.first} to {status.last}"),
        ("Manifests", f"SHA-256 {status.digest}"),
        ("Exported", f"{status.last_export:%Y-%m-%d %H:%M:%S} UTC"),
    ]
