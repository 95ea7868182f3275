"""One SELECT asked of a relation, and what is checked or put in brackets before it stands in it."""

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from typing import cast

import duckdb
from duckdb import DuckDBPyRelation

from clickkit.errors import SettingsError

_UTC = ("UTC", "Etc/UTC", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu", "Universal", "GMT", "Etc/GMT", "Greenwich")


def ask(relation: DuckDBPyRelation, sql: str, *, name: str = "events") -> DuckDBPyRelation:
    """Ask one SELECT of a relation, which it calls `name`.

    Raises:
        SettingsError: a condition or an expression that the caller put in is no SQL, or names a column
            that is not there; or the connection of the relation would take days by another clock than UTC.
    """
    if not isinstance(relation, DuckDBPyRelation):
        raise SettingsError(
            f"{name} is a {type(relation).__name__}, no relation: take one from read_lake, or make one of a "
            "frame with duckdb.from_df(frame)"
        )
    _check_clock(relation)
    try:
        return cast(DuckDBPyRelation, relation.query(name, sql))
    except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(
            f"{name} cannot be asked this: {reason}; check the SQL that was given, such as event = 'click'"
        ) from error


def together(answers: Sequence[tuple[Mapping[str, str], DuckDBPyRelation]]) -> DuckDBPyRelation:
    """Return the rows of several answers with the same columns, as one SELECT.

    All are of one connection. In front stand `place` (1, 2, … in the order of the answers) and what each is
    labelled with: name to SQL. An answer without rows has one, of nulls.
    """
    rows = []
    for place, (labels, answer) in enumerate(answers, 1):
        shown = ", ".join([f"{place} as place", *(f"{sql} as {name}" for name, sql in labels.items())])
        chosen = f"{shown}, {columns(answer)}"
        rows.append(ask(answer, f"select {chosen} from (select 1) as once left join events on true"))
    return functools.reduce(DuckDBPyRelation.union, rows)


def _check_clock(relation: DuckDBPyRelation) -> None:
    """Refuse moments on a connection whose time zone is not UTC: its days would begin at other hours."""
    if not any("TIME ZONE" in str(kind) for kind in relation.types):
        return
    found = cast(DuckDBPyRelation, relation.query("events", "select current_setting('TimeZone')"))
    ((zone,),) = found.fetchall()
    if zone not in _UTC:
        raise SettingsError(
            f"the connection's time zone is {zone}, and days are UTC here: "
            "connection.execute(\"set TimeZone = 'UTC'\") first"
        )


def text(value: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def column(name: str) -> str:
    """Return a column's name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def columns(events: DuckDBPyRelation) -> str:
    """Return the names of all columns of a relation, as SQL writes them, with commas."""
    return ", ".join(f"events.{column(name)}" for name in events.columns)


def as_day(value: dt.date | str) -> dt.date:
    """Return a day; a text is written as 2026-11-23.

    Raises:
        SettingsError: it is not.
    """
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError as error:
        raise SettingsError(f"no day {value!r}: write it as 2026-11-23") from error


def microseconds(name: str, length: dt.timedelta) -> int:
    """Return a length of time in microseconds, exactly; `name` is the argument's, for the error.

    Raises:
        SettingsError: the length is not more than nothing.
    """
    if length <= dt.timedelta(0):
        raise SettingsError(
            f"{name} is {length}: write a length of time over zero, as in timedelta(minutes=30)"
        )
    return length // dt.timedelta(microseconds=1)


def utc(moment: str) -> str:
    """Return the SQL of a moment as a UTC timestamp without a zone.

    Days and hours of a timestamp with a zone go through ICU's calendar, which takes DuckDB three times as
    long; and its difference of two takes twenty times as long as that of numbers.
    """
    return f"make_timestamp(epoch_us({moment}))"


def day(moment: str) -> str:
    """Return the SQL of a moment's day in UTC."""
    return f"cast({utc(moment)} as date)"


def elapsed(earlier: str, later: str) -> str:
    """Return the SQL of the whole microseconds from one moment to another."""
    return f"epoch_us({later}) - epoch_us({earlier})"


def last_if_null(number: str) -> str:
    """Return the SQL of a whole number that orders null last: engines differ on nulls in a pair."""
    return f"coalesce({number}, {2**63 - 1})"


def seconds(earlier: str, later: str) -> str:
    """Return the SQL of the seconds from one moment to another."""
    return f"({elapsed(earlier, later)}) / 1e6"


def expression(sql: str | None, *, otherwise: str = "'all'") -> str:
    """Return an SQL expression in brackets, so that it stays one whole; None: another one."""
    return f"({sql or otherwise})"


def check_share(name: str, value: float) -> float:
    """Return a number that lies between 0 and 1.

    Raises:
        SettingsError: it does not.
    """
    if not 0 < value < 1:
        raise SettingsError(f"{name} is {value!r}: write a number between 0 and 1, as in 0.95")
    return value
