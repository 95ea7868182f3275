"""The charts of a report, each with its rows for those who cannot see it."""

from collections.abc import Callable
from typing import Any

import duckdb
import msgspec

from clickkit.analysis import charts, metrics
from clickkit.report.range import Range

AT_LEAST = 5
"""Places of fewer visitors are not named."""

STEPS = 7
"""How often `draw_figures` calls its `step`."""

_BARS = 10
_TABLE_ROWS = 400
_WIDTH, _MOST_LABEL, _LETTER = 300, 180, 6.4


class Drawn(msgspec.Struct, frozen=True):
    """A chart as SVG, empty when there is nothing to draw, and the rows behind it."""

    title: str
    svg: str
    columns: list[str]
    rows: list[list[Any]]
    note: str = ""


def draw_figures(
    events: duckdb.DuckDBPyRelation, asked: Range, clicks: int, step: Callable[[str], None]
) -> list[Drawn]:
    """Draw the counted events of a range, which have some clicks; `step` hears of each chart before it."""
    with duckdb.connect() as drawing:

        def held(metric: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
            """Ask once: what is drawn, counted and shown as a table is one answer."""
            return drawing.from_arrow(metric.to_arrow_table())

        step("By day")
        figures = [_by_day(held(metrics.by_each_day(events, asked.since, asked.until)), asked, clicks)]
        for metric, label, noun, unknown in (
            (metrics.by_button, "button", "button", ""),
            (metrics.by_site, "site", "site", "no host"),
            (metrics.by_device_type, "device", "type", "not recognised"),
            (metrics.by_browser, "browser", "browser", "not recognised"),
        ):
            step(f"By {label}")
            table = held(metric(events))
            top = f"top {_BARS} of {len(table):,}" if len(table) > _BARS else count_of(len(table), noun)
            title = f"By {label}: {count_of(clicks, 'click')}, {top}"
            named = table.project(f"coalesce({label}, '{unknown}') as {label}, clicks, visitors")
            figures.append(_bars(named, label, title))
        step("By country")
        (countries, cities), *_ = metrics.count_places(events).fetchall()
        table = held(metrics.by_country(events, at_least=AT_LEAST))
        figures.append(_places(table, "coalesce(country, 'not shared')", "country", clicks, countries))
        step("By city")
        table = held(metrics.by_city(events, at_least=AT_LEAST))
        figures.append(_places(table, "concat_ws(', ', city, country)", "city", clicks, cities))
        return figures


def _by_day(table: duckdb.DuckDBPyRelation, asked: Range, clicks: int) -> Drawn:
    title = f"By day (UTC): {count_of(clicks, 'click')}, {count_of(asked.days, 'day')}"
    figure = charts.columns(
        table, x="date", y="clicks", colour="source", order=metrics.SOURCES, title=title, width=_WIDTH
    )
    return _drawn(figure, table, title)


def _bars(table: duckdb.DuckDBPyRelation, label: str, title: str, note: str = "") -> Drawn:
    """Draw the first rows; labels and bars together are as wide in every chart."""
    if not len(table):
        return Drawn(title, "", [], [], note)
    top = table.limit(_BARS)
    longest = top.max(f"length({label})").fetchall()[0][0] or 0
    width = _WIDTH - min(_MOST_LABEL, round(longest * _LETTER))
    figure = charts.bars(top, x="clicks", y=label, title=title, width=width)
    return _drawn(figure, table, title, note)


def _places(table: duckdb.DuckDBPyRelation, text: str, label: str, clicks: int, places: int) -> Drawn:
    """Draw the clicks of the places that may be named, and say how many places may not."""
    named = table.filter(f"{label} is not null")
    here = named.sum("clicks").fetchall()[0][0] or 0
    left_out = places - len(named)
    plural = {"country": "countries", "city": "cities"}[label]
    small = f"of fewer than {AT_LEAST} visitors"
    note = f"Suppressed: {left_out:,} {label if left_out == 1 else plural} {small}."
    if not left_out:
        note = f"No {label} is suppressed; those {small} would be."
    shown = table.project(f"{text} as {label}, clicks")
    return _bars(shown, label, f"By {label}: {here:,} of {count_of(clicks, 'click')}", note)


def _drawn(figure: charts.Figure, table: duckdb.DuckDBPyRelation, title: str, note: str = "") -> Drawn:
    rows = [[_cell(value) for value in row] for row in table.limit(_TABLE_ROWS).fetchall()]
    if len(table) > _TABLE_ROWS:
        note = f"{note} The table shows the first {_TABLE_ROWS} of {len(table):,} rows.".strip()
    return Drawn(title, figure.svg(), table.columns, rows, note)


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def count_of(number: int, noun: str) -> str:
    """Return a number with its noun: `1 click`, `2,181 clicks`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
