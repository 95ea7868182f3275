"""The SELECT of a funnel: from the events of its steps to one row a step, of all or of each segment."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from clickkit.analysis.question import elapsed, expression, seconds, text

By = Literal["visitor", "session"]

_UNITS: Mapping[By, str] = {"visitor": "visitor_id", "session": "session_id"}
_ORDERS: Mapping[By, str] = {
    "visitor": "coalesce(session_start, timestamp), going.session_id, sequence, timestamp, id",
    "session": "sequence, timestamp, id",
}


class Segments(msgspec.Struct, frozen=True):
    """What events are told apart by, and how many of its values are shown; None: all."""

    expression: str
    top: int | None


def funnel_select(
    steps: Mapping[str, str], by: By, limit: int | None, segments: Segments | None = None
) -> str:
    """Return the SELECT of a funnel, within `limit` microseconds from the first step to any (None: ever)."""
    conditions, count = list(steps.values()), len(steps)
    key = ["unit"] if segments is None else ["place", "unit"]
    tables = [] if segments is None else [_segments(segments, by, conditions[0])]
    tables += [_marked(conditions, by, segments), _units(count, key), _going(count, key)]
    tables.append(_begun(count, by, key))
    tables += [_chain(number, count, limit, key) for number in range(2, count + 1)]
    tables += _counted(count, key)
    return f"with {', '.join(tables)} {_shown(list(steps), segments)}"


def _segments(segments: Segments, by: By, first: str) -> str:
    """Return the table of the segments that are shown, each with its `place`."""
    chosen = "" if segments.top is None else f"where place <= {segments.top:d}"
    return f"""
        segments as (
            select segment, segment_key, place
            from (
                select
                    segment,
                    {_key("segment")} as segment_key,
                    row_number() over (order by events desc, segment) as place
                from (
                    select
                        cast({expression(segments.expression)} as varchar) as segment,
                        count(*) as events,
                        count(*) filter (where ({first}) and {_UNITS[by]} is not null) as begun
                    from events
                    group by 1
                ) as found
                where begun > 0
            ) as placed
            {chosen}
        )"""


def _key(segment: str) -> str:
    """Return the SQL of a text that is never null, and equal for equal segments only."""
    return f"coalesce('=' || {segment}, '')"


def _marked(conditions: list[str], by: By, segments: Segments | None) -> str:
    """Return the table of the events of any step, with `is_1`, `is_2`, … for the steps they fulfil.

    Only an event without a sequence keeps its id: sorting is a third faster without it.
    """
    flags = ", ".join(
        f"coalesce(({condition}), false) as is_{n}" for n, condition in enumerate(conditions, 1)
    )
    place = own = join = ""
    if segments is not None:
        place = "place, "
        own = f"{_key(f'cast({expression(segments.expression)} as varchar)')} as own_key,"
        join = "join segments on segments.segment_key = flagged.own_key"
    return f"""
        marked as (
            select {place}unit, session_id, sequence, timestamp, id, {_flags(1, len(conditions))}
            from (
                select
                    {own}
                    {_UNITS[by]} as unit,
                    session_id,
                    sequence,
                    timestamp,
                    case when sequence is null then id end as id,
                    {flags}
                from events
                where {_UNITS[by]} is not null
            ) as flagged
            {join}
            where {" or ".join(f"is_{n}" for n in range(1, len(conditions) + 1))}
        )"""


def _units(count: int, key: list[str]) -> str:
    """Return the table of the units: whether they began, and may get beyond the first step."""
    names = ", ".join(key)
    return f"""
        units as (
            select {names}, bool_or(is_1) as begins, bool_or({"is_2" if count > 1 else "false"}) as goes_on
            from marked
            group by {names}
        )"""


def _going(count: int, key: list[str]) -> str:
    """Return the table of the events of units that may get beyond the first step."""
    names, marked = ", ".join(key), ", ".join(f"marked.{name}" for name in key)
    return f"""
        going as (
            select {marked}, session_id, sequence, timestamp, id, {_flags(1, count)}
            from marked
            join (select {names} from units where begins and goes_on) as chosen
                on {_same("chosen", "marked", key)}
        )"""


def _begun(count: int, by: By, key: list[str]) -> str:
    """Return the table `chain_1`: each event's place, and the latest beginning before it."""
    names, going = ", ".join(key), ", ".join(f"going.{name}" for name in key)
    started = (
        f"""
            left join (
                select {names}, session_id, min(timestamp) as session_start
                from going
                group by {names}, session_id
            ) as starts on {_same("starts", "going", [*key, "session_id"])}"""
        if by == "visitor"
        else ""
    )
    visits = f"partition by {going} order by {_ORDERS[by]}"
    return f"""
        chain_1 as (
            select
                {going},
                timestamp,
                {_flags(1, count)},
                row_number() over ({visits}) as position,
                max(case when is_1 then timestamp end) over (
                    {visits} rows between unbounded preceding and 1 preceding
                ) as start_1
            from going{started}
        )"""


