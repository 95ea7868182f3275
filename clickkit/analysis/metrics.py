"""Counts of clicks: each function is one SELECT over events."""

from collections.abc import Sequence
from typing import cast

from duckdb import DuckDBPyRelation

from clickkit.errors import SettingsError

SOURCES = ("recorded", "simulated")
"""The values of `source`: clicks that somebody made, and clicks of `clickkit.simulate`."""


def of_sources(events: DuckDBPyRelation, sources: Sequence[str]) -> DuckDBPyRelation:
    """Return the events of some `SOURCES`, with all their columns.

    Raises:
        SettingsError: one of them is no source.
    """
    if isinstance(sources, str) or not set(sources) <= set(SOURCES):
        raise SettingsError(f"no sources {sources!r}: write a list of {' and '.join(SOURCES)}")
    is_simulated = "coalesce(properties->>'simulated' = 'true', false)"
    wanted = [is_simulated if source == "simulated" else f"not {is_simulated}" for source in sources]
    return events.filter(" or ".join(wanted) or "false")


def by_button(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return `button, clicks, visitors, share` (of all clicks, 0 to 1), the most clicked first."""
    return _select(
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


def by_page(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return `page_url, views, visitors`, the most viewed first: what an imported access log has."""
    return _select(
        events,
        """
        select
            page_url,
            count(*) as views,
            count(distinct visitor_id) as visitors
        from events
        where event = 'view'
        group by page_url
        order by views desc, page_url
        """,
    )


def by_day(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return `date` (UTC), `source` (recorded or simulated), `clicks, visitors`, oldest first."""
    return _select(
        events,
        """
        select
            cast(timestamp as date) as date,
            case when properties->>'simulated' = 'true' then 'simulated' else 'recorded' end as source,
            count(*) as clicks,
            count(distinct visitor_id) as visitors
        from events
        where event = 'click'
        group by date, source
        order by date, source
        """,
    )


def by_hour(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return `hour` of the day (0 to 23, UTC) and `clicks`; hours without clicks are left out."""
    return _select(
        events,
        """
        select
            hour(timestamp) as hour,
            count(*) as clicks
        from events
        where event = 'click'
        group by hour
        order by hour
        """,
    )


def by_device(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return `device` (type), `platform, browser, clicks, visitors`, the most clicks first."""
    return _select(
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


def by_place(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return `country, city, clicks, visitors`, the most clicks first; null is a place not shared."""
    return _select(
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


def _select(events: DuckDBPyRelation, sql: str) -> DuckDBPyRelation:
    """Ask one SELECT of a relation, which it calls `events`."""
    return cast(DuckDBPyRelation, events.query("events", sql))
