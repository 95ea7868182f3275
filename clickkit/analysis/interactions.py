"""What hands do on a page: clicks of rage, scrolling, and the screens it happens on."""

import datetime as dt
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from duckdb import DuckDBPyRelation

from clickkit.analysis.question import ask, elapsed, microseconds, text
from clickkit.analysis.sessions import page
from clickkit.analysis.wilson import wilson
from clickkit.errors import SettingsError

DEPTHS = (0.25, 0.5, 0.75, 1.0)

SCREENS: Mapping[str, int] = MappingProxyType(
    {"compact": 0, "medium": 600, "expanded": 840, "large": 1200, "extra-large": 1600}
)
"""Classes of screens and the CSS pixels of width from which they begin.

Source: Material Design 3, "Window size classes" (2024).
"""


def rage_clicks(
    events: DuckDBPyRelation,
    *,
    clicks: int = 3,
    within: dt.timedelta = dt.timedelta(seconds=1),
    radius: float = 30.0,
) -> DuckDBPyRelation:
    """Return where visitors clicked in rage: `page, button, bursts, sessions, visitors`, the most first.

    `clicks` clicks that follow each other on one page of a session, by sequence, are a burst when the
    last comes at most `within` after the first and they fit in a box with a diagonal of `radius` CSS
    pixels, so that no two lie further apart. More of the same are still one burst, and no click is in
    two; it counts for the button and page of the click that completes it. Clicks without a position or
    session are left out.
    Source of the defaults: PostHog's `rageclick` (3 clicks, 1,000 ms, 30 px), which measures from click
    to click.

    Raises:
        SettingsError: fewer than two clicks, or a limit that is not over zero.
    """
    if clicks < 2 or radius <= 0:
        raise SettingsError(f"clicks is {clicks}, radius {radius}: write 2 clicks or more, and over 0 px")
    return ask(
        events,
        f"""
        select
            {page("page_url")} as page,
            button,
            count(*) as bursts,
            count(distinct session_id) as sessions,
            count(distinct visitor_id) as visitors
        from ({_quick(clicks, microseconds("within", within), radius)}) as quick
        where quick_before is null or quick_before <= position - {clicks:d}
        group by page, button
        order by bursts desc, page, button
        """,
    )


def _quick(clicks: int, within: int, radius: float) -> str:
    """Return the SELECT of the clicks that end a quick row, with the place of the one before on the page."""
    visits = "partition by session_id, page_url order by sequence, timestamp, id"
    frame = f"{visits} rows between {clicks - 1:d} preceding and current row"
    return f"""
        select
            session_id,
            visitor_id,
            page_url,
            button,
            position,
            lag(position) over (partition by session_id, page_url order by position) as quick_before
        from (
            select
                session_id,
                visitor_id,
                page_url,
                button,
                timestamp,
                row_number() over ({visits}) as position,
                lag(timestamp, {clicks - 1:d}) over ({visits}) as first_at,
                max(x) over ({frame}) - min(x) over ({frame}) as width,
                max(y) over ({frame}) - min(y) over ({frame}) as height
            from events
            where event = 'click' and session_id is not null and x is not null and y is not null
        ) as placed
        where {elapsed("first_at", "timestamp")} <= {within:d}
            and width * width + height * height <= {float(radius) ** 2}
    """


def scroll_depth(
    events: DuckDBPyRelation, *, depths: Sequence[float] = DEPTHS, confidence: float = 0.95
) -> DuckDBPyRelation:
    """Return how far views were scrolled: `depth, views, reached, share, low, high`, one row a depth.

    `depth` is a share of the page, `reached` counts the views with a scroll event at least so deep, `low`
    and `high` are the interval of their `share` (Wilson 1927, see `wilson.wilson`). A scroll event
    belongs to the last view of its page before it in its session, by sequence; without one, it is left
    out. A view without scroll events reached nothing.

    Raises:
        SettingsError: a depth does not lie between 0 and 1, or the confidence does not.
    """
    return ask(events, _scrolled(depths, confidence, of=""))


