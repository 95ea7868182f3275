"""Channels: where a session came from, by its first event.

The rules follow Google Analytics 4, "Default channel group" (Analytics Help, answer 9756891), with
fewer channels: paid and organic social are one, and what it calls Paid Other, Affiliates, Audio, SMS,
Mobile Push or Unassigned is `other`. Capitals do not matter. In this order:

- direct: no utm_source, utm_medium or utm_campaign on the page and no referrer; or source (direct)
- internal: no utm and a referrer from the page's own site
- paid search: the source is a search engine, the medium `cp…`, ppc, retargeting or `paid…`
- social: the source is a social network, or the medium says social
- display: medium display, banner, expandable, interstitial or cpm
- other: another paid medium
- organic search: the source is a search engine, or the medium is organic
- email: source or medium is email
- referral: medium referral, app or link; or no utm and a referrer from another site
- other: everything else

The rules stand once, in `channel_rules`, which has them for Python too: `channel_of(page_url, referrer)`.
The source is utm_source or, without any utm, the referrer's host. A session is what the column
`session` says, by default the tracker's; events without one are left out. Its first event is the first
by sequence, then timestamp, then id; it speaks for the whole session.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from duckdb import DuckDBPyRelation

from clickkit.analysis.channel_rules import CHANNEL, host_sql, tag_sql
from clickkit.analysis.question import ask, column, columns, day, last_if_null
from clickkit.analysis.wilson import wilson
from clickkit.errors import SettingsError

Every = Literal["day", "week"]

_TAGGED = "utm_source <> '' or medium <> '' or campaign <> ''"
_IN_ORDER = f"({last_if_null('sequence')}, timestamp, id)"
_CLICKS = "count(*) filter (where event = 'click')"


def by_channel(
    events: DuckDBPyRelation, *, goal: str, confidence: float = 0.95, session: str = "session_id"
) -> DuckDBPyRelation:
    """Return each channel's sessions and how many of them reached the goal, the most sessions first.

    `goal` is an SQL condition, such as `event = 'click' and button = 'Pay'`. Columns: `channel,
    sessions, visitors, clicks, converted` (sessions in which an event fulfils the goal), `conversion`
    (their share, 0 to 1), `low, high` (its interval: Wilson 1927, see `wilson.wilson`).

    Raises:
        SettingsError: the goal cannot be understood, or the confidence does not lie between 0 and 1.
    """
    return ask(events, _reached(goal, confidence, session, [f"{CHANNEL} as channel"]))


def by_source(
    events: DuckDBPyRelation, *, goal: str, confidence: float = 0.95, session: str = "session_id"
) -> DuckDBPyRelation:
    """Return what `by_channel` does for each `channel, source, medium, campaign`, the most sessions first.

    Source, medium and campaign are in small letters, null where there is none.

    Raises:
        SettingsError: the goal cannot be understood, or the confidence does not lie between 0 and 1.
    """
    tags = [f"nullif({name}, '') as {name}" for name in ("source", "medium", "campaign")]
    return ask(events, _reached(goal, confidence, session, [f"{CHANNEL} as channel", *tags]))


def with_channel(events: DuckDBPyRelation, *, session: str = "session_id") -> DuckDBPyRelation:
    """Return events with the `channel, source, medium, campaign` of their session as last columns.

    Source, medium and campaign are in small letters, null where there is none; all are null without a
    session.
    """
    key = column(session)
    return ask(
        events,
        f"""
        select
            {columns(events)},
            touches.channel,
            nullif(touches.source, '') as source,
            nullif(touches.medium, '') as medium,
            nullif(touches.campaign, '') as campaign
        from events
        left join (
            select touched.session, {CHANNEL} as channel, source, medium, campaign
            from ({_touches(session)}) as touched
        ) as touches on touches.session = events.{key}
        """,
    )


def channels_over_time(
    events: DuckDBPyRelation, *, every: Every = "day", top: int | None = None, session: str = "session_id"
) -> DuckDBPyRelation:
    """Return `date, channel, sessions, visitors, clicks`, oldest first.

    `date` is the day (UTC) on which the session began, or that week's Monday. With `top`, only so many
    channels are returned: those with the most sessions of all days.

    Raises:
        SettingsError: `every` is neither day nor week, or `top` is below 1.
    """
    counts = {"start_at": "min(timestamp)", "clicks": _CLICKS}
    counted = f"""
        select
            {_date("start_at", every)} as date,
            {CHANNEL} as channel,
            count(*) as sessions,
            count(distinct visitor_id) as visitors,
            cast(sum(clicks) as bigint) as clicks
        from ({_touches(session, counts)}) as touches
        group by date, channel
        """
    return ask(events, _largest(counted, ("date", "channel", "sessions", "visitors", "clicks"), top))


def buttons_over_time(
    events: DuckDBPyRelation, *, every: Every = "day", top: int | None = None
) -> DuckDBPyRelation:
    """Return `date` (UTC day, or the week's Monday), `button, clicks, visitors`, oldest first.

    With `top`, only so many buttons are returned: those with the most clicks of all days.

    Raises:
        SettingsError: `every` is neither day nor week, or `top` is below 1.
    """
    counted = f"""
        select
            {_date("timestamp", every)} as date,
            button,
            count(*) as clicks,
            count(distinct visitor_id) as visitors
        from events
        where event = 'click'
        group by date, button
        """
    return ask(events, _largest(counted, ("date", "button", "clicks", "visitors"), top))


def _largest(counted: str, names: Sequence[str], top: int | None) -> str:
    """Return the SELECT of a count over time, of its `top` largest series.

    `names` are the date, the series, the number by which it is large, and others.
    """
    if top is not None and top < 1:
        raise SettingsError(f"top is {top}: write 1 or more, or None for all")
    date, series, size, *_ = names
    shown = ", ".join(names)
    return f"""
        select {shown}
        from (
            select {shown}, dense_rank() over (order by all_days desc, {series}) as place
            from (
                select {shown}, sum({size}) over (partition by {series}) as all_days
                from ({counted}) as counted
            ) as summed
        ) as placed
        where {"true" if top is None else f"place <= {top:d}"}
        order by {date}, {size} desc, {series}
    """


def _reached(goal: str, confidence: float, session: str, groups: Sequence[str]) -> str:
    """Return the SELECT of the sessions of each group, and of how many of them reached the goal."""
    counts = {"clicks": _CLICKS, "converted": f"max(case when {goal} then 1 else 0 end)"}
    names = ", ".join(group.rpartition(" as ")[2] for group in groups)
    low, high = wilson("converted", "sessions", confidence)
    return f"""
        select {names}, sessions, visitors, clicks, converted,
            converted / sessions as conversion, {low} as low, {high} as high
        from (
            select
                {", ".join(groups)},
                count(*) as sessions,
                count(distinct visitor_id) as visitors,
                cast(sum(clicks) as bigint) as clicks,
                cast(sum(converted) as bigint) as converted
            from ({_touches(session, counts)}) as touches
            group by {names}
        ) as counted
        order by sessions desc, {names}
    """


def _date(moment: str, every: str) -> str:
    if every not in ("day", "week"):
        raise SettingsError(f"every {every!r} cannot be counted: write day or week")
    return day(moment) if every == "day" else f"cast(date_trunc('week', {day(moment)}) as date)"


def _touches(session: str, counts: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the SELECT of one row a session: `session, visitor_id`, what `CHANNEL` reads, and counts."""
    names = "".join(f", {name}" for name in counts)
    more = "".join(f", {sql} as {name}" for name, sql in counts.items())
    return f"""
        select
            session,
            visitor_id,
            own_host,
            {_TAGGED} as is_tagged,
            case when {_TAGGED} then utm_source else referrer_host end as source,
            medium,
            campaign{names}
        from (
            select
                session,
                visitor_id,
                {host_sql("landing_url")} as own_host,
                {host_sql("landing_referrer")} as referrer_host,
                {tag_sql("source", "landing_url")} as utm_source,
                {tag_sql("medium", "landing_url")} as medium,
                {tag_sql("campaign", "landing_url")} as campaign{names}
            from (
                select
                    {column(session)} as session,
                    min(visitor_id) as visitor_id,
                    min_by(page_url, {_IN_ORDER}) as landing_url,
                    min_by(coalesce(referrer, ''), {_IN_ORDER}) as landing_referrer{more}
                from events
                where {column(session)} is not null
                group by {column(session)}
            ) as landings
        ) as tagged
    """
