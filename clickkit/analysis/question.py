"""One SELECT asked of events, and the literals that stand in it."""

import datetime as dt
from typing import cast

import duckdb
from duckdb import DuckDBPyRelation

from clickkit.errors import SettingsError


def ask(events: DuckDBPyRelation, sql: str) -> DuckDBPyRelation:
    """Ask one SELECT of a relation, which it calls `events`.

    Raises:
        SettingsError: the SQL, mostly a condition that was given, cannot be understood.
    """
    try:
        return cast(DuckDBPyRelation, events.query("events", sql))
    except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException) as error:
        raise SettingsError(
            f"the question cannot be understood: {error}; "
            "write conditions in SQL over the columns of events, such as event = 'click'"
        ) from error


def text(value: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def column(name: str) -> str:
    """Return a column's name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def columns(events: DuckDBPyRelation) -> str:
    """Return the names of all columns of a relation, as SQL writes them, with commas."""
    return ", ".join(f"events.{column(name)}" for name in events.columns)


def interval(name: str, length: dt.timedelta) -> str:
    """Return a length of time as SQL writes it; `name` is the argument's, for the error.

    Raises:
        SettingsError: the length is not more than nothing.
    """
    if length <= dt.timedelta(0):
        raise SettingsError(
            f"{name} is {length}: write a length of time over zero, as in timedelta(minutes=30)"
        )
    return f"interval '{microseconds(length)}' microsecond"


def microseconds(length: dt.timedelta) -> int:
    """Return a length of time in microseconds, exactly."""
    return length // dt.timedelta(microseconds=1)
