"""Conversion: how many did what was hoped for, by segment, each share with its interval."""

from duckdb import DuckDBPyRelation

from clickkit.analysis.question import ask, expression
from clickkit.analysis.wilson import wilson


def conversion(
    table: DuckDBPyRelation,
    *,
    converted: str,
    by: str | None = None,
    unit: str | None = None,
    confidence: float = 0.95,
) -> DuckDBPyRelation:
    """Return `segment, total, converted, rate, low, high`, ordered by segment; rates are 0 to 1.

    `converted` is an SQL condition on a row, and `by` an SQL expression for its segment (None: one
    segment, `all`). Without `unit` each row counts; with it, an expression such as `session_id`, each of
    its values counts once in a segment, as converted when one of its rows there is, and rows without it are
    left out. A condition that is null is not fulfilled. A null segment is a segment of its own.

    `low` and `high` are Wilson's interval (Wilson 1927; Newcombe 1998, method 3) of independent units.

        by_visitor = conversion(shoppers, converted="Revenue", by="VisitorType")
        by_device = conversion(events, converted="button = 'Pay'", by="device.type", unit="session_id")

    Raises:
        SettingsError: an expression cannot be asked of the table, or the confidence is not between 0 and 1.
    """
    low, high = wilson("converted", "total", confidence)
    return ask(
        table,
        f"""
        with marked as (
            select
                {expression(by)} as segment,
                {expression(unit, otherwise="true")} as unit,
                coalesce(cast({expression(converted)} as boolean), false) as is_converted
            from events
        ),
        units as ({_UNITS if unit else _ROWS}),
        counted as (
            select segment, count(*) as total, count(*) filter (where is_converted) as converted
            from units
            group by segment
        )
        select segment, total, converted, converted / total as rate, {low} as low, {high} as high
        from counted
        order by segment
        """,
    )


_ROWS = """
select segment, is_converted
from marked
"""
_UNITS = """
select segment, bool_or(is_converted) as is_converted
from marked
where unit is not null
group by segment, unit
"""
