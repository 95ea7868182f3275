"""Counts of clicks: each function is one SELECT over events."""

import datetime as dt
from collections.abc import Sequence
from typing import cast

from duckdb import DuckDBPyRelation

from clickkit.analysis.question import ask, day, utc
from clickkit.errors import SettingsError

SOURCES = ("recorded", "simulated")
"""The values of `source`: clicks that somebody made, and clicks of `clickkit.simulate`."""


def of_sources(events: DuckDBPyRelation, sources: Sequence[str]) -> DuckDBPyRelation:
    """Return the events of some `SOURCES`, with all their columns; see `is_of_sources`."""
    return events.filter(is_of_sources(sources))


def is_of_sources(sources: Sequence[str]) -> str:
    """Return the SQL condition that events of some `SOURCES` fulfil.

    Raises:
        SettingsError: one of them is no source.
    """
    if isinstance(sources, str) or not set(sources) <= set(SOURCES):
        raise SettingsError(f"no sources {sources!r}: write a list of {' and '.join(SOURCES)}")
    is_simulated = "coalesce(properties->>'simulated' = 'true', false)"
    wanted = [is_simulated if source == "simulated" else f"not {is_simulated}" for source in sources]
    return " or ".join(wanted) or "false"


def totals(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return one row: `clicks, visitors, sessions`, the latter two by the ids that trackers give."""
    return ask(
        events,
        """
        select
            count(*) as clicks,
            count(distinct visitor_id) as visitors,
            count(distinct session_id) as sessions
        from events
        where event = 'click'
        """,
    )


def by_source(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return `source` (recorded or simulated), `events` of every kind and `clicks`."""
    return ask(
        events,
        """
        select
            case when properties->>'simulated' = 'true' then 'simulated' else 'recorded' end as source,
            count(*) as events,
            count(*) filter (where event = 'click') as clicks
        from events
        group by source
        order by source
        """,
    )


def by_button(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return `button, clicks, visitors, share` (of all clicks, 0 to 1), the most clicked first."""
    return ask(
        events,
        """
        select
            button,
            count(*) as clicks,
            count(distinct visitor_id) as visitors,
            count(*) / sum(count(*)) over () as share
        from events
        where event = 'click'
        group by button
        order by clicks desc, button
        """,
    )


def by_site(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return `site` (the page's host, in small letters), `clicks, visitors`, the most clicks first.

    Null is a page whose address names no host.
    """
    return ask(
        events,
        r"""
        select
            nullif(
                lower(
                    regexp_extract(page_url, '^[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*@)?(\[[^\]]*\]|[^/?#:]*)', 2)
                ),
                ''
            ) as site,
            count(*) as clicks,
            count(distinct visitor_id) as visitors
        from events
        where event = 'click'
        group by site
        order by clicks desc, site
        """,
    )


def by_page(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return `page_url, views, visitors`, the most viewed first: what an imported access log has."""
    return ask(
        events,
        """
        select page_url, count(*) as views, count(distinct visitor_id) as visitors
        from events
        where event = 'view'
        group by page_url
        order by views desc, page_url
        """,
    )


def by_day(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return `date` (UTC), `source` (recorded or simulated), `clicks, visitors`, oldest first."""
    return ask(
        events,
        f"""
        select
            {day("timestamp")} as date,
            case when properties->>'simulated' = 'true' then 'simulated' else 'recorded' end as source,
            count(*) as clicks,
            count(distinct visitor_id) as visitors
        from events
        where event = 'click'
        group by date, source
        order by date, source
        """,
    )


def by_each_day(events: DuckDBPyRelation, since: dt.date, until: dt.date) -> DuckDBPyRelation:
    """Return what `by_day` does for each day of a range: one without clicks has a row of zeros."""
    filled = by_day(events).query(
        "counted",
        f"""
        select
            cast(every.day as date) as date,
            coalesce(counted.source, 'recorded') as source,
            coalesce(counted.clicks, 0) as clicks,
            coalesce(counted.visitors, 0) as visitors
        from unnest(generate_series(date '{since}', date '{until}', interval 1 day)) as every(day)
        left join counted on counted.date = every.day
        order by date, source
        """,
    )
    return cast(DuckDBPyRelation, filled)


def by_hour(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return `hour` of the day (0 to 23, UTC) and `clicks`; hours without clicks are left out."""
    return ask(
        events,
        f"""
        select hour({utc("timestamp")}) as hour, count(*) as clicks
        from events
        where event = 'click'
        group by hour
        order by hour
        """,
    )


def by_device(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return `device` (type), `platform, browser, clicks, visitors`, the most clicks first."""
    return ask(
        events,
        """
        select
            device.type as device,
            device.platform as platform,
            device.browser as browser,
            count(*) as clicks,
            count(distinct visitor_id) as visitors
        from events
        where event = 'click'
        group by device.type, device.platform, device.browser
        order by clicks desc, device, platform, browser
        """,
    )


def by_device_type(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return `device` (type), `clicks, visitors`, the most clicks first; null is one not recognised."""
    return ask(
        events,
        """
        select device.type as device, count(*) as clicks, count(distinct visitor_id) as visitors
        from events
        where event = 'click'
        group by device.type
        order by clicks desc, device
        """,
    )


def by_browser(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return `browser, clicks, visitors`, the most clicks first; null is one not recognised."""
    return ask(
        events,
        """
        select device.browser as browser, count(*) as clicks, count(distinct visitor_id) as visitors
        from events
        where event = 'click'
        group by device.browser
        order by clicks desc, browser
        """,
    )


def by_place(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return `country, city, clicks, visitors`, the most clicks first; null is a place not known."""
    return ask(
        events,
        """
        select
            location.country as country,
            location.city as city,
            count(*) as clicks,
            count(distinct visitor_id) as visitors
        from events
        where event = 'click'
        group by location.country, location.city
        order by clicks desc, country, city
        """,
    )


def by_country(events: DuckDBPyRelation, *, at_least: int = 1) -> DuckDBPyRelation:
    """Return `country, country_code, clicks, visitors`, the most clicks first; null is a place not known.

    Countries of fewer than `at_least` visitors are left out, so that nobody is found in a small count;
    a click without a visitor's id counts as a visitor of its own here.
    """
    return ask(
        events,
        f"""
        select
            location.country as country,
            min(location.country_code) filter (where location.country is not null) as country_code,
            count(*) as clicks,
            count(distinct visitor_id) as visitors
        from events
        where event = 'click'
        group by location.country
        having country is null or count(distinct coalesce(visitor_id, id)) >= {at_least:d}
        order by clicks desc, country
        """,
    )


def by_city(events: DuckDBPyRelation, *, at_least: int = 1) -> DuckDBPyRelation:
    """Return `country, city, clicks, visitors` of the clicks with a city, the most clicks first.

    Cities of fewer than `at_least` visitors are left out, as in `by_country`.
    """
    return ask(
        events,
        f"""
        select
            location.country as country,
            location.city as city,
            count(*) as clicks,
            count(distinct visitor_id) as visitors
        from events
        where event = 'click' and location.city is not null
        group by location.country, location.city
        having count(distinct coalesce(visitor_id, id)) >= {at_least:d}
        order by clicks desc, country, city
        """,
    )


def count_places(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return one row: how many `countries` and `cities` clicks came from."""
    return ask(
        events,
        """
        select
            count(distinct location.country) as countries,
            count(distinct (location.country, location.city))
                filter (where location.city is not null) as cities
        from events
        where event = 'click'
        """,
    )
