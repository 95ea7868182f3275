"""One SELECT asked of a relation, and the literals that stand in it."""

import datetime as dt
from typing import cast

import duckdb
from duckdb import DuckDBPyRelation

from clickkit.errors import SettingsError


def ask(relation: DuckDBPyRelation, sql: str, *, name: str = "events") -> DuckDBPyRelation:
    """Ask one SELECT of a relation, which it calls `name`.

    Raises:
        SettingsError: a condition or an expression that the caller put in is no SQL, or names a column
            that is not there.
    """
    try:
        return cast(DuckDBPyRelation, relation.query(name, sql))
    except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(
            f"{name} cannot be asked this: {reason}; check the SQL that was given, such as event = 'click'"
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
