"""The range of days that is asked for, and its events."""

import datetime as dt
import os
from collections.abc import Sequence
from typing import Literal

import duckdb
import msgspec

from clickkit.analysis import metrics
from clickkit.errors import LakeError, SettingsError
from clickkit.lake.files import open_files, parts_by_day
from clickkit.lake.layout import as_day
from clickkit.lake.reader import read_lake

SOURCES = {"all": metrics.SOURCES, "recorded": ("recorded",), "simulated": ("simulated",)}
"""The sources that each choice counts."""


class Asked(msgspec.Struct, frozen=True):
    """A question: the last `days` of the lake or "all", else the days from `since` to `until`."""

    days: Literal["7", "30", "all", ""] = "7"
    since: str = ""
    until: str = ""
    counted: Literal["all", "recorded", "simulated"] = "all"


class Range(msgspec.Struct, frozen=True):
    """UTC days from `since` to `until`, both included, and which events of them are `counted`."""

    since: dt.date
    until: dt.date
    counted: str

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.until - self.since).days + 1

    @property
    def name(self) -> str:
        """A name for files: `clicks-2026-11-16-2026-11-22`."""
        which = "" if self.counted == "all" else f"-{self.counted}"
        return f"clicks-{self.since}-{self.until}{which}"

    def before(self) -> "Range":
        """Return the range of equal length that ends the day before."""
        length = dt.timedelta(days=self.days)
        return Range(self.since - length, self.until - length, self.counted)


def days_held(lake: str | os.PathLike[str]) -> list[dt.date]:
    """Return the days of which a lake has events, the oldest first.

    Raises:
        LakeError: there is no such lake, or it cannot be read.
    """
    return list(parts_by_day(open_files(lake)))


def range_of(asked: Asked, held: Sequence[dt.date]) -> Range:
    """Return the range that a question means in a lake that holds some days.

    Raises:
        SettingsError: a day is missing, is none or lies outside the lake, or the range is reversed.
        LakeError: the lake has no events in that range.
    """
    first, last = held[0], held[-1]
    if asked.days == "all":
        return Range(first, last, asked.counted)
    if asked.days:
        return Range(max(first, last - dt.timedelta(days=int(asked.days) - 1)), last, asked.counted)
    if not (asked.since and asked.until):
        raise SettingsError("A day is missing: choose both, from and to.")
    since, until = as_day(asked.since), as_day(asked.until)
    if until < since:
        raise SettingsError(f"The range is reversed: {since} lies after {until}. Swap the two days.")
    if since < first or until > last:
        raise SettingsError(
            f"The lake holds {first} to {last}: choose days among these, not {since} to {until}."
        )
    if not any(since <= day <= until for day in held):
        raise LakeError(
            f"The lake has no events from {since} to {until}. Choose other days, or export these: "
            f"clickkit export --since {since} --until {until}"
        )
    return Range(since, until, asked.counted)


def read_range(lake: str | os.PathLike[str], asked: Range) -> duckdb.DuckDBPyRelation:
    """Return the counted events of a range."""
    return metrics.of_sources(read_lake(lake, asked.since, asked.until), SOURCES[asked.counted])


def copy_statement(lake: str | os.PathLike[str], asked: Range) -> str:
    """Return the SQL by which DuckDB writes a range to a Parquet file without a browser."""
    folder = open_files(lake).url.partition("?")[0].replace("'", "''")
    end = asked.until + dt.timedelta(days=1)
    return (
        f"copy (from read_parquet('{folder}/clicks/**/*.parquet', union_by_name = true)\n"
        f"where timestamp >= '{asked.since}T00:00:00Z' and timestamp < '{end}T00:00:00Z'\n"
        f"and ({metrics.is_of_sources(SOURCES[asked.counted])}))\n"
        f"to '{asked.name}.parquet'"
    )
