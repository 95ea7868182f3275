"""Ways through a site: sequences of steps, the next step, and the time between clicks.

A session is what the column `session` says: by default the tracker's, ordered by its `sequence` and
not by a clock. In sessions of `with_sessions` (`session="session_key"`) several sequences may meet, so
these are ordered by `timestamp` first. Events without a session are left out.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from duckdb import DuckDBPyRelation

from clickkit.analysis.question import ask, column, seconds
from clickkit.analysis.sessions import page
from clickkit.errors import SettingsError

Steps = Literal["pages", "buttons", "both"]
"""What a path consists of: pages viewed (without query), buttons clicked, or both."""

_STEPS: Mapping[str, str] = MappingProxyType(
    {
        "pages": f"case when event = 'view' then {page('page_url')} end",
        "buttons": "case when event = 'click' then button end",
        "both": f"case when event = 'view' then {page('page_url')} when event = 'click' then button end",
    }
)


def paths(
    events: DuckDBPyRelation,
    *,
    of: Steps = "pages",
    first: int = 5,
    top: int = 20,
    session: str = "session_id",
) -> DuckDBPyRelation:
    """Return how sessions begin: `path, sessions, share` (of sessions with a step), the most common first.

    A path is the `first` steps of a session, joined by ` → `; a step that comes twice stands twice.

    Raises:
        SettingsError: there are no such steps, or a number is below 1.
    """
    _check_at_least_one(first=first, top=top)
    return ask(
        events,
        f"""
        select path, count(*) as sessions, count(*) / sum(count(*)) over () as share
        from (
            select session, string_agg(step, ' → ' order by position) as path
            from (
                select
                    session,
                    step,
                    row_number() over (partition by session order by {in_order(session)}) as position
                from ({_steps(of, session)}) as steps
                where step is not null
            ) as placed
            where position <= {first:d}
            group by session
        ) as begun
        group by path
        order by sessions desc, path
        limit {top:d}
        """,
    )


def transitions(
    events: DuckDBPyRelation, *, of: Steps = "pages", session: str = "session_id"
) -> DuckDBPyRelation:
    """Return `step, next_step, transitions, share` (of all that left `step`), the most common first.

    A null `next_step` is the end of the session.

    Raises:
        SettingsError: there are no such steps.
    """
    return ask(
        events,
        f"""
        select
            step,
            next_step,
            count(*) as transitions,
            count(*) / sum(count(*)) over (partition by step) as share
        from (
            select step, lead(step) over (partition by session order by {in_order(session)}) as next_step
            from ({_steps(of, session)}) as steps
            where step is not null
        ) as followed
        group by step, next_step
        order by transitions desc, step, next_step
        """,
    )


def time_between_clicks(events: DuckDBPyRelation, *, session: str = "session_id") -> DuckDBPyRelation:
    """Return one row on the seconds from a click to the next of its session.

    Columns: `pairs` (of neighbouring clicks), `first_quartile_seconds, median_seconds,
    third_quartile_seconds` (interpolated: Hyndman and Fan 1996, definition 7). Order is by sequence,
    so seconds are below zero where the sender's clock was set back.
    """
    before = f"lag(timestamp) over (partition by {column(session)} order by {in_order(session)})"
    return ask(
        events,
        f"""
        select
            count(seconds) as pairs,
            percentile_cont(0.25) within group (order by seconds) as first_quartile_seconds,
            percentile_cont(0.5) within group (order by seconds) as median_seconds,
            percentile_cont(0.75) within group (order by seconds) as third_quartile_seconds
        from (
            select
                {seconds(before, "timestamp")} as seconds
            from events
            where event = 'click' and {column(session)} is not null
        ) as clicks
        """,
    )


def in_order(session: str) -> str:
    """Return the SQL order of the events in a session: by sequence where it is the tracker's."""
    return "sequence, timestamp, id" if session == "session_id" else "timestamp, sequence, id"


def _steps(of: str, session: str) -> str:
    if of not in _STEPS:
        raise SettingsError(f"no steps of {of!r}: choose from {', '.join(_STEPS)}")
    return f"""
        select {column(session)} as session, sequence, timestamp, id, {_STEPS[of]} as step
        from events
        where {column(session)} is not null and event in ('view', 'click')
    """


def _check_at_least_one(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise SettingsError(f"{name} is {number}: write 1 or more")
