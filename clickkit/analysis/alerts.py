"""Alerts: the days that are broken, by rules whose limits are given."""

import datetime as dt
from collections.abc import Sequence
from functools import reduce

import msgspec
from duckdb import DuckDBPyRelation

from clickkit.analysis.anomalies import anomalies
from clickkit.analysis.conversion import conversion
from clickkit.analysis.performance import percentiles
from clickkit.analysis.pipeline import IS_LATE, LedgerDay, completeness
from clickkit.analysis.question import as_day, ask, day

_DATE = day("timestamp")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a day may have: shares (0 to 1), and in `slower` how many times the usual response time."""

    missing: float = 0.01
    rejected: float = 0.01
    failed: float = 0.05
    late: float = 0.05
    slower: float = 2.0
    false_alarms: float = 0.01


def alerts(
    events: DuckDBPyRelation,
    *,
    complete_until: dt.date | str,
    ledger: Sequence[LedgerDay] = (),
    limits: Limits | None = None,
) -> DuckDBPyRelation:
    """Return `date, what, value, low, high, severity` of each rule that a day broke, the newest day first.

    `value` should have been from `low` to `high`. Days after `complete_until` (UTC) are not over, and
    not judged. Critical is what makes the day's numbers wrong, a warning what is wrong with a day whose
    numbers stand:

    - events: the number is low or the day absent (critical) or high (warning), see `anomalies`;
    - missing share of sequence numbers over `limits.missing` (critical), see `pipeline.completeness`;
    - events not exported: the ledger has others than are here (critical);
    - rejected share of what the ledger counted over `limits.rejected` (warning);
    - sessions with an error: Wilson's interval lies over `limits.failed` (warning);
    - received on a later day: the share is over `limits.late` (warning);
    - p95 of duration_ms: its interval lies over `limits.slower` times the median day's (warning).
    """
    limits, complete_until = limits or Limits(), as_day(complete_until)
    complete = events.filter(f"{_DATE} <= date '{complete_until.isoformat()}'")
    kept = [row for row in ledger if row.day <= complete_until]
    found = [
        _counts(complete, complete_until, limits),
        _losses(completeness(complete, kept), limits),
        _errors(complete, limits),
        _lateness(complete, limits),
        _slowness(complete, limits),
    ]
    return ask(
        reduce(lambda one, other: one.union(other), found),
        """
        select date, what, value, low, high, severity
        from events
        order by date desc, severity, what
        """,
    )


def _counts(events: DuckDBPyRelation, complete_until: dt.date, limits: Limits) -> DuckDBPyRelation:
    judged = anomalies(
        events,
        count="1",
        date=_DATE,
        complete_until=complete_until,
        false_alarms=limits.false_alarms,
    )
    return ask(
        judged,
        """
        select
            date,
            'events' as what,
            cast(coalesce(count, 0) as double) as value,
            cast(low as double) as low,
            cast(high as double) as high,
            case when verdict = 'high' then 'warning' else 'critical' end as severity
        from events
        where is_unusual
        """,
    )


def _losses(counted: DuckDBPyRelation, limits: Limits) -> DuckDBPyRelation:
    return ask(
        counted,
        f"""
        with judged as (
            select
                date,
                what,
                case what
                    when 'missing share' then missing_share
                    when 'events not exported' then not_exported
                    else rejected / nullif(stored + repeated + rejected + suppressed, 0)
                end as value,
                cast(high as double) as high,
                severity
            from events
            cross join (
                values
                    ('missing share', {limits.missing!r}, 'critical'),
                    ('events not exported', 0.0, 'critical'),
                    ('rejected share', {limits.rejected!r}, 'warning')
            ) as rules(what, high, severity)
        )
        select date, what, value, 0.0, high, severity
        from judged
        where abs(value) > high
        """,
    )


def _errors(events: DuckDBPyRelation, limits: Limits) -> DuckDBPyRelation:
    return ask(
        conversion(events, converted="event = 'error'", by=_DATE, unit="session_id"),
        f"""
        select segment as date, 'sessions with an error', rate, 0.0, {limits.failed!r}, 'warning'
        from events
        where low > {limits.failed!r}
        """,
    )


def _lateness(events: DuckDBPyRelation, limits: Limits) -> DuckDBPyRelation:
    return ask(
        conversion(events.filter("received_at is not null"), converted=IS_LATE, by=_DATE),
        f"""
        select segment as date, 'received on a later day', rate, 0.0, {limits.late!r}, 'warning'
        from events
        where rate > {limits.late!r}
        """,
    )


def _slowness(events: DuckDBPyRelation, limits: Limits) -> DuckDBPyRelation:
    return ask(
        percentiles(events, by=_DATE, at=[0.95]),
        f"""
        with compared as (
            select segment as date, value, low, {limits.slower!r} * usual as high
            from events
            cross join (select median(value) as usual from events) as days
        )
        select date, 'p95 of duration_ms', value, 0.0, high, 'warning'
        from compared
        where low > high
        """,
    )
