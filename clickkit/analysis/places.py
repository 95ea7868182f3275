"""Places and languages of visitors, and small places hidden so that nobody is found in one.

A place is small when fewer than `at_least` visitors were there, whatever they did; an event without a
visitor's id counts as a visitor of its own here. Source of the rule: Hundepool et al. 2012, "Statistical
Disclosure Control", section 4.2.2 (threshold rule).
"""

from duckdb import DuckDBPyRelation

from clickkit.analysis.question import ask, columns
from clickkit.analysis.wilson import wilson
from clickkit.errors import SettingsError

_LANGUAGE = "lower(nullif(split_part(replace(language, '_', '-'), '-', 1), ''))"
_PEOPLE = "count(distinct coalesce(visitor_id, id))"


def hide_small(events: DuckDBPyRelation, *, at_least: int) -> DuckDBPyRelation:
    """Return all events, with all their columns in their order, but without the names of small places.

    In a small city of a large country only `country` and `country_code` stay of `location`; in a small
    country nothing does, as if it had not been shared. What is asked of these events cannot name a small
    place; a country less its large cities is what all its others have together.

    Raises:
        SettingsError: `at_least` is below 1.
    """
    kept = ", ".join(
        _coarse(events) if name == 'events."location"' else name for name in columns(events).split(", ")
    )
    return ask(
        events,
        f"""
        with countries as ({_large(at_least, "location.country")}),
        cities as ({_large(at_least, "location.country, location.city")})
        select {kept}
        from events
        left join countries on countries.country = events.location.country
        left join cities
            on cities.country = events.location.country
            and cities.city = events.location.city
        """,
    )


def count_small(events: DuckDBPyRelation, *, at_least: int) -> DuckDBPyRelation:
    """Return how much `hide_small` hides: `level` (country, city), `places, small`, one row a level.

    Raises:
        SettingsError: `at_least` is below 1.
    """
    counted = " union all ".join(
        f"""
        select '{level}' as level, {_PEOPLE} < {_checked(at_least)} as is_small
        from events
        where location.{level} is not null
        group by location.country, location.{level}
        """
        for level in ("country", "city")
    )
    return ask(
        events,
        f"""
        select level, count(*) as places, count(*) filter (where is_small) as small
        from ({counted}) as counted
        group by level
        order by level desc
        """,
    )


def conversion_by_country(
    events: DuckDBPyRelation, *, goal: str, confidence: float = 0.95
) -> DuckDBPyRelation:
    """Return each country's sessions and how many of them reached the goal, the most sessions first.

    `goal` is an SQL condition, such as `event = 'click' and button = 'Pay'`. Columns: `country,
    country_code, sessions, visitors, converted` (sessions in which an event there fulfils the goal),
    `conversion` (their share, 0 to 1), `low, high` (its interval: Wilson 1927, see `wilson.wilson`).
    Null is a place not shared, or hidden. A session from two places counts in both; events without a
    session are left out.

    Raises:
        SettingsError: the goal cannot be understood, or the confidence does not lie between 0 and 1.
    """
    low, high = wilson("converted", "sessions", confidence)
    return ask(
        events,
        f"""
        select
            country,
            country_code,
            sessions,
            visitors,
            converted,
            converted / sessions as conversion,
            {low} as low,
            {high} as high
        from (
            select
                location.country as country,
                min(location.country_code) filter (where location.country is not null) as country_code,
                count(distinct session_id) as sessions,
                count(distinct visitor_id) as visitors,
                count(distinct case when {goal} then session_id end) as converted
            from events
            where session_id is not null
            group by location.country
        ) as counted
        order by sessions desc, country
        """,
    )


def by_language(events: DuckDBPyRelation, *, at_least: int = 1) -> DuckDBPyRelation:
    """Return `language` (its first tag in small letters, such as nb), `clicks, sessions, visitors`.

    The most visitors come first. Null is not known. Source of the tag: RFC 5646, section 2.2.1.

    Raises:
        SettingsError: `at_least` is below 1.
    """
    return _by(events, _LANGUAGE, "language", at_least)


def language_of(tag: str | None) -> str | None:
    """Return the language of a tag, as `by_language` has it: of nb-NO it is nb."""
    return (tag or "").replace("_", "-").partition("-")[0].lower() or None


def by_time_zone(events: DuckDBPyRelation, *, at_least: int = 1) -> DuckDBPyRelation:
    """Return `time_zone` (a name of the IANA's, such as Europe/Oslo), `clicks, sessions, visitors`.

    The most visitors come first. Null is not known: a browser tells the zone without being asked for a
    place, but a server's log does not have it.

    Raises:
        SettingsError: `at_least` is below 1.
    """
    return _by(events, "nullif(timezone, '')", "time_zone", at_least)


def _by(events: DuckDBPyRelation, sql: str, name: str, at_least: int) -> DuckDBPyRelation:
    return ask(
        events,
        f"""
        select
            {name},
            count(*) filter (where event = 'click') as clicks,
            count(distinct session_id) as sessions,
            count(distinct visitor_id) as visitors
        from (select {sql} as {name}, event, session_id, visitor_id, id from events) as spoken
        group by {name}
        having {name} is null or {_PEOPLE} >= {_checked(at_least)}
        order by visitors desc, {name}
        """,
    )


def _large(at_least: int, place: str) -> str:
    """Return the SELECT of the places that are not small."""
    return f"""
        select {place}
        from events
        where location.country is not null
        group by {place}
        having {_PEOPLE} >= {_checked(at_least)}
    """


def _coarse(events: DuckDBPyRelation) -> str:
    """Return the SQL of a location as exact as it may be."""
    kind = events.types[events.columns.index("location")]
    fields = ", ".join(
        f"{name} := events.location.{name}"
        if name in ("country", "country_code")
        else f"{name} := cast(null as {field})"
        for name, field in kind.children
    )
    return f"""
            case
                when cities.country is not null then events.location
                when countries.country is not null then struct_pack({fields})
            end as location"""


def _checked(at_least: int) -> int:
    if at_least < 1:
        raise SettingsError(f"at_least is {at_least}: write 1 (every place is shown) or more")
    return at_least