def scroll_depth_by_page(
    events: DuckDBPyRelation, *, depths: Sequence[float] = DEPTHS, confidence: float = 0.95
) -> DuckDBPyRelation:
    """Return `page` (without query) and what `scroll_depth` does, the most viewed page first."""
    return ask(events, _scrolled(depths, confidence, of="page, "))


def _scrolled(depths: Sequence[float], confidence: float, *, of: str) -> str:
    if not depths or not all(0 < depth <= 1 for depth in depths):
        raise SettingsError(f"depths are {list(depths)}: write shares of the page over 0, up to 1")
    low, high = wilson("count(*) filter (where deepest >= depth)", "count(*)", confidence)
    rows = ", ".join(f"(cast({float(depth)} as double))" for depth in depths)
    return f"""
        select
            {of}depth,
            count(*) as views,
            count(*) filter (where deepest >= depth) as reached,
            count(*) filter (where deepest >= depth) / count(*) as share,
            {low} as low,
            {high} as high
        from ({_VIEWS}) as views
        cross join (values {rows}) as wanted(depth)
        group by {of}depth
        order by {"views desc, page, " if of else ""}depth
    """


_VIEWS = f"""
            select {page("page_url")} as page, coalesce(max(depth), 0) as deepest
            from (
                select
                    session_id,
                    page_url,
                    case when event = 'scroll' then try_cast(properties->>'depth' as double) end as depth,
                    sum(case when event = 'view' then 1 else 0 end) over (
                        partition by session_id, page_url
                        order by sequence, timestamp, id
                        rows between unbounded preceding and current row
                    ) as view
                from events
                where event in ('view', 'scroll') and session_id is not null
            ) as numbered
            where view > 0
            group by session_id, page_url, view
"""


def pages(events: DuckDBPyRelation) -> DuckDBPyRelation:
    """Return which pages draw interest: `page, views, clicks, clicks_per_view, sessions, visitors`.

    `page` is an address without its query; the most viewed comes first. `clicks_per_view` is null for a
    page that was never viewed.
    """
    return ask(
        events,
        f"""
        select
            {page("page_url")} as page,
            count(*) filter (where event = 'view') as views,
            count(*) filter (where event = 'click') as clicks,
            count(*) filter (where event = 'click') / nullif(count(*) filter (where event = 'view'), 0)
                as clicks_per_view,
            count(distinct session_id) as sessions,
            count(distinct visitor_id) as visitors
        from events
        where event in ('view', 'click')
        group by page
        order by views desc, clicks desc, page
        """,
    )


def screens(events: DuckDBPyRelation, *, classes: Mapping[str, int] = SCREENS) -> DuckDBPyRelation:
    """Return `screen` (class by width), `clicks, views, sessions, visitors`, the narrowest first.

    `classes` maps a name to the CSS pixels from which it begins. A null `screen` is a width that is not
    known, or below every class.

    Raises:
        SettingsError: there are no classes.
    """
    widest = _widest_first(classes)
    cases = " ".join(f"when screen.width >= {start:d} then {text(name)}" for name, start in widest)
    return ask(
        events,
        f"""
        select
            case {cases} end as screen,
            count(*) filter (where event = 'click') as clicks,
            count(*) filter (where event = 'view') as views,
            count(distinct session_id) as sessions,
            count(distinct visitor_id) as visitors
        from events
        group by case {cases} end
        order by min(screen.width) nulls last
        """,
    )


def screen_of(width: float | None, *, classes: Mapping[str, int] = SCREENS) -> str | None:
    """Return the class of a width in CSS pixels, as `screens` has it.

    Raises:
        SettingsError: there are no classes.
    """
    widest = _widest_first(classes)
    return next((name for name, start in widest if width is not None and width >= start), None)


def _widest_first(classes: Mapping[str, int]) -> list[tuple[str, int]]:
    if not classes:
        raise SettingsError("no classes of screens: give at least one, as in {'narrow': 0}")
    return sorted(classes.items(), key=lambda entry: entry[1], reverse=True)
