"""Performance: how long things took and how often they failed, each number with its interval."""

from collections.abc import Sequence

from duckdb import DuckDBPyRelation

from clickkit.analysis.conversion import conversion
from clickkit.analysis.question import ask, elapsed, expression
from clickkit.analysis.ranks import ranks
from clickkit.errors import SettingsError

PERCENTILES = (0.5, 0.75, 0.95, 0.99)

DELAY_MS = f"({elapsed('timestamp', 'received_at')}) // 1000"
"""SQL for the delay of an event: from when it happened to when the collector had it, in ms."""

EVERY = ("minute", "hour", "day", "week", "month")
"""The lengths of time, in UTC, into which `latency_over_time` and `error_rate` cut."""


def percentiles(
    events: DuckDBPyRelation,
    *,
    value: str = "duration_ms",
    by: str | None = None,
    at: Sequence[float] = PERCENTILES,
    confidence: float = 0.95,
) -> DuckDBPyRelation:
    """Return `segment, percentile, value, low, high, observations, coverage`, one row a percentile.

    `value` is an SQL expression for a number, such as `duration_ms` or `DELAY_MS`; rows where it is null
    are left out. `by` is an SQL expression for the segment, such as `page_url`, `device.type` or
    `cast(timestamp as date)` (None: one segment, `all`).

    `at` lists the percentiles, 0 to 1. Percentile p of n values is the ⌈np⌉-th smallest: the inverse of
    the empirical distribution, type 1 of Hyndman & Fan 1996, `percentile_disc` in SQL. So it is always a
    value that was seen.

    `low` and `high` are order statistics too, whatever the distribution: the ranks l and u with
    P(B < l) ≤ (1 - confidence) / 2 and P(B < u) ≥ (1 + confidence) / 2, where B is binomial (n, p) (David
    & Nagaraja 2003, 7.1; Hahn & Meeker 1991, 5.2). `coverage` is what they attain, P(l ≤ B < u), the
    confidence or more, and exactly so for a continuous distribution. Null is a limit for which there are too
    few values: none, at any height. The interval takes values for independent; those of one visitor are so
    only roughly.

    Raises:
        SettingsError: an expression cannot be asked, or a percentile or the confidence is not between
            0 and 1.
    """
    return ask(
        events,
        f"""
        with measured as (
            select {expression(by)} as segment, cast({expression(value)} as double) as value
            from events
        ),
        placed as (
            select segment, value, row_number() over (partition by segment order by value) as place
            from measured
            where value is not null
        ),
        {ranks(at, confidence=confidence)},
        wanted as (
            select
                ranks.*,
                case number when 1 then place when 2 then low_place else high_place end as wanted_place
            from ranks
            cross join (values (1), (2), (3)) as numbers(number)
        )
        select
            wanted.segment,
            cast(wanted.percentile as double) as percentile,
            max(placed.value) filter (where placed.place = wanted.place) as value,
            max(placed.value) filter (where placed.place = wanted.low_place) as low,
            max(placed.value) filter (where placed.place = wanted.high_place) as high,
            wanted.observations,
            wanted.coverage
        from wanted
        join placed
            on placed.segment is not distinct from wanted.segment
            and placed.place = wanted.wanted_place
        group by wanted.segment, wanted.percentile, wanted.observations, wanted.coverage
        order by wanted.segment, wanted.percentile
        """,
    )


def latency_over_time(
    events: DuckDBPyRelation,
    *,
    value: str = "duration_ms",
    every: str = "day",
    at: Sequence[float] = PERCENTILES,
    confidence: float = 0.95,
) -> DuckDBPyRelation:
    """Return `moment, percentile, value, low, high, observations, name`, oldest first; see `percentiles`.

    `moment` is the beginning, in UTC, of a minute, hour, day, week or month: `every`. One without values
    has no rows. `name` is that of the percentile: p50, p99.9.

    Raises:
        SettingsError: as `percentiles`, or `every` is none of these.
    """
    found = percentiles(events, value=value, by=_moment(every), at=at, confidence=confidence)
    return ask(
        found,
        r"""
        select segment as moment, percentile, value, low, high, observations,
            'p' || regexp_replace(cast(cast(percentile * 100 as decimal(5, 2)) as varchar), '\.?0+$', '')
                as name
        from events
        order by moment, percentile
        """,
    )


def error_rate(
    events: DuckDBPyRelation,
    *,
    failed: str = "event = 'error'",
    unit: str | None = "session_id",
    every: str = "day",
    confidence: float = 0.95,
) -> DuckDBPyRelation:
    """Return `moment, total, failed, rate, low, high`, oldest first: by default sessions with an error.

    A unit that lasts over two moments counts in both. `failed` is an SQL condition, `unit` what is counted
    (None: each event), `low` and `high` Wilson's interval, as in `conversion`.

    Raises:
        SettingsError: as `conversion`, or `every` is none of `EVERY`.
    """
    found = conversion(events, converted=failed, by=_moment(every), unit=unit, confidence=confidence)
    return ask(
        found,
        """
        select segment as moment, total, converted as failed, rate, low, high
        from events
        order by moment
        """,
    )


def _moment(every: str) -> str:
    if every not in EVERY:
        raise SettingsError(f"every {every!r} is no length of time: choose from {', '.join(EVERY)}")
    return f"date_trunc('{every}', timestamp)"
