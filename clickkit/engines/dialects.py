"""What sqlglot leaves as it is, or translates to something near: the rest of DuckDB's words in two dialects.

A rule takes a node of a statement, whose parts are translated already, and returns what stands there instead.
Spark's and Trino's clocks are UTC.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import sqlglot
from sqlglot import exp

from clickkit.errors import SettingsError

Rule = Callable[[exp.Expr], exp.Expr]


class _Quantile(NamedTuple):
    """An interpolated quantile (Hyndman and Fan 1996, definition 7): of what, which, and of which rows."""

    values: exp.Expr
    share: exp.Expr
    where: exp.Expr | None


def to_spark(node: exp.Expr) -> exp.Expr:
    """Return what Spark 4 says for a node."""
    if moment := _moment(node):
        return exp.func("unix_micros", moment)
    if isinstance(node, exp.DayOfWeekIso):
        return exp.paren(exp.func("weekday", node.this) + 1)
    if isinstance(node, exp.Try) and isinstance(node.this, exp.Anonymous):
        return exp.func(f"try_{node.this.name}", *node.this.expressions)
    if _is_fraction(node):
        return exp.Literal.number(f"{node.this}D")
    if quantile := _quantile(node):
        return _filtered(exp.func("percentile", quantile.values, quantile.share), quantile.where)
    return _either(node)


def to_trino(node: exp.Expr) -> exp.Expr:
    """Return what Trino, and so Athena, says for a node."""
    if moment := _moment(node):
        micros = exp.func("to_unixtime", moment) * exp.Literal.number("1e6")
        return exp.cast(exp.func("round", micros), "bigint")
    if isinstance(node, exp.IntDiv):
        return exp.paren(exp.Div(this=node.this, expression=node.expression, typed=True))
    if isinstance(node, exp.Greatest | exp.Least) and len(node.expressions) == 1:  # null if either is
        return exp.func("coalesce", node.copy(), node.this, *node.expressions)
    if isinstance(node, exp.RegexpExtract):
        group = node.args.get("group") or exp.Literal.number(0)
        found = exp.Anonymous(this="regexp_extract", expressions=[node.this, node.expression, group])
        return exp.Case().when(
            node.this.is_(exp.null()).not_(), exp.func("coalesce", found, exp.Literal.string(""))
        )
    if _is_fraction(node):
        return exp.Literal.number(f"{node.this}E0")
    if quantile := _quantile(node):
        return _of_sorted_array(quantile)
    return _either(node)


RULES: Mapping[str, Rule] = {"spark": to_spark, "trino": to_trino}


def translate(statement: exp.Expr, rule: Rule) -> exp.Expr:
    """Apply a rule to every node of a statement, to the parts of a node before the node itself."""
    for node in reversed(list(statement.walk(bfs=False))):
        other = rule(node)
        if other is not node:
            if node is statement:
                statement = other
            node.replace(other)
    return statement


def _either(node: exp.Expr) -> exp.Expr:
    """Return what both say: a `make_timestamp` of microseconds is the moment; `min_by` passes over nulls."""
    if isinstance(node, exp.UnixToTime) and (moment := _micros(node.this)):
        return moment
    if isinstance(node, exp.ArgMin | exp.ArgMax):
        return _filtered(node.copy(), node.this.is_(exp.null()).not_())
    if isinstance(node, exp.CTE):
        node.set("materialized", None)
    return node


def _is_fraction(node: exp.Expr) -> bool:
    """Return whether a node is a number such as 0.25, which is a decimal elsewhere, and divided as such."""
    return (
        isinstance(node, exp.Literal)
        and not node.is_string
        and "." in node.this
        and "e" not in node.this.lower()
    )


def _micros(node: exp.Expr) -> exp.Expr | None:
    is_call = isinstance(node, exp.Anonymous) and node.name.lower() == "epoch_us"
    return node.expressions[0] if is_call else None


def _moment(node: exp.Expr) -> exp.Expr | None:
    """Return the moment whose microseconds since 1970 a node asks for, unless it is turned back at once."""
    return None if isinstance(node.parent, exp.UnixToTime) else _micros(node)


def _quantile(node: exp.Expr) -> _Quantile | None:
    inner = node.this if isinstance(node, exp.Filter) else node
    where = node.expression.this if isinstance(node, exp.Filter) else None
    if isinstance(node.parent, exp.Filter):
        return None
    if isinstance(inner, exp.Median | exp.PercentileCont) and isinstance(node.parent, exp.Window):
        raise SettingsError(f"{node.sql('duckdb')} is over a window: group and join, for Spark and Trino")
    if isinstance(inner, exp.PercentileCont) and inner.expression is not None:
        return _Quantile(inner.this, inner.expression, where)
    if isinstance(inner, exp.Median):
        return _Quantile(inner.this, exp.Literal.number("5e-1"), where)
    if isinstance(inner, exp.WithinGroup) and isinstance(inner.this, exp.PercentileCont):
        return _Quantile(inner.expression.expressions[0].this, inner.this.this, where)
    return None


def _filtered(aggregate: exp.Expr, where: exp.Expr | None) -> exp.Expr:
    return aggregate if where is None else exp.Filter(this=aggregate, expression=exp.Where(this=where))


def _of_sorted_array(quantile: _Quantile) -> exp.Expr:
    """Return the quantile of an aggregate's values, which Trino has only nearly: from their sorted array.

    The array stands once, as the only element of another one, whose `transform` reads it.
    """
    known = quantile.values.is_(exp.null()).not_()
    where = known if quantile.where is None else exp.and_(known, quantile.where)
    values = exp.func("array_sort", _filtered(exp.func("array_agg", quantile.values, dialect="trino"), where))
    share = quantile.share.sql()
    below = f"{share} * (cardinality(a) - 1)"
    place = f"cast(floor({below}) as bigint) + 1"
    after = f"a[least({place} + 1, cardinality(a))] - a[{place}]"
    step = f"a[{place}] + ({below} - floor({below})) * ({after})"
    one = sqlglot.parse_one(f"element_at(transform(array[x], a -> {step}), 1)", dialect="trino")
    for column in [found for found in one.find_all(exp.Column) if found.name == "x"]:
        column.replace(values)
    return one
