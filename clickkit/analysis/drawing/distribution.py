"""A distribution: how many values lie where, with its percentiles named."""

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import duckdb

from clickkit.analysis.drawing.axes import round_ticks, value_axis
from clickkit.analysis.drawing.figure import COLOURS, INK, Figure, empty, styled
from clickkit.analysis.drawing.labels import written
from clickkit.analysis.drawing.rows import Table
from clickkit.errors import SettingsError

_HEIGHT = 200
_NAME_HEIGHT = 16


def distribution(
    table: Table,
    *,
    x: str,
    title: str,
    unit: str = "",
    bins: int = 40,
    scale: str = "linear",
    quantiles: Sequence[float] = (0.5, 0.95),
    number_format: str = ",",
    width: int = 480,
) -> Figure:
    """Draw how many rows have a value of `x` in each of `bins` equal steps, and its `quantiles` (0 to 1).

    The rows are counted where they are, so a relation may have any number. With `scale` "log" the steps are
    equal ratios, and values that are not above zero have no place; the axis then says how many were left out.
    """
    if scale not in ("linear", "log"):
        raise SettingsError(f"no scale {scale!r}: write linear or log")
    if bins < 1:
        raise SettingsError(f"{bins} bins show nothing: ask for 1 at least")
    if x not in table.columns:
        raise SettingsError(f"no column {x} to draw: choose from {', '.join(table.columns)}")
    with duckdb.connect() as connection:
        values = table if isinstance(table, duckdb.DuckDBPyRelation) else connection.from_df(table[[x]])
        name = x.replace('"', '""')
        counted = _count(values, f'cast("{name}" as double)', bins, scale, quantiles)
    steps, points, drawn, left_out = counted
    if not drawn:
        return empty(title, width)
    said = f"{written(drawn, ',')} values" + (f", {written(left_out, ',')} left out" if left_out else "")
    below = f"{unit} · {said}" if unit else said
    edges = [edge for step in steps for edge in (step["from"], step["to"])]
    across = (
        _log_axis(edges, below)
        if scale == "log"
        else value_axis(round_ticks(edges, count=6), number_format, title=below, grid=False)
    )
    names = _NAME_HEIGHT * len(points) / _HEIGHT  # the share of the height that they need above the bars
    ticks = round_ticks([0.0, max(step["count"] for step in steps) / (1 - min(names, 0.5))])
    bars = (
        alt.Chart(alt.InlineData(values=steps), width=width, height=_HEIGHT)
        .mark_bar(color=COLOURS[0], binSpacing=0.5, opacity=0.85)
        .encode(
            x=alt.X("from", type="quantitative", **across),
            x2="to",
            y=alt.Y("count", type="quantitative", **value_axis(ticks, ",")),
            y2="zero",
        )
    )
    rules = _quantile_rules(points, across, unit, number_format)
    return styled(alt.LayerChart(layer=[bars, *rules]), title, drawn)


def _count(
    values: Any, column: str, bins: int, scale: str, quantiles: Sequence[float]
) -> tuple[list[dict[str, Any]], list[tuple[float, float]], int, int]:
    """Return the steps that hold something, the quantiles, and how many values are drawn and left out."""
    finite = f"isfinite({column})" + (f" and {column} > 0" if scale == "log" else "")
    wanted = ", ".join(f"quantile_cont({column}, {float(one)})" for one in quantiles)
    low, high, drawn, there, *points = (
        values.filter(f"{column} is not null")
        .query(
            "given",
            f"""
        select
            min({column}) filter (where {finite}),
            max({column}) filter (where {finite}),
            count(*) filter (where {finite}),
            count(*)
            {", " + wanted if quantiles else ""}
        from given
        """,
        )
        .fetchall()[0]
    )
    if not drawn:
        return [], [], 0, there
    if low == high:
        low, high = (low * 0.9, high * 1.1) if low > 0 else (low - 1, high + 1)
    begin, end = (math.log10(low), math.log10(high)) if scale == "log" else (low, high)
    place = f"log10({column})" if scale == "log" else column
    step = (end - begin) / bins
    rows = values.filter(finite).query(
        "given",
        f"""
        select least(cast(floor(({place} - {begin}) / {step}) as int), {bins - 1}) as step, count(*) as count
        from given
        group by step
        order by step
        """,
    )
    edges = [begin + number * step for number in range(bins + 1)]
    if scale == "log":
        edges = [10**edge for edge in edges]
    steps = [
        {"from": edges[number], "to": edges[number + 1], "count": count, "zero": 0}
        for number, count in rows.fetchall()
    ]
    return steps, list(zip(quantiles, points, strict=True)), drawn, there - drawn


def _log_axis(edges: Sequence[float], title: str) -> dict[str, Any]:
    low, high = min(edges), max(edges)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    factors = (1, 2, 5) if len(decades) < 4 else (1,)
    values = [factor * 10.0**decade for decade in decades for factor in factors]
    axis = alt.Axis(
        values=[value for value in values if low * 0.999 <= value <= high * 1.001],
        format=",~g",
        grid=False,
        domain=False,
        ticks=True,
        title=title,
    )
    return {"scale": alt.Scale(type="log", domain=[low, high], nice=False), "axis": axis}


def _quantile_rules(
    points: Sequence[tuple[float, float]], across: dict[str, Any], unit: str, number_format: str
) -> list[Any]:
    """Draw each quantile as a line with its name and value, each a little lower than the one before."""
    layers: list[Any] = []
    for number, (share, value) in enumerate(points):
        text = f"p{share * 100:g} {written(value, number_format)} {unit}".strip()
        at = alt.Chart(alt.InlineData(values=[{"from": value}])).encode(
            x=alt.X("from", type="quantitative", **across)
        )
        line = at.mark_rule(strokeDash=[4, 3], color=INK, opacity=0.8, y=_NAME_HEIGHT * number, y2=_HEIGHT)
        layers += [line, at.mark_text(text=text, align="left", dx=5, y=6 + _NAME_HEIGHT * number, color=INK)]
    return layers