def _chain(number: int, count: int, limit: int | None, key: list[str]) -> str:
    """Return the table `chain_n`: the latest beginning of a way that reached step n before an event.

    Of all ways to a step the one that began last is best: it alone decides what is still within time.
    """
    before, names = number - 1, ", ".join(key)
    in_time = "" if limit is None else f" and {elapsed(f'start_{before}', 'timestamp')} <= {limit}"
    reached = ", ".join([f"reached_{n}" for n in range(2, number + 1)])
    kept = "".join(f"reached_{n}, " for n in range(2, number))
    later = (
        f""",
                max(reached_{number}) over (
                    partition by {names}
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
            select {names}, timestamp, position, {_flags(number, count)}, {reached}{later}
            from (
                select
                    {names},
                    timestamp,
                    position,
                    {_flags(number, count)},
                    {kept}
                    case when is_{number}{in_time} then start_{before} end as reached_{number}
                from chain_{before}{begun}
            ) as arrivals
        )"""


def _counted(count: int, key: list[str]) -> list[str]:
    """Return the tables of one row a segment: `entered_n` and `median_n` of each step.

    `units` is there for a funnel of one step, of which nothing else would make one row.
    """
    names, place, group = ", ".join(key), "0 as place", ""
    if "place" in key:
        place, group = "place", "group by place"
    later = range(2, count + 1)
    firsts = [f"min_by({seconds(f'reached_{n}', 'timestamp')}, position) as seconds_{n}" for n in later]
    numbers = [f"count(seconds_{n}) as entered_{n}, median(seconds_{n}) as median_{n}" for n in later]
    found = [f"coalesce(entered_{n}, 0) as entered_{n}, median_{n}" for n in later]
    begun = ["begun.place", "entered_1", "cast(null as double) as median_1"]
    return [
        f"""
        begun as (
            select {place}, count(*) as entered_1
            from units
            where begins
            {group}
        )""",
        f"""
        arrived as (
            select {", ".join([place, "count(*) as units", *numbers])}
            from (select {", ".join([names, *firsts])} from chain_{count} group by {names}) as firsts
            {group}
        )""",
        f"""
        counted as (
            select {", ".join([*begun, *found])}
            from begun
            left join arrived on arrived.place = begun.place
        )""",
    ]


def _shown(names: list[str], segments: Segments | None) -> str:
    """Return the SELECT of one row a step, of each segment."""
    steps = ", ".join(f"({n}, {text(name)})" for n, name in enumerate(names, 1))
    segment = join = ""
    if segments is not None:
        segment = "segment,"
        join = "join segments on segments.place = shown.place"
    ordered = "over (partition by shown.place order by number)"
    return f"""
        select
            {segment}
            number,
            step,
            entered,
            entered / nullif(first_value(entered) {ordered}, 0) as share_of_first,
            entered / nullif(lag(entered) {ordered}, 0) as share_of_previous,
            lag(entered) {ordered} - entered as dropped,
            median_seconds
        from (
            select
                place,
                number,
                step,
                {_of_step("entered", len(names))} as entered,
                {_of_step("median", len(names))} as median_seconds
            from counted
            cross join (values {steps}) as steps(number, step)
        ) as shown
        {join}
        order by shown.place, number
    """


def _of_step(column: str, count: int) -> str:
    """Return the SQL of a column of `counted`, that of the row's step."""
    return f"case number {' '.join(f'when {n} then {column}_{n}' for n in range(1, count + 1))} end"


def _same(one: str, other: str, names: list[str]) -> str:
    return " and ".join(f"{one}.{name} = {other}.{name}" for name in names)


def _flags(first: int, last: int) -> str:
    return ", ".join(f"is_{n}" for n in range(first, last + 1))
