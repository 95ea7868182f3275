"""Funnels: how many go all the way, in the order of steps, within a time."""

import datetime as dt
from collections.abc import Mapping
from typing import Literal

from duckdb import DuckDBPyRelation

from clickkit.analysis.question import ask, columns, elapsed, microseconds, seconds, text
from clickkit.errors import SettingsError

By = Literal["visitor", "session"]

MOST_SEGMENTS = 20
_NUMBERS = "number, step, entered, share_of_first, share_of_previous, dropped, median_seconds"
_SEGMENTS = f"""
select cast(({{segment}}) as varchar) as segment
from events
group by segment
having count(*) filter (where {{first}}) > 0
order by count(*) desc, segment
limit {MOST_SEGMENTS + 1}
"""
_UNITS: Mapping[str, str] = {"visitor": "visitor_id", "session": "session_id"}
_ORDERS: Mapping[str, str] = {
    "visitor": "coalesce(session_start, timestamp), going.session_id, sequence, timestamp, id",
    "session": "sequence, timestamp, id",
}


def funnel(
    events: DuckDBPyRelation,
    steps: Mapping[str, str],
    *,
    within: dt.timedelta | None = None,
    by: By = "visitor",
) -> DuckDBPyRelation:
    """Return how many visitors (or sessions) entered each step, one row a step, in the order of `steps`.

    `steps` maps a name to an SQL condition on an event. A visitor enters a step when some events of
    theirs fulfil the steps up to it, one event each, one after the other, none more than `within` after
    the first of them (None: ever). Any event of the first step may begin; what else lies between does
    not matter, and an event serves one step only. After is by `sequence` within a session of the
    tracker, and sessions follow each other by their first event of any step; without a sequence, by
    `timestamp`, then `id`. Events without a visitor (or session) are left out.

    Columns: `number` (1, 2, …), `step, entered, share_of_first, share_of_previous` (0 to 1; null after
    a step that nobody entered), `dropped` (entered the step before, not this one), `median_seconds` from
    the first step to this one, on the visitor's first arrival at it, from their latest beginning before.
    Source: the sliding window of ClickHouse's `windowFunnel` (documentation of parametric aggregate
    functions), with order by sequence.

    Raises:
        SettingsError: a condition cannot be understood, there is no step, `within` is not over zero,
            or `by` is neither visitor nor session.
    """
    if not steps:
        raise SettingsError("a funnel without steps: give at least one, as in {'paid': \"button = 'Pay'\"}")
    if by not in _UNITS:
        raise SettingsError(f"no funnel by {by!r}: choose visitor or session")
    limit = None if within is None else microseconds("within", within)
    late = [_chain(number, len(steps), limit) for number in range(2, len(steps) + 1)]
    tables = [_marked(list(steps.values()), by), _going(len(steps)), _begun(len(steps), by)]
    tables += [*late, _counted(len(steps))]
    return ask(events, f"with {', '.join(tables)} {_shown(list(steps))}")


def funnel_by(
    events: DuckDBPyRelation,
    steps: Mapping[str, str],
    *,
    segment: str,
    within: dt.timedelta | None = None,
    by: By = "visitor",
) -> DuckDBPyRelation:
    """Return `segment` and what `funnel` does of its events alone, the segment with most events first.

    `segment` is an SQL expression of an event, such as `device.type`; only segments in which the first
    step happened are there, 20 at most. A visitor of two segments has a funnel in each.

    Raises:
        SettingsError: the expression cannot be understood or gives more than 20 segments, or what `funnel`
            raises.
    """
    whole = funnel(events, steps, within=within, by=by)
    found = ask(events, _SEGMENTS.format(segment=segment, first=next(iter(steps.values())))).fetchall()
    if len(found) > MOST_SEGMENTS:
        raise SettingsError(
            f"{segment} gives more than {MOST_SEGMENTS} segments: group them, or filter events"
        )
    together = ask(
        whole, f"select 0 as place, cast(null as varchar) as segment, {_NUMBERS} from events limit 0"
    )
    for place, (name,) in enumerate(found):
        value = "cast(null as varchar)" if name is None else text(name)
        chosen = ask(
            events,
            f"select {columns(events)} from events where {_named(segment)} is not distinct from {value}",
        )
        one = funnel(chosen, steps, within=within, by=by)
        row = ask(one, f"select {place} as place, {value} as segment, {_NUMBERS} from events")
        together = together.union(row)
    return ask(together, f"select segment, {_NUMBERS} from events order by place, number")


def _named(segment: str) -> str:
    return f"cast(({segment}) as varchar)"


