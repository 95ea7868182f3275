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

The source is utm_source or, without any utm, the referrer's host. A session is what the column
`session` says, by default the tracker's; events without one are left out. Its first event is the first
by sequence, then timestamp; it speaks for the whole session.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from duckdb import DuckDBPyRelation

from clickkit.analysis.question import ask, column, columns
from clickkit.analysis.wilson import wilson
from clickkit.errors import SettingsError

Every = Literal["day", "week"]

_SEARCH = (
    r"^(([a-z]{2}|www|m|search)\.)*"
    r"(google|bing|yahoo|duckduckgo|baidu|yandex|ecosia|naver|seznam|qwant|startpage|brave|ask|aol)"
    r"(\.[a-z]{2,3}){0,2}$|googlequicksearchbox$"
)
_SOCIAL = (
    r"^([a-z0-9-]+\.)*(facebook|instagram|linkedin|twitter|reddit|pinterest|tiktok|threads|whatsapp|snapchat|"
    r"mastodon|bluesky|tumblr|quora|weibo|vk)(\.[a-z]{2,6}){0,2}$|^(fb|ig|x|(www\.)?x\.com|t\.co|lnkd\.in|bsky\.app)$"
)
_PAID = "^(.*cp.*|ppc|retargeting|paid.*)$"
_EMAIL = "^e[-_ ]?mail$"
_HOST = r"^[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*@)?(\[[^\]]*\]|[^/?#:]*)"
_TAGGED = "utm_source <> '' or medium <> '' or campaign <> ''"
_CLICKS = "count(*) filter (where event = 'click')"
_CHANNEL = f"""
    case
        when (source = '' and medium = '' and campaign = '') or source = '(direct)' then 'direct'
        when not is_tagged and source = own_host then 'internal'
        when regexp_matches(source, '{_SEARCH}') and regexp_matches(medium, '{_PAID}') then 'paid search'
        when regexp_matches(source, '{_SOCIAL}') then 'social'
        when regexp_matches(medium, '^(social|sm|social[- ](network|media))$') then 'social'
        when medium in ('display', 'banner', 'expandable', 'interstitial', 'cpm') then 'display'
        when regexp_matches(medium, '{_PAID}') then 'other'
        when regexp_matches(source, '{_SEARCH}') or medium = 'organic' then 'organic search'
        when regexp_matches(source, '{_EMAIL}') or regexp_matches(medium, '{_EMAIL}') then 'email'
        when medium in ('referral', 'app', 'link') then 'referral'
        when is_tagged then 'other'
        else 'referral'
    end
"""


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
    low, high = wilson("sum(converted)", "count(*)", confidence)
    counts = {"clicks": _CLICKS, "converted": f"max(case when {goal} then 1 else 0 end)"}
    return ask(
        events,
        f"""
        select
            {_CHANNEL} as channel,
            count(*) as sessions,
            count(distinct visitor_id) as visitors,
            cast(sum(clicks) as bigint) as clicks,
            cast(sum(converted) as bigint) as converted,
            sum(converted) / count(*) as conversion,
            {low} as low,
            {high} as high
        from ({_touches(session, counts)}) as touches
        group by channel
        order by sessions desc, channel
        """,
    )


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
            select touched.session, {_CHANNEL} as channel, source, medium, campaign
            from ({_touches(session)}) as touched
        ) as touches on touches.session = events.{key}
        """,
    )


def channels_over_time(
    events: DuckDBPyRelation, *, every: Every = "day", session: str = "session_id"
) -> DuckDBPyRelation:
    """Return `date, channel, sessions, visitors, clicks`, oldest first.

    `date` is the day (UTC) on which the session began, or that week's Monday.

    Raises:
        SettingsError: `every` is neither day nor week.
    """
    counts = {"start_at": "min(timestamp)", "clicks": _CLICKS}
    return ask(
        events,
        f"""
        select
            {_date("start_at", every)} as date,
            {_CHANNEL} as channel,
            count(*) as sessions,
            count(distinct visitor_id) as visitors,
            cast(sum(clicks) as bigint) as clicks
        from ({_touches(session, counts)}) as touches
        group by date, channel
        order by date, sessions desc, channel
        """,
    )


def buttons_over_time(events: DuckDBPyRelation, *, every: Every = "day") -> DuckDBPyRelation:
    """Return `date` (UTC day, or the week's Monday), `button, clicks, visitors`, oldest first.

    Raises:
        SettingsError: `every` is neither day nor week.
    """
    return ask(
        events,
        f"""
        select
            {_date("timestamp", every)} as date,
            button,
            count(*) as clicks,
            count(distinct visitor_id) as visitors
        from events
        where event = 'click'
        group by date, button
        order by date, clicks desc, button
        """,
    )


def _date(moment: str, every: str) -> str:
    if every not in ("day", "week"):
        raise SettingsError(f"every {every!r} cannot be counted: write day or week")
    day = f"cast({moment} as date)"
    return day if every == "day" else f"cast(date_trunc('week', {day}) as date)"


def _touches(session: str, counts: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the SELECT of one row a session: `session, visitor_id`, what `_CHANNEL` reads, and counts."""
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
                {_host("landing_url")} as own_host,
                {_host("landing_referrer")} as referrer_host,
                {_tag("source")} as utm_source,
                {_tag("medium")} as medium,
                {_tag("campaign")} as campaign{names}
            from (
                select
                    {column(session)} as session,
                    min(visitor_id) as visitor_id,
                    min_by(page_url, (sequence, timestamp)) as landing_url,
                    min_by(coalesce(referrer, ''), (sequence, timestamp)) as landing_referrer{more}
                from events
                where {column(session)} is not null
                group by {column(session)}
            ) as landings
        ) as tagged
    """


def _tag(name: str) -> str:
    """Return the SQL of a utm parameter in the landing page's query, decoded, in small letters."""
    found = f"regexp_extract(landing_url, '^[^#]*[?&]utm_{name}=([^&#]*)', 1)"
    return f"lower(url_decode(replace({found}, '+', ' ')))"


def _host(url: str) -> str:
    """Return the SQL of an address's host, in small letters and without www."""
    return rf"regexp_replace(lower(regexp_extract({url}, '{_HOST}', 2)), '^www\.', '')"
