"""Anomalies: days whose count is not what the weekday and the last weeks let expect."""

import datetime as dt
import math

from duckdb import DuckDBPyRelation
from scipy.special import stdtrit

from clickkit.analysis.question import as_day, ask, check_share, expression
from clickkit.errors import SettingsError

LEAST_HISTORY_DAYS = 14
"""Two of each weekday: with fewer, a weekday's own level cannot be told from noise."""

_MAD = 1.4826  # makes a normal distribution's median absolute deviation its standard deviation
_MAD_EFFICIENCY = 0.37  # of the median absolute deviation, against the standard deviation
_POISSON = 0.5  # standard deviation of the square root of a Poisson count, whatever its mean


def anomalies(
    daily: DuckDBPyRelation,
    *,
    count: str,
    date: str = "date",
    by: str | None = None,
    complete_until: dt.date | str | None = None,
    weeks: int = 8,
    false_alarms: float = 0.01,
) -> DuckDBPyRelation:
    """Return `segment, date, count, expected, low, high, history, is_unusual, verdict`, one row a day.

    `daily` has rows with a `date` and a `count` (SQL expressions; several rows of a day are summed), such as
    `metrics.by_day` gives; `by` is the segment that is judged on its own. `history` is how many days a
    day is held against: those of the `weeks` before it that have a count and are complete. `is_unusual`
    says that the verdict is low, high or absent. The oldest day comes first.

    `verdict` is usual, low, high, or
    - absent: the day has no row, from the segment's first day to the last of all or `complete_until`. A row
      that says 0 is a count of zero, and judged; a day without a row is unknown, and no history to others;
    - incomplete: after `complete_until` (None: every day is complete), unless it is high already;
    - too little history: under 14 days, or under two of the same weekday; `expected` is null then.

    The method: counts as square roots, which makes the spread of Poisson counts the same at any height
    (Anscombe 1948). Expected is the median of the same weekday in the history, moved by the median of the
    last seven days' residuals: a season and a level, as in STL (Cleveland et al. 1990), but of medians. The
    spread is the median absolute deviation (Hampel 1974) of residuals that leave their own day out, at
    least that of Poisson counts. `low` to `high` is Student's interval, whose degrees of freedom are the
    days beyond the seven medians, times 0.37, the efficiency of that deviation (Rousseeuw & Croux 1993).
    Of usual days the share `false_alarms` or fewer lie outside; with two weeks only much is usual. After
    a lasting change it alarms for about four days.

    Raises:
        SettingsError: there are fewer than 2 weeks, `false_alarms` is not between 0 and 1, or an expression
            cannot be asked.
    """
    if weeks < 2:
        raise SettingsError(f"weeks is {weeks}: two of each weekday are needed, so give 2 or more")
    tail = check_share("false_alarms", false_alarms) / 2
    quantiles = ", ".join(
        f"({days}, {-stdtrit(max(1.0, _MAD_EFFICIENCY * (days - 7)), tail):.9f})"
        for days in range(LEAST_HISTORY_DAYS, 7 * weeks + 1)
    )
    until = f"date '{as_day(complete_until)}'" if complete_until else "cast(null as date)"
    return ask(
        daily,
        f"""
        with counted as (
            select
                {expression(by)} as segment,
                cast({expression(date)} as date) as date,
                sum({expression(count)}) as count
            from events
            group by 1, 2
            having sum({expression(count)}) is not null
        ),
        {_CALENDAR.format(until=until)},
        {_HISTORY.format(days=7 * weeks)},
        {_EXPECTED},
        quantiles as (
            select history, quantile
            from (values {quantiles}) as listed(history, quantile)
        ),
        {_VERDICTS}
        """,
    )


_CALENDAR = """
        spans as (
            select
                segment,
                date,
                count,
                greatest(max(date) over (), {until}) as last,
                lead(date) over (partition by segment order by date) as next
            from counted
        ),
        days as (
            select
                spans.segment,
                cast(every.day as date) as date,
                case when cast(every.day as date) = spans.date then spans.count end as count,
                cast(every.day as date) <= coalesce({until}, spans.last) as is_complete
            from spans
            cross join unnest(
                generate_series(
                    spans.date,
                    coalesce(cast(spans.next - interval 1 day as date), spans.last),
                    interval 1 day
                )
            ) as every(day)
        ),
        known as (
            select segment, date, sqrt(count + 0.375) as root
            from days
            where count is not null and is_complete
        )"""
_HISTORY = """
        past as (
            select days.segment, days.date, known.date as day, known.root
            from days
            join known
                on known.segment is not distinct from days.segment
                and date_diff('day', known.date, days.date) between 1 and {days}
        ),
        residuals as (
            select past.segment, past.date, past.day, past.root - median(known.root) as residual
            from past
            join known
                on known.segment is not distinct from past.segment
                and date_diff('day', known.date, past.date) between 1 and {days}
                and known.date <> past.day
                and isodow(known.date) = isodow(past.day)
            group by past.segment, past.date, past.day, past.root
        )"""
_EXPECTED = f"""
        weekdays as (
            select
                segment,
                date,
                count(*) as history,
                count(*) filter (where date_diff('day', day, date) % 7 = 0) as same,
                median(root) filter (where date_diff('day', day, date) % 7 = 0) as season
            from past
            group by segment, date
        ),
        centres as (
            select segment, date, median(residual) as centre
            from residuals
            group by segment, date
        ),
        levels as (
            select
                residuals.segment,
                residuals.date,
                residual - centre as deviation,
                case when date_diff('day', day, residuals.date) <= 7 then residual end as recent
            from residuals
            join centres
                on centres.segment is not distinct from residuals.segment and centres.date = residuals.date
        ),
        spreads as (
            select segment, date, coalesce(median(recent), 0) as level, median(abs(deviation)) as mad
            from levels
            group by segment, date
        ),
        forecasts as (
            select
                weekdays.segment,
                weekdays.date,
                history,
                same,
                greatest(season + level, 0) as root,
                {math.sqrt(1 + math.pi / 14)!r} * greatest(
                    {_MAD} * mad,
                    {_POISSON} * sqrt(1 + {math.pi / 2!r} / nullif(same, 0))
                ) as spread
            from weekdays
            left join spreads
                on spreads.segment is not distinct from weekdays.segment and spreads.date = weekdays.date
        )"""
_VERDICTS = """ranges as (
            select
                segment,
                date,
                forecasts.history,
                -- greatest passes over nulls
                case when quantile is not null then greatest(root * root - 0.375, 0) end as expected,
                case
                    when quantile is not null
                    then greatest(pow(greatest(root - quantile * spread, 0), 2) - 0.375, 0)
                end as low,
                pow(root + quantile * spread, 2) - 0.375 as high
            from forecasts
            left join quantiles on quantiles.history = forecasts.history and same >= 2
        ),
        judged as (
            select
                days.segment,
                days.date,
                cast(days.count as bigint) as count,
                ranges.expected,
                ranges.low,
                ranges.high,
                coalesce(ranges.history, 0) as history,
                case
                    when not days.is_complete
                        then case when days.count > ranges.high then 'high' else 'incomplete' end
                    when days.count is null then 'absent'
                    when ranges.expected is null then 'too little history'
                    when days.count < ranges.low then 'low'
                    when days.count > ranges.high then 'high'
                    else 'usual'
                end as verdict
            from days
            left join ranges
                on ranges.segment is not distinct from days.segment and ranges.date = days.date
        )
        select
            segment,
            date,
            count,
            expected,
            low,
            high,
            history,
            verdict in ('low', 'high', 'absent') as is_unusual,
            verdict
        from judged
        order by segment, date
        """
