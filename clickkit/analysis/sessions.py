"""Sessions as clickkit cuts them: no gap over 30 minutes, 24 hours at most, both to be chosen.

A tracker gives its own `session_id`; these sessions are made of `visitor_id` and `timestamp` alone,
so that they exist for every source and under every rule. A run is a visitor's events without a gap of
more than `gap`. A run is cut every `longest` after its first event: an event exactly that much later
begins the next session.
Source of 30 minutes: Catledge and Pitkow 1995, "Characterizing browsing strategies in the World-Wide
Web", Computer Networks and ISDN Systems 27 (25.5 minutes), as the field has rounded it since.
"""

import datetime as dt
from collections.abc import Sequence

from duckdb import DuckDBPyRelation

from clickkit.analysis.question import ask, column, columns, seconds, together
from clickkit.analysis.session_tables import COUNTS, PAGES, join_runs, key, key_of_event, runs, session_tables
from clickkit.errors import SettingsError

GAP = dt.timedelta(minutes=30)
LONGEST = dt.timedelta(hours=24)


def with_sessions(
    events: DuckDBPyRelation, *, gap: dt.timedelta = GAP, longest: dt.timedelta = LONGEST
) -> DuckDBPyRelation:
    """Return events with `session_key` (text) as their last column; null without a visitor.

    The key is made of the visitor and the time of the run, so it stays when other events come or go. Events
    are read twice, and have to be the same: hold a sample in a table first.

    Raises:
        SettingsError: a length of time is not over zero.
    """
    return ask(
        events,
        f"""
        with {runs("visitor_id is not null", gap, longest)}
        select {columns(events)}, {key_of_event(longest)} as session_key
        from events
        {join_runs(gap, longest)}
        """,
    )


def with_session_ids(
    events: DuckDBPyRelation, *, gap: dt.timedelta = GAP, longest: dt.timedelta = LONGEST
) -> DuckDBPyRelation:
    """Return events whose `session_id` is the key of `with_sessions` where the sender gave none.

    Sessions are made only of visitors of whom an event lacks one. Ids of the sender become text.

    Raises:
        SettingsError: a length of time is not over zero.
    """
    made = key_of_event(longest)
    given = ", ".join(
        f"coalesce(cast(events.session_id as varchar), {made}) as session_id"
        if name.lower() == "session_id"
        else f"events.{column(name)}"
        for name in events.columns
    )
    lacking = "select visitor_id from events where session_id is null and visitor_id is not null"
    return ask(
        events,
        f"""
        with {runs(f"visitor_id in ({lacking})", gap, longest)}
        select {given}
        from events
        {join_runs(gap, longest)}
        """,
    )


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
        with {session_tables(gap, longest, COUNTS | PAGES)}
        select
            {key("visitor_id", "run", "block")} as session_key,
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
        from sessions
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
        with {session_tables(gap, longest, COUNTS)}
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
        from sessions
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
