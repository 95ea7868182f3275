"""Session features: what was known of a session when it had had a few events, and how it ended."""

from duckdb import DuckDBPyRelation

from clickkit.analysis.question import ask, expression, seconds, utc
from clickkit.errors import SettingsError

FEATURES = (
    "views",
    "clicks",
    "pages",
    "errors",
    "seconds",
    "mean_duration_ms",
    "deepest_scroll",
    "hour",
    "weekday",
    "earlier_sessions",
    "device",
    "browser",
    "country",
    "has_campaign",
    "has_referrer",
)
"""The columns of `session_features` that may be used to predict."""


def session_features(events: DuckDBPyRelation, *, goal: str, seen: int = 3) -> DuckDBPyRelation:
    """Return `session_id, predicted_at, converted` and `FEATURES`, a row a session, oldest first.

    The moment of the prediction is that of a session's first `seen` events, by sequence and not by clock.
    Every feature is made of these alone, and of `earlier_sessions`, how many of the visitor's sessions began
    before; `converted` says whether an event after them fulfils `goal`, an SQL condition. Sessions that
    ended before that moment, or had reached the goal by then, are left out: nothing was to be predicted.

    `predicted_at` is the latest timestamp of these events, `seconds` the time between them, `weekday` Monday
    (1) to Sunday (7) in UTC, `deepest_scroll` a fraction of a page, `mean_duration_ms` null without any.

    Raises:
        SettingsError: `seen` is under 1, or the goal cannot be asked.
    """
    if seen < 1:
        raise SettingsError(f"seen is {seen}: a prediction needs 1 event or more to have been seen")
    return ask(
        events,
        f"""
        with ordered as (
            select
                session_id, visitor_id, event, timestamp, page_url, referrer, duration_ms,
                device.type as device,
                device.browser as browser,
                location.country_code as country,
                case when event = 'scroll' then try_cast(properties->>'depth' as double) end as depth,
                coalesce(cast({expression(goal)} as boolean), false) as is_goal,
                row_number() over (partition by session_id order by sequence, timestamp, id) as place
            from events
            where session_id is not null
        ),
        {_SESSIONS.format(seen=seen)}
        select
            session_id, predicted_at, converted, views, clicks, pages, errors,
            {seconds("started", "predicted_at")} as seconds,
            mean_duration_ms, deepest_scroll,
            hour({utc("predicted_at")}) as hour,
            isodow({utc("predicted_at")}) as weekday,
            earlier_sessions, device, browser, country, has_campaign, has_referrer
        from sessions
        where length >= {seen:d} and not is_over
        order by predicted_at, session_id
        """,
    )


_SESSIONS = """
        known as (
            select
                session_id,
                max(visitor_id) as visitor_id,
                count(*) as length,
                min(timestamp) filter (where place <= {seen}) as started,
                max(timestamp) filter (where place <= {seen}) as predicted_at,
                bool_or(is_goal and place > {seen}) as converted,
                bool_or(is_goal and place <= {seen}) as is_over,
                count(*) filter (where place <= {seen} and event = 'view') as views,
                count(*) filter (where place <= {seen} and event = 'click') as clicks,
                count(distinct page_url) filter (where place <= {seen}) as pages,
                count(*) filter (where place <= {seen} and event = 'error') as errors,
                avg(duration_ms) filter (where place <= {seen}) as mean_duration_ms,
                coalesce(max(depth) filter (where place <= {seen}), 0) as deepest_scroll,
                max(device) filter (where place = 1) as device,
                max(browser) filter (where place = 1) as browser,
                max(country) filter (where place = 1) as country,
                coalesce(max(page_url) filter (where place = 1), '') like '%utm_source=%' as has_campaign,
                coalesce(max(referrer) filter (where place = 1), '') <> '' as has_referrer
            from ordered
            group by session_id
        ),
        sessions as (
            select
                session_id, predicted_at, converted, views, clicks, pages, errors, started, mean_duration_ms,
                deepest_scroll, device, browser, country, has_campaign, has_referrer, length, is_over,
                case
                    when visitor_id is null then 0
                    else rank() over (partition by visitor_id order by started) - 1
                end as earlier_sessions
            from known
        )"""