def _marked(conditions: list[str], by: By) -> str:
    """Return the table of the events of any step, with `is_1`, `is_2`, … for the steps they fulfil.

    Only an event without a sequence keeps its id: sorting is a third faster without it.
    """
    unit = _UNITS[by]
    flags = ", ".join(
        f"coalesce(({condition}), false) as is_{n}" for n, condition in enumerate(conditions, 1)
    )
    return f"""
        marked as (
            select unit, session_id, sequence, timestamp, id, {_flags(1, len(conditions))}
            from (
                select
                    {unit} as unit,
                    session_id,
                    sequence,
                    timestamp,
                    case when sequence is null then id end as id,
                    {flags}
                from events
                where {unit} is not null
            ) as flagged
            where {" or ".join(f"is_{n}" for n in range(1, len(conditions) + 1))}
        )"""


def _going(count: int) -> str:
    """Return the tables of the units, and of the events of those that may get beyond the first step."""
    return f"""
        units as (
            select unit, bool_or(is_1) as begins, bool_or({"is_2" if count > 1 else "false"}) as goes_on
            from marked
            group by unit
        ),
        going as (
            select unit, session_id, sequence, timestamp, id, {_flags(1, count)}
            from marked
            where unit in (select unit from units where begins and goes_on)
        )"""


def _begun(count: int, by: By) -> str:
    """Return the table `chain_1`: each event's place, and the latest beginning before it."""
    started = (
        """
            left join (
                select unit, session_id, min(timestamp) as session_start
                from going
                group by unit, session_id
            ) as starts on starts.unit = going.unit and starts.session_id = going.session_id"""
        if by == "visitor"
        else ""
    )
    visits = f"partition by going.unit order by {_ORDERS[by]}"
    return f"""
        chain_1 as (
            select
                going.unit,
                timestamp,
                {_flags(1, count)},
                row_number() over ({visits}) as position,
                max(case when is_1 then timestamp end) over (
                    {visits} rows between unbounded preceding and 1 preceding
                ) as start_1
            from going{started}
        )"""


def _chain(number: int, count: int, limit: int | None) -> str:
    """Return the table `chain_n`: the latest beginning of a way that reached step n before an event.

    Of all ways to a step the one that began last is best: it alone decides what is still within time.
    """
    before = number - 1
    in_time = "" if limit is None else f" and {elapsed(f'start_{before}', 'timestamp')} <= {limit}"
    reached = ", ".join([f"reached_{n}" for n in range(2, number + 1)])
    kept = "".join(f"reached_{n}, " for n in range(2, number))
    later = (
        f""",
                max(reached_{number}) over (
                    partition by unit
                    order by position
                    rows between unbounded preceding and 1 preceding
                ) as start_{number}"""
        if number < count
        else ""
    )
    later_steps = " or ".join(f"is_{n}" for n in range(2, count + 1))
    begun = f" where start_1 is not null and ({later_steps})" if number == 2 else ""
    return f"""
        chain_{number} as (
            select unit, timestamp, position, {_flags(number, count)}, {reached}{later}
            from (
                select
                    unit,
                    timestamp,
                    position,
                    {_flags(number, count)},
                    {kept}
                    case when is_{number}{in_time} then start_{before} end as reached_{number}
                from chain_{before}{begun}
            ) as arrivals
        )"""


def _counted(count: int) -> str:
    """Return the table of one row: `entered_n` and `median_n` of each step."""
    firsts = [
        f"min_by({seconds(f'reached_{n}', 'timestamp')}, position) as seconds_{n}"
        for n in range(2, count + 1)
    ]
    numbers = [
        f"count(seconds_{n}) as entered_{n}, median(seconds_{n}) as median_{n}" for n in range(2, count + 1)
    ]
    begun = "(select count(*) from units where begins) as entered_1"
    return f"""
        counted as (
            select {", ".join([begun, "count(*) as units", "cast(null as double) as median_1", *numbers])}
            from (select {", ".join(["unit", *firsts])} from chain_{count} group by unit) as arrived
        )"""


def _shown(names: list[str]) -> str:
    """Return the SELECT of one row a step."""
    rows = [
        f"select {n} as number, {text(name)} as step, entered_{n} as entered, median_{n} as median_seconds"
        " from counted"
        for n, name in enumerate(names, 1)
    ]
    return f"""
        select
            number,
            step,
            entered,
            entered / nullif(first_value(entered) over (order by number), 0) as share_of_first,
            entered / nullif(lag(entered) over (order by number), 0) as share_of_previous,
            lag(entered) over (order by number) - entered as dropped,
            median_seconds
        from ({" union all ".join(rows)}) as shown
        order by number
    """


def _flags(first: int, last: int) -> str:
    return ", ".join(f"is_{n}" for n in range(first, last + 1))
