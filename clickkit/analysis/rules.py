"""Rules at reading time: which events count is said by the question, never by the capture."""

import datetime as dt
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from duckdb import DuckDBPyRelation

from clickkit.analysis.question import ask, column, columns, elapsed, microseconds, text, together
from clickkit.errors import SettingsError

INTERNAL = "coalesce(properties->>'internal' = 'true', false)"
"""The SQL condition of internal traffic: what the site's own staff did."""

ALTERNATIVES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "all events": {"bots": True, "internal": None},
        "without bots": {"internal": None},
        "without bots and internal": {},
        "also without repeats in 1 s": {"repeats_within": dt.timedelta(seconds=1)},
    }
)
"""The sets of rules that `alternatives` compares: name to options of `apply_rules`."""


def apply_rules(
    events: DuckDBPyRelation,
    *,
    bots: bool = False,
    internal: str | None = INTERNAL,
    repeats_within: dt.timedelta | None = None,
) -> DuckDBPyRelation:
    """Return the events that count, with all their columns.

    `bots` says whether events of devices recognised as bots stay; an unknown device is none.
    `internal` is the SQL condition of internal traffic, which is left out; None: it stays.
    `repeats_within` leaves out a click of the same visitor on the same button of the same page that
    comes at most so long after the one before, itself a repeat or not: of a burst the first stays.
    None: repeats stay. Clicks without a visitor are never repeats.

    Raises:
        SettingsError: the condition cannot be understood, or the time is not over zero.
    """
    conditions = [] if bots else ["device.is_bot is not true"]
    if internal is not None:
        conditions.append(f"({internal}) is not true")
    counted = ask(events, f"select {columns(events)} from events where {' and '.join(conditions) or 'true'}")
    return counted if repeats_within is None else _without_repeats(counted, repeats_within)


def _without_repeats(events: DuckDBPyRelation, within: dt.timedelta) -> DuckDBPyRelation:
    """Return events without repeated clicks: the window runs over clicks and few columns only.

    Copies of a click differ in `received_at` alone. Rows that do not differ are one: else each would be the
    other's repeat, and none would stay.
    """
    return ask(
        events,
        f"""
        with clicks as (
            select distinct id, timestamp, received_at, sequence, visitor_id, button, page_url
            from events
            where event = 'click' and visitor_id is not null
        ),
        followed as (
            select
                id,
                timestamp,
                received_at,
                lag(timestamp) over (
                    partition by visitor_id, button, page_url
                    order by timestamp, sequence, id, received_at
                ) as before
            from clicks
        ),
        repeats as (
            select id, timestamp, received_at
            from followed
            where {elapsed("before", "timestamp")} <= {microseconds("repeats_within", within)}
        )
        select {columns(events)}
        from events
        left join repeats
            on repeats.id = events.id
            and repeats.timestamp = events.timestamp
            and repeats.received_at is not distinct from events.received_at
        where repeats.id is null
        """,
    )


def alternatives(
    events: DuckDBPyRelation,
    metric: Callable[[DuckDBPyRelation], DuckDBPyRelation],
    number: str,
    *,
    rules: Mapping[str, Mapping[str, Any]] = ALTERNATIVES,
) -> DuckDBPyRelation:
    """Return a metric's main number under each set of rules: `rules, number, change`, in their order.

    `metric` takes events and returns one row, whose column `number` is shown (double); `change` is the
    share by which it differs from the first set's, 0.02 for 2 % more. `rules` maps a name to options of
    `apply_rules`. More than one row is an error when the relation is read.

        alternatives(events, metrics.totals, "clicks")

    Raises:
        SettingsError: no rules were given, or the metric has no such column.
    """
    if not rules:
        raise SettingsError("no rules to compare: give at least one, as in {'all': {'bots': True}}")
    chosen = f"select cast((select {column(number)} from events) as double) as number"
    rows = [
        ({"rules": text(name)}, ask(metric(apply_rules(events, **options)), chosen))
        for name, options in rules.items()
    ]
    return ask(
        together(rows),
        """
        select
            rules,
            number,
            number / nullif(first_value(number) over (order by place), 0) - 1 as change
        from events
        order by place
        """,
    )
