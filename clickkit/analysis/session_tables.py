"""The SELECT of sessions: from events to runs, and from these to sessions.

Time is divided into buckets no longer than `gap`, so a visitor's events in one are of the same run: runs are
found among buckets, of which there are fewer than events unless most stand alone, and only a bucket that is
cut is read again.
"""

import datetime as dt
from collections.abc import Mapping

import msgspec

from clickkit.analysis.question import elapsed, last_if_null, microseconds


class Sum(msgspec.Struct, frozen=True):
    """The SQL of what is known of a bucket, from its events, and of a session, from its buckets."""

    of_events: str
    of_buckets: str


_BY_TIME = f"(timestamp, {last_if_null('sequence')}, id)"
COUNTS = {
    "events": Sum("count(*)", "cast(sum(events) as bigint)"),
    "clicks": Sum("count(*) filter (where event = 'click')", "cast(sum(clicks) as bigint)"),
    "views": Sum("count(*) filter (where event = 'view')", "cast(sum(views) as bigint)"),
}
PAGES = {
    "landing_page": Sum(f"min_by(page_url, {_BY_TIME})", "min_by(landing_page, bucket)"),
    "exit_page": Sum(f"max_by(page_url, {_BY_TIME})", "max_by(exit_page, bucket)"),
}
# Microseconds from the year 1 to 1970: engines do not round a negative quotient down.
_YEAR_1 = 62_135_596_800_000_000


def runs(chosen: str, gap: dt.timedelta, longest: dt.timedelta, sums: Mapping[str, Sum] | None = None) -> str:
    """Return the table `runs`: each bucket of the `chosen` events, with the moment `run` when its run began.

    Its columns are `visitor_id, bucket, start_at, end_at, run`, and `sums`.
    """
    made = "".join(f", {one.of_events} as {name}" for name, one in (sums or {}).items())
    names = ", ".join(["visitor_id", "bucket", "start_at", "end_at", *(sums or {})])
    before = "lag(end_at) over (partition by visitor_id order by bucket)"
    return f"""
        buckets as (
            select
                visitor_id,
                {_bucket("timestamp", gap, longest)} as bucket,
                min(timestamp) as start_at,
                max(timestamp) as end_at{made}
            from events
            where {chosen}
            group by 1, 2
        ),
        begun as (
            select
                {names},
                case
                    when {elapsed(before, "start_at")} <= {microseconds("gap", gap)} then null
                    else start_at
                end as began
            from buckets
        ),
        runs as (
            select {names}, max(began) over (partition by visitor_id order by bucket) as run
            from begun
        )"""


def join_runs(gap: dt.timedelta, longest: dt.timedelta) -> str:
    """Return the join of events with the table `runs`."""
    return f"""left join runs
            on runs.visitor_id = events.visitor_id
            and runs.bucket = {_bucket("events.timestamp", gap, longest)}"""


def key_of_event(longest: dt.timedelta) -> str:
    """Return the SQL of the session's key of events joined with the table `runs`; null where no run is."""
    return key("events.visitor_id", "runs.run", _block("runs.run", "events.timestamp", longest))


def key(visitor_id: str, run: str, block: str) -> str:
    """Return the SQL of a session's key."""
    return f"{visitor_id} || '/' || cast(epoch_us({run}) as varchar) || '/' || cast({block} as varchar)"


def session_tables(gap: dt.timedelta, longest: dt.timedelta, sums: Mapping[str, Sum]) -> str:
    """Return the table `sessions`: `visitor_id, run, block` (0, 1, …), `start_at, end_at` and `sums`."""
    of_events = "".join(f", {one.of_events} as {name}" for name, one in sums.items())
    of_buckets = "".join(f", {one.of_buckets} as {name}" for name, one in sums.items())
    names = ", ".join(["visitor_id", "run", "bucket", "start_at", "end_at", *sums])
    return f"""{runs("visitor_id is not null", gap, longest, sums)},
        blocked as (
            select
                {names},
                {_block("run", "start_at", longest)} as block,
                {_block("run", "end_at", longest)} as last_block
            from runs
        ),
        pieces as (
            select {names}, block
            from blocked
            where block = last_block
            union all
            select
                visitor_id, run, bucket,
                min(timestamp) as start_at, max(timestamp) as end_at{of_events},
                block
            from (
                select
                    blocked.visitor_id, blocked.run, blocked.bucket,
                    one.timestamp, one.event, one.page_url, one.sequence, one.id,
                    {_block("blocked.run", "one.timestamp", longest)} as block
                from blocked
                join events as one
                    on one.visitor_id = blocked.visitor_id
                    and {_bucket("one.timestamp", gap, longest)} = blocked.bucket
                where blocked.block <> blocked.last_block
            ) as cut
            group by visitor_id, run, bucket, block
        ),
        sessions as (
            select visitor_id, run, block, min(start_at) as start_at, max(end_at) as end_at{of_buckets}
            from pieces
            group by visitor_id, run, block
        )"""


def _bucket(moment: str, gap: dt.timedelta, longest: dt.timedelta) -> str:
    """Return the SQL of the number of a moment's bucket."""
    length = min(microseconds("gap", gap), microseconds("longest", longest))
    return f"(epoch_us({moment}) + {_YEAR_1}) // {length}"


def _block(run: str, moment: str, longest: dt.timedelta) -> str:
    """Return the SQL of how often a run, given as the moment of its beginning, was cut before a moment."""
    return f"({elapsed(run, moment)}) // {microseconds('longest', longest)}"
