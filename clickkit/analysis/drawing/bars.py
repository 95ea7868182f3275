"""Bars that name their rows, and columns over time."""

from collections.abc import Sequence

import altair as alt

from clickkit.analysis.drawing.figure import COLOURS, INK, Figure, empty, styled
from clickkit.analysis.drawing.labels import short, written
from clickkit.analysis.drawing.rows import Table, drawable


def bars(table: Table, *, x: str, y: str, title: str, number_format: str = ",", width: int = 420) -> Figure:
    """Draw one horizontal bar a row, labelled with its value: `x` is a number, `y` names the row."""
    rows = drawable(table, x, y)
    if rows.empty:
        return empty(title, width)
    rows[y] = short(rows[y])
    rows["_label"] = [written(value, number_format) for value in rows[x]]
    base = alt.Chart(rows, width=width, height={"step": 26}).encode(
        x=alt.X(x, type="quantitative", axis=None),
        y=alt.Y(
            y,
            type="nominal",
            sort=None,
            title=None,
            axis=alt.Axis(ticks=False, domain=False, labelLimit=0, labelPadding=8),
        ),
    )
    marks = base.mark_bar(color=COLOURS[0], cornerRadiusEnd=3, height=16)
    values = base.mark_text(align="left", dx=5, color=INK).encode(text=alt.Text("_label", type="nominal"))
    return styled(marks + values, title, len(rows))


def columns(
    table: Table,
    *,
    x: str,
    y: str,
    title: str,
    colour: str | None = None,
    order: Sequence[str] = (),
    width: int = 420,
) -> Figure:
    """Draw one column for each value of `x`, `y` high, stacked by `colour` when it is given.

    `order` lists the values of `colour` in the order of the palette, so that each keeps its own.
    """
    rows = drawable(table, x, y, colour)
    if rows.empty:
        return empty(title, width)
    axis = alt.Axis(labelAngle=0, ticks=False, labelOverlap=True, labelSeparation=6)
    if rows[x].dtype.kind == "M":
        axis.format, axis.formatType = "%-d %b", "time"
    chart = alt.Chart(rows, width=width, height=180).mark_bar(width={"band": 0.7})
    encoded = chart.encode(
        x=alt.X(x, type="ordinal", title=None, axis=axis),
        y=alt.Y(y, type="quantitative", title=None, axis=alt.Axis(tickCount=4, domain=False, ticks=False)),
        color=alt.value(COLOURS[0]),
    )
    if colour is not None:
        scale = alt.Scale(domain=list(order) or alt.Undefined, range=list(COLOURS))
        encoded = encoded.encode(
            color=alt.Color(colour, title=None, scale=scale, legend=alt.Legend(orient="top"))
        )
    return styled(encoded, title, len(rows))
