"""Sessions as clickkit cuts them: no gap over 30 minutes, 24 hours at most, both to be chosen.

A tracker gives its own `session_id`; these sessions are made of `visitor_id` and `timestamp` alone,
so that they exist for every source and under every rule. A run is a visitor's events without a gap of
more than `gap`. A run is cut every `longest` after its first event: an event exactly that much later
begins the next session.

Time is divided into buckets no longer than `gap`, so a visitor's events in one are of the same run: runs are
found among buckets, of which there are fewer than events, and only a bucket that is cut is read again.
Source of 30 minutes: Catledge and Pitkow 1995, "Characterizing browsing strategies in the World-Wide
Web", Computer Networks and ISDN Systems 27 (25.5 minutes), as the field has rounded it since.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

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
        with {_runs(gap, longest, "")}
        select
            {columns(events)},
            events.visitor_id || '/' || {_key("runs.run", _block("runs.run", "events.timestamp", longest))}
                as session_key
        from events
        left join runs
            on runs.visitor_id = events.visitor_id
            and runs.bucket = {_bucket("events.timestamp", gap, longest)}
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
        with {_sessions(gap, longest, _PAGES)}
        select
            visitor_id || '/' || {_key("run", "block")} as session_key,
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
        with {_sessions(gap, longest, {})}
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
_BY_TIME = f"(timestamp, {last_if_null('sequence')}, id)"
_COUNTS = {
    "events": ("count(*)", "cast(sum(events) as bigint)"),
    "clicks": ("count(*) filter (where event = 'click')", "cast(sum(clicks) as bigint)"),
    "views": ("count(*) filter (where event = 'view')", "cast(sum(views) as bigint)"),
}
"""What is counted of a bucket, and of a session: name to the SQL over its events, and over its buckets."""
_PAGES = {
    "landing_page": (f"min_by(page_url, {_BY_TIME})", "min_by(landing_page, bucket)"),
    "exit_page": (f"max_by(page_url, {_BY_TIME})", "max_by(exit_page, bucket)"),
}
_YEAR_1 = (
    62_135_596_800_000_000  # microseconds from it to 1970: division of what is below zero does not floor
)


def _bucket(moment: str, gap: dt.timedelta, longest: dt.timedelta) -> str:
    """Return the SQL of the number of a moment's bucket."""
    length = min(microseconds("gap", gap), microseconds("longest", longest))
    return f"(epoch_us({moment}) + {_YEAR_1}) // {length}"


def _block(run: str, moment: str, longest: dt.timedelta) -> str:
    """Return the SQL of how often a run, given as the moment of its beginning, was cut before a moment."""
    return f"({elapsed(run, moment)}) // {microseconds('longest', longest)}"


def _key(run: str, block: str) -> str:
    return f"cast(epoch_us({run}) as varchar) || '/' || cast({block} as varchar)"


def _runs(gap: dt.timedelta, longest: dt.timedelta, counts: str) -> str:
    """Return the table `runs`: each bucket of a visitor, with `run`, the moment at which its run began."""
    before = "lag(end_at) over (partition by visitor_id order by bucket)"
    return f"""
        buckets as (
            select
                visitor_id,
                {_bucket("timestamp", gap, longest)} as bucket,
                min(timestamp) as start_at,
                max(timestamp) as end_at{counts}
            from events
            where visitor_id is not null
            group by 1, 2
        ),
        begun as (
            select
                *,
                case
                    when {elapsed(before, "start_at")} <= {microseconds("gap", gap)} then null
                    else start_at
                end as began
            from buckets
        ),
        runs as (
            select *, max(began) over (partition by visitor_id order by bucket) as run
            from begun
        )"""


def _sessions(gap: dt.timedelta, longest: dt.timedelta, more: Mapping[str, tuple[str, str]]) -> str:
    """Return the table `sessions`, a row a visitor, run and block (0, 1, …) with what is known of it."""
    counts = {**_COUNTS, **more}
    of_events = "".join(f", {sql} as {name}" for name, (sql, _) in counts.items())
    of_buckets = "".join(f", {sql} as {name}" for name, (_, sql) in counts.items())
    return f"""{_runs(gap, longest, of_events)},
        placed as (
            select
                *,
                {_block("run", "start_at", longest)} as block,
                {_block("run", "end_at", longest)} as last_block
            from runs
        ),
        pieces as (
            select visitor_id, run, block, bucket, start_at, end_at, {", ".join(counts)}
            from placed
            where block = last_block
            union all
            select
                visitor_id, run, block, bucket,
                min(timestamp) as start_at, max(timestamp) as end_at{of_events}
            from (
                select
                    placed.visitor_id, placed.run, placed.bucket,
                    single.timestamp, single.event, single.page_url, single.sequence, single.id,
                    {_block("placed.run", "single.timestamp", longest)} as block
                from placed
                join events as single
                    on single.visitor_id = placed.visitor_id
                    and {_bucket("single.timestamp", gap, longest)} = placed.bucket
                where placed.block <> placed.last_block
            ) as cut
            group by 1, 2, 3, 4
        ),
        sessions as (
            select visitor_id, run, block, min(start_at) as start_at, max(end_at) as end_at{of_buckets}
            from pieces
            group by visitor_id, run, block
        )"""
