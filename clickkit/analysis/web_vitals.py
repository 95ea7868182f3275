"""Web vitals: how quick and steady pages felt, rated as Google publishes it."""

from duckdb import DuckDBPyRelation

from clickkit.analysis.performance import percentiles
from clickkit.analysis.question import ask, expression
from clickkit.analysis.sessions import page
from clickkit.errors import SettingsError

THRESHOLDS = {
    "LCP": (2500.0, 4000.0),
    "INP": (200.0, 500.0),
    "CLS": (0.1, 0.25),
    "FCP": (1800.0, 3000.0),
    "TTFB": (800.0, 1800.0),
    "FID": (100.0, 300.0),
}
"""The most that is still good, and the most that is not yet poor: ms, CLS without a unit. Published on
web.dev (articles `vitals`, `lcp`, `inp`, `cls`, `fcp`, `ttfb`, `fid`; INP took the place of FID in 2024)."""

PAGE = page("page_url")
"""SQL for the page of an event: its address without query and fragment."""

_NAME = "cast(properties->>'name' as varchar)"
PATH = f"regexp_replace({PAGE}, '^[A-Za-z][A-Za-z0-9+.-]*://[^/]*', '')"
"""SQL for the page of an event within its site: `PAGE` without scheme and host, short enough for a label."""


def web_vitals(
    events: DuckDBPyRelation, *, by: str | None = PAGE, at_least: int = 30, confidence: float = 0.95
) -> DuckDBPyRelation:
    """Return `metric, segment, p75, low, high, observations, rating`, in the order of `THRESHOLDS`.

    Within a metric the segments with the most observations come first. `by` is an SQL expression for the
    segment, which becomes text: the page, `device.type`, …; None is one segment, `all`. The values are
    `properties->>'value'` of the events `web-vital`, each counted; what is no number from 0 to 1e12 is left
    out.

    `rating` holds the 75th percentile, as web.dev defines it, against `THRESHOLDS`: good, needs improvement,
    poor, or too few under `at_least` observations. `low` and `high` are its limits as in
    `performance.percentiles`: a rating is safe when both lie on the same side of a threshold.

    Raises:
        SettingsError: `at_least` is under 1, or as `performance.percentiles`.
    """
    if at_least < 1:
        raise SettingsError(f"at_least is {at_least}: give a number of observations from 1 on, such as 30")
    number = "try_cast(properties->>'value' as double)"
    names = ", ".join(f"'{metric}'" for metric in THRESHOLDS)
    known = f"event = 'web-vital' and {_NAME} in ({names}) and {number} between 0 and 1e12"
    found = percentiles(
        events,
        value=f"case when {known} then {number} end",
        by=f"struct_pack(metric := {_NAME}, segment := cast({expression(by)} as varchar))",
        at=[0.75],
        confidence=confidence,
    )
    rows = ", ".join(
        f"({place}, '{metric}', {good!r}, {fair!r})"
        for place, (metric, (good, fair)) in enumerate(THRESHOLDS.items())
    )
    return ask(
        found,
        f"""
        select
            thresholds.metric,
            events.segment.segment as segment,
            value as p75,
            low,
            high,
            observations,
            case
                when observations < {at_least:d} then 'too few'
                when value <= thresholds.good then 'good'
                when value <= thresholds.fair then 'needs improvement'
                else 'poor'
            end as rating
        from events
        join (values {rows}) as thresholds(place, metric, good, fair)
            on thresholds.metric = events.segment.metric
        order by thresholds.place, observations desc, segment
        """,
    )
