"""From a metric to a statement in another engine's words.

The metric is asked of a table with the lake's columns and no events. So DuckDB says what is wrong with the
question before another engine is paid for it, and gives back the SELECT, which sqlglot translates.
"""

import datetime as dt
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, get_args

import duckdb
import pyarrow as pa
import sqlglot
from duckdb import DuckDBPyRelation
from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify

from clickkit.engines.dialects import RULES, translate
from clickkit.errors import SettingsError
from clickkit.event import SCHEMA

Dialect = Literal["spark", "trino"]
Metric = Callable[[DuckDBPyRelation], DuckDBPyRelation]

_STAND_IN = "events_of_the_lake"


def statement(
    metric: Metric,
    dialect: Dialect,
    *,
    table: str = "events",
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> str:
    """Return the SELECT that a metric asks of a lake's events, in the words of Spark or of Trino.

    `metric` takes events and returns one relation, such as `metrics.by_button`, or a lambda that gives it its
    options. `table` is the engine's name for the events, `database.table` if need be: a Spark view of the
    lake's folder `clicks`, or Athena's table. Only the partitions from `since` to `until` (UTC days, both
    included) are read; None: as far as the lake goes. The session's time zone must be UTC.

    Raises:
        SettingsError: there is no such dialect; the metric cannot be asked so, or looks at events itself
            before it asks: take the answer that it needs from the engine, and ask that.
    """
    if dialect not in get_args(Dialect):
        raise SettingsError(f"no dialect {dialect!r}: choose from {', '.join(get_args(Dialect))}")
    events = _stand_in()
    columns = dict(zip(events.columns, map(str, events.types), strict=True))
    try:
        asked = metric(_between(events, since, until)).sql_query()
    except duckdb.InvalidInputException as error:
        if _STAND_IN not in str(error):
            raise
        raise SettingsError(
            "this question looks at events before it asks, and is no single SELECT: ask the engine for the "
            "table that it needs, such as outcomes, and ask that table here"
        ) from error
    parsed = sqlglot.parse_one(asked, dialect="duckdb")
    _give_unique_names(parsed, {}, itertools.count())
    schema: dict[str, object] = {_STAND_IN: columns}
    known = pushdown_projections(qualify(parsed, dialect="duckdb", schema=schema))
    known = annotate_types(known, schema=schema, dialect="duckdb")
    for named in list(known.find_all(exp.Table)):
        if named.name == _STAND_IN:
            named.replace(exp.to_table(table, alias=named.alias, dialect=dialect))
    return translate(known, RULES[dialect]).sql(dialect, pretty=True)


def _stand_in() -> DuckDBPyRelation:
    """Return a relation with the lake's columns, which ends with an error when somebody reads it."""
    schema = pa.schema([*SCHEMA, *((name, pa.int32()) for name in ("year", "month", "day"))])
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    connection.register(_STAND_IN, pa.RecordBatchReader.from_batches(schema, _nothing()))
    return connection.view(_STAND_IN)


def _nothing() -> Iterator[pa.RecordBatch]:
    raise RuntimeError("there are no events here")
    yield


def _between(events: DuckDBPyRelation, since: dt.date | None, until: dt.date | None) -> DuckDBPyRelation:
    """Return the events of some days, by conditions on the partitions' columns, each of which prunes."""
    conditions = []
    for day, beyond in ((since, ">"), (until, "<")):
        if day is not None:
            conditions.append(
                f"year {beyond}= {day.year} and (year {beyond} {day.year} or month {beyond} {day.month} "
                f"or (month = {day.month} and day {beyond}= {day.day}))"
            )
    return events.filter(" and ".join(conditions)) if conditions else events


def _give_unique_names(node: exp.Expr, names: Mapping[str, str], numbers: Iterator[int]) -> None:
    """Give each common table a name of its own: DuckDB's may hide one another, other engines' may not."""
    names = dict(names)
    common = node.args.get("with_")
    for table in common.expressions if common else ():
        _give_unique_names(table.this, names, numbers)
        names[table.alias.lower()] = new = f"t{next(numbers)}"
        table.set(
            "alias",
            exp.TableAlias(this=exp.to_identifier(new), columns=table.args["alias"].args.get("columns")),
        )
    if isinstance(node, exp.Table) and node.name.lower() in names:
        if not node.alias:
            node.set("alias", exp.TableAlias(this=exp.to_identifier(node.name)))
        node.set("this", exp.to_identifier(names[node.name.lower()]))
    for child in node.iter_expressions():
        if child is not common:
            _give_unique_names(child, names, numbers)
