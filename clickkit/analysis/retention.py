"""Retention: who comes back, by the week or day of the first visit."""

import datetime as dt
from typing import Literal

from duckdb import DuckDBPyRelation

from clickkit.analysis.question import ask, day
from clickkit.analysis.wilson import wilson
from clickkit.errors import SettingsError

Period = Literal["week", "day"]

_DAYS = {"week": 7, "day": 1}


def retention(
    events: DuckDBPyRelation,
    *,
    period: Period = "week",
    since: dt.date | None = None,
    until: dt.date | None = None,
    confidence: float = 0.95,
) -> DuckDBPyRelation:
    """Return how many of those who first came in a period came in it and in each one after, oldest first.

    Periods are those of the calendar, UTC; weeks begin on Monday. Columns: `cohort` (first day of the
    period of the first visit), `period` (0, 1, … after it), `visitors` (of the cohort), `active` (of
    them, with any event in that period; 0 has a row too), `share` (0 to 1), `low, high` (its interval:
    Wilson 1927, see `wilson.wilson`), `is_complete`: both periods lie wholly in the days `since` to
    `until` (UTC days, both included; None: the days of the first and the last event). A share of a period
    that is not complete is too low, and its cohort too small: leave it out, or say so. A first visit is
    the first among these events. Events without a visitor are left out.

    Raises:
        SettingsError: there is no such period, or the confidence does not lie between 0 and 1.
    """
    if period not in _DAYS:
        raise SettingsError(f"no retention by {period!r}: choose from {', '.join(_DAYS)}")
    low, high = wilson("coalesce(returned.active, 0)", "periods.visitors", confidence)
    length = _DAYS[period]
    return ask(
        events,
        f"""
        with {_cohorts(period)}, {_periods(length, since, until)}
        select
            periods.cohort,
            periods.period,
            periods.visitors,
            coalesce(returned.active, 0) as active,
            coalesce(returned.active, 0) / periods.visitors as share,
            {low} as low,
            {high} as high,
            periods.is_complete
        from periods
        left join returned
            on returned.cohort = periods.cohort
            and date_diff('day', returned.cohort, returned.period) = {length} * periods.period
        order by periods.cohort, periods.period
        """,
    )


def _periods(length: int, since: dt.date | None, until: dt.date | None) -> str:
    """Return the tables of the days that there are, and of each cohort's periods up to the last of them."""
    return f"""
        days as (
            select {_day(since, "min(first_at)")} as first_day, {_day(until, "max(last_at)")} as last_day
            from visits
        ),
        periods as (
            select
                cohorts.cohort,
                numbers.period,
                cohorts.active as visitors,
                cohorts.cohort >= days.first_day
                    and {length} * (numbers.period + 1) <= date_diff('day', cohorts.cohort, days.last_day) + 1
                    as is_complete
            from returned as cohorts
            cross join days
            cross join unnest(
                generate_series(0, date_diff('day', cohorts.cohort, days.last_day) // {length})
            ) as numbers(period)
            where cohorts.period = cohorts.cohort
        )"""


def _cohorts(period: Period) -> str:
    """Return the tables of each visitor's periods, and of how many of a cohort came in which."""
    date = day("timestamp")
    start = date if period == "day" else f"cast(date_trunc('week', {date}) as date)"
    return f"""
        visits as (
            select visitor_id, {start} as period, min(timestamp) as first_at, max(timestamp) as last_at
            from events
            where visitor_id is not null
            group by visitor_id, {start}
        ),
        firsts as (
            select visitor_id, min(period) as cohort
            from visits
            group by visitor_id
        ),
        returned as (
            select firsts.cohort, visits.period, count(*) as active
            from visits
            join firsts on firsts.visitor_id = visits.visitor_id
            group by firsts.cohort, visits.period
        )"""


def _day(given: dt.date | None, found: str) -> str:
    """Return a day that was given or found, as an aggregate: all visits then make one row."""
    return f"cast({found} as date)" if given is None else f"min(date '{given.isoformat()}')"
