"""Sessions as clickkit cuts them: no gap over 30 minutes, 24 hours at most, both to be chosen.

A tracker gives its own `session_id`; these sessions are made of `visitor_id` and `timestamp` alone,
so that they exist for every source and under every rule. A run is a visitor's events without a gap of
more than `gap`. A run is cut every `longest` after its first event: an event exactly that much later
begins the next session. Cut so, sessions do not depend on each other, and one pass finds them.
Source of 30 minutes: Catledge and Pitkow 1995, "Characterizing browsing strategies in the World-Wide
Web", Computer Networks and ISDN Systems 27 (25.5 minutes), as the field has rounded it since.
"""

import datetime as dt
from collections.abc import Sequence

from duckdb import DuckDBPyRelation

from clickkit.analysis.question import ask, columns, elapsed, last_if_null, microseconds, seconds, together
from clickkit.errors import SettingsError

GAP = dt.timedelta(minutes=30)
LONGEST = dt.timedelta(hours=24)


def with_sessions(
    events: DuckDBPyRelation, *, gap: dt.timedelta = GAP, longest: dt.timedelta = LONGEST
) -> DuckDBPyRelation:
    """Return events with `session_key` (text) as their last column; null without a visitor.

    The key is made of the visitor and the time of the run, so it stays when other events come or go.

    Raises:
        SettingsError: a length of time is not over zero.
    """
    return ask(
        events,
        f"""
        select {columns(events)}, {_KEY} as session_key
        from ({_cut(columns(events), gap, longest)}) as events
        """,
    )


def with_session_ids(
    events: DuckDBPyRelation, *, gap: dt.timedelta = GAP, longest: dt.timedelta = LONGEST
) -> DuckDBPyRelation:
    """Return events whose `session_id` is the key of `with_sessions` where the sender gave none.

    Sessions are made of the visitors of whom an event lacks one; the others' events cost nothing more.

    Raises:
        SettingsError: a length of time is not over zero.
    """
    names = columns(events)
    given = names.replace('events."session_id"', 'coalesce(events."session_id", session_key) as session_id')
    lacking = "(select visitor_id from events where session_id is null and visitor_id is not null)"
    whole = ask(events, f"select {names} from events where visitor_id is null or visitor_id not in {lacking}")
    bare = ask(events, f"select {names} from events where visitor_id in {lacking}")
    return whole.union(ask(with_sessions(bare, gap=gap, longest=longest), f"select {given} from events"))


def sessions(
    events: DuckDBPyRelation, *, gap: dt.timedelta = GAP, longest: dt.timedelta = LONGEST
) -> DuckDBPyRelation:
    """Return one row a session, oldest first; events without a visitor are left out.

    Columns: `session_key, visitor_id, start_at, end_at` (first and last event), `duration_seconds`,
    `events, clicks, views, landing_page, exit_page` (without query; the pages of the first and last
    event by timestamp, then sequence, then id), `is_bounce` (no click and one view at most).

    Raises:
        SettingsError: a length of time is not over zero.
    """
    return ask(
        events,
        f"""
        select
            {_KEY} as session_key,
            visitor_id,
            start_at,
            end_at,
            {seconds("start_at", "end_at")} as duration_seconds,
            events,
            clicks,
            views,
            {page("landing_page")} as landing_page,
            {page("exit_page")} as exit_page,
            clicks = 0 and views <= 1 as is_bounce
        from ({_grouped(gap, longest, _LANDING_AND_EXIT)}) as grouped
        order by start_at, session_key
        """,
    )


def summary(
    events: DuckDBPyRelation, *, gap: dt.timedelta = GAP, longest: dt.timedelta = LONGEST
) -> DuckDBPyRelation:
    """Return one row about all sessions.

    Columns: `sessions, visitors, sessions_per_visitor, median_seconds, mean_seconds` (duration),
    `mean_events, mean_clicks, mean_views, bounce_rate` (0 to 1); means are null without sessions.

    Raises:
        SettingsError: a length of time is not over zero.
    """
    return ask(
        events,
        f"""
        select
            count(*) as sessions,
            count(distinct visitor_id) as visitors,
            count(*) / nullif(count(distinct visitor_id), 0) as sessions_per_visitor,
            median({seconds("start_at", "end_at")}) as median_seconds,
            avg({seconds("start_at", "end_at")}) as mean_seconds,
            avg(events) as mean_events,
            avg(clicks) as mean_clicks,
            avg(views) as mean_views,
            avg(case when clicks = 0 and views <= 1 then 1 else 0 end) as bounce_rate
        from ({_grouped(gap, longest, "")}) as grouped
        """,
    )


def by_gap(
    events: DuckDBPyRelation, *, minutes: Sequence[float] = (15, 30, 60), longest: dt.timedelta = LONGEST
) -> DuckDBPyRelation:
    """Return `gap_minutes` and what `summary` does for each of these gaps, in their order.

    It shows how much the numbers of sessions are owed to the rule that cuts them.

    Raises:
        SettingsError: there are no gaps, or one is not over zero.
    """
    if not minutes:
        raise SettingsError("no gaps to compare: give at least one, as in minutes=[30]")
    rows = [
        (
            {"gap_minutes": f"cast({float(gap)} as double)"},
            summary(events, gap=dt.timedelta(minutes=gap), longest=longest),
        )
        for gap in minutes
    ]
    return ask(together(rows), f"select gap_minutes, {_NUMBERS} from events order by place")


def page(url: str) -> str:
    """Return the SQL of an address without its query and fragment."""
    return f"split_part(split_part({url}, '#', 1), '?', 1)"


_NUMBERS = (
    "sessions, visitors, sessions_per_visitor, median_seconds, mean_seconds, mean_events, mean_clicks, "
    "mean_views, bounce_rate"
)
_KEY = "visitor_id || '/' || cast(epoch_us(run) as varchar) || '/' || cast(block as varchar)"
_BY_TIME = f"(timestamp, {last_if_null('sequence')}, id)"
_LANDING_AND_EXIT = f""",
            min_by(page_url, {_BY_TIME}) as landing_page,
            max_by(page_url, {_BY_TIME}) as exit_page"""


def _grouped(gap: dt.timedelta, longest: dt.timedelta, more: str) -> str:
    """Return the SELECT of one row a session, with `more` aggregates."""
    names = "events.id, events.visitor_id, events.timestamp, events.event, events.page_url, events.sequence"
    return f"""
        select
            visitor_id,
            run,
            block,
            min(timestamp) as start_at,
            max(timestamp) as end_at,
            count(*) as events,
            count(*) filter (where event = 'click') as clicks,
            count(*) filter (where event = 'view') as views{more}
        from ({_cut(names, gap, longest)}) as cut
        where visitor_id is not null
        group by visitor_id, run, block
    """


def _cut(names: str, gap: dt.timedelta, longest: dt.timedelta) -> str:
    """Return the SELECT that gives each event its `run` (when it began) and `block` (0, 1, …).

    The running maximum of the beginnings takes events of the same moment together, whatever their order.
    """
    before = "lag(timestamp) over (partition by visitor_id order by timestamp)"
    return f"""
        select
            {names},
            run,
            ({elapsed("run", "timestamp")}) // {microseconds("longest", longest)} as block
        from (
            select
                {names},
                max(began) over (partition by visitor_id order by timestamp) as run
            from (
                select
                    {names},
                    case
                        when {elapsed(before, "timestamp")} <= {microseconds("gap", gap)} then null
                        else timestamp
                    end as began
                from events
            ) as events
        ) as events
    """
