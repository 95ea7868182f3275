"""Values with their intervals, one a row: what is known, and how well."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from clickkit.analysis.drawing.axes import round_ticks, value_axis
from clickkit.analysis.drawing.figure import COLOURS, INK, Figure, empty, styled
from clickkit.analysis.drawing.labels import is_missing, short, written
from clickkit.analysis.drawing.rows import Table, drawable

_STEP = 28


def intervals(
    table: Table,
    *,
    x: str,
    low: str,
    high: str,
    y: str | Sequence[str],
    title: str,
    reference: float | Sequence[float] | None = None,
    number_format: str = ",",
    width: int = 360,
) -> Figure:
    """Draw one dot a row at `x`, the interval from `low` to `high` as a line, and both as a label.

    `y` names the row, by one column or several, of which a later one is left out when it says the same in
    every row; an interval may be open at one end. `reference` is a value to compare with (that of all, say),
    or several: dashed lines. The axis begins where the values do: a dot, unlike a bar, says nothing by its
    distance from zero.
    """
    rows = _labelled(table, x, low, high, y, number_format)
    if rows.empty:
        return empty(title, width)
    extra = [reference] if isinstance(reference, int | float) else list(reference or ())
    extra = [value for value in extra if not is_missing(value)]
    rows["_colour"] = COLOURS[0]
    rows["_filled"] = COLOURS[0]
    return _draw(rows, x, low, high, title, number_format, width, extra)


def forest(
    table: Table,
    *,
    x: str,
    low: str,
    high: str,
    y: str | Sequence[str],
    title: str,
    none: float = 0.0,
    number_format: str = "+.1pp",
    width: int = 360,
) -> Figure:
    """Draw effects with their intervals around `none`, the value of no effect (0, or 1 for a ratio).

    An interval that leaves `none` out is a filled dot, blue above it and vermilion below; one that does
    not is a hollow grey dot: nothing was shown.
    """
    rows = _labelled(table, x, low, high, y, number_format)
    if rows.empty:
        return empty(title, width)
    above, below = rows[low] > none, rows[high] < none
    rows["_colour"] = "#7b8696"
    rows.loc[above, "_colour"] = COLOURS[0]
    rows.loc[below, "_colour"] = COLOURS[2]
    rows["_filled"] = rows["_colour"].where(above | below, "transparent")
    return _draw(rows, x, low, high, title, number_format, width, [none])


def calibration(
    table: Table,
    *,
    predicted: str,
    observed: str,
    low: str,
    high: str,
    title: str,
    number_format: str = ".0%",
    width: int = 300,
) -> Figure:
    """Draw what was observed over what was predicted, each group with its interval, and the diagonal.

    On the diagonal a prediction keeps its word; above it, it promised too little. All are shares from 0 to 1.
    """
    rows = drawable(table, predicted, observed, low, high)
    if rows.empty:
        return empty(title, width)
    shown = [value for name in (predicted, observed, high) for value in rows[name] if not is_missing(value)]
    ticks = round_ticks([0.0, *shown], count=5)
    side: dict[str, Any] = {"gridOpacity": 0.6, "titlePadding": 8}
    scaled = value_axis(ticks, number_format, **side, title="observed")
    across = alt.X(
        predicted, type="quantitative", **value_axis(ticks, number_format, **side, title="predicted")
    )
    up = alt.Y(observed, type="quantitative", **scaled)
    diagonal = alt.InlineData(values=[{predicted: end, observed: end} for end in (ticks[0], ticks[-1])])
    ideal = alt.Chart(diagonal, width=width, height=width).mark_line(
        strokeDash=[4, 3], color=INK, opacity=0.6, strokeWidth=1.5
    )
    base = alt.Chart(rows)
    whiskers = base.mark_rule(strokeWidth=2, color=COLOURS[0], opacity=0.6).encode(
        x=across, y=alt.Y(low, type="quantitative", **scaled), y2=high
    )
    curve = base.mark_line(
        color=COLOURS[0],
        strokeWidth=1.5,
        point=alt.OverlayMarkDef(size=60, filled=True, opacity=1, color=COLOURS[0]),
    ).encode(x=across, y=up)
    return styled(alt.LayerChart(layer=[ideal.encode(x=across, y=up), whiskers, curve]), title, len(rows))


def _labelled(table: Table, x: str, low: str, high: str, y: str | Sequence[str], number_format: str) -> Any:
    first, *others = [y] if isinstance(y, str) else y
    rows = drawable(table, x, low, high, first, *others)
    said = [first, *(name for name in others if rows[name].nunique(dropna=False) > 1)]
    rows["_name"] = short(rows[first]) if len(said) == 1 else _joined([rows[name] for name in said])
    rows["_value"] = [written(value, number_format) for value in rows[x]]
    ends = zip(rows[low], rows[high], strict=True)
    rows["_interval"] = [_interval(begin, end, number_format) for begin, end in ends]
    return rows


def _joined(columns: Sequence[Any]) -> list[str]:
    """Return the names of rows that several columns name, each still one of its own."""
    parts = [[short([cell])[0] for cell in column] for column in columns]
    names = [", ".join(row) for row in zip(*parts, strict=True)]
    return [name + "\u200b" * names[:place].count(name) for place, name in enumerate(names)]


def _interval(low: float, high: float, number_format: str) -> str:
    """Return an interval in words; one end may be open."""
    begin, end = written(low, number_format), written(high, number_format)
    if not begin or not end:
        return f"{begin} or more" if begin else f"up to {end}" if end else ""
    return f"{begin.removesuffix(' pp')} to {end}"


def _draw(
    rows: Any,
    x: str,
    low: str,
    high: str,
    title: str,
    number_format: str,
    width: int,
    references: list[float],
) -> Figure:
    is_open = rows[low].isna() != rows[high].isna()  # at one end: the line ends at the dot
    for end in (low, high):
        rows[end] = rows[end].mask(is_open & rows[end].isna(), rows[x])
    values = [value for name in (x, low, high) for value in rows[name] if not is_missing(value)]
    ticks = round_ticks([*values, *references])
    scaled = value_axis(ticks, number_format, gridOpacity=0.6)
    names = alt.Axis(ticks=False, domain=False, labelLimit=0, labelPadding=8)
    base = alt.Chart(rows, width=width, height={"step": _STEP}).encode(
        y=alt.Y("_name", type="nominal", sort=None, title=None, axis=names)
    )
    at = base.encode(x=alt.X(x, type="quantitative", **scaled))
    colour = alt.Color("_colour", type="nominal", scale=None, legend=None)
    layers: list[Any] = [
        alt.Chart(alt.InlineData(values=[{x: value}]))
        .mark_rule(strokeDash=[4, 3], color=INK, opacity=0.7)
        .encode(x=alt.X(x, type="quantitative", **scaled))
        for value in references
    ]
    layers.append(
        base.mark_rule(strokeWidth=2.5).encode(
            x=alt.X(low, type="quantitative", **scaled), x2=high, color=colour
        )
    )
    fill = alt.Fill("_filled", type="nominal", scale=None, legend=None)
    stroke = alt.Stroke("_colour", type="nominal", scale=None, legend=None)
    layers.append(at.mark_point(size=60, strokeWidth=2, opacity=1).encode(fill=fill, stroke=stroke))
    value = base.mark_text(x=width + 56, align="right", fontWeight="bold", color=INK)
    interval = base.mark_text(x=width + 68, align="left", opacity=0.8, color=INK)
    layers.append(value.encode(text=alt.Text("_value", type="nominal")))
    layers.append(interval.encode(text=alt.Text("_interval", type="nominal")))
    return styled(alt.LayerChart(layer=[*layers]), title, len(rows))
