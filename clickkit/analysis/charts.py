"""Pictures of relations: drawn here, without a network, readable on light and dark pages."""

import io
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import altair as alt
from duckdb import DuckDBPyRelation

_INK = "#1d2129"
_COLOURS = ["#3b6fd4", "#9aa5b5", "#e8871e"]
_NOT_XML = "[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]"
_LABEL_LETTERS = 28
_FONT = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif"


class Figure:
    """A chart that shows itself as PNG in every notebook viewer, online or not.

    `chart` is the altair chart, to go on from.
    """

    def __init__(self, chart: alt.Chart | alt.LayerChart, rows: int) -> None:
        self.chart = chart
        self._rows = rows

    def svg(self) -> str:
        """Return the chart as SVG whose text takes the colour of the page it stands in."""
        drawn = io.StringIO()
        self.chart.save(drawn, format="svg")
        return drawn.getvalue().replace(_INK, "currentColor")

    def save(self, path: Path | str) -> None:
        """Save the chart on white; the ending says how: .png, .svg, .pdf or .html."""
        self._on_white().save(str(path), scale_factor=2)

    def __repr__(self) -> str:
        """Return the title and the number of rows drawn."""
        return f"Figure({self.chart.title!r}, {self._rows} rows)"

    def _repr_png_(self) -> bytes:
        drawn = io.BytesIO()
        self._on_white().save(drawn, format="png", scale_factor=2)
        return drawn.getvalue()

    def _on_white(self) -> alt.Chart | alt.LayerChart:
        """Return the chart on white, where its dark text can be read in every viewer."""
        return self.chart.properties(background="white")


def bars(table: DuckDBPyRelation, *, x: str, y: str, title: str, width: int = 420) -> Figure:
    """Draw one horizontal bar a row, labelled with its value: `x` is a number, `y` names the row."""
    rows = _drawable(table)
    rows[y] = _short(rows[y])
    base = alt.Chart(rows, width=width, height={"step": 26}).encode(
        x=alt.X(x, type="quantitative", axis=None),
        y=alt.Y(
            y, type="nominal", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=0)
        ),
    )
    marks = base.mark_bar(color=_COLOURS[0], cornerRadiusEnd=3, height=16)
    values = base.mark_text(align="left", dx=5, color=_INK).encode(
        text=alt.Text(x, type="quantitative", format=",")
    )
    return _styled((marks + values).properties(title=title), len(rows))


def columns(
    table: DuckDBPyRelation,
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
    rows = _drawable(table)
    axis = alt.Axis(labelAngle=0, ticks=False, labelOverlap=True, labelSeparation=6)
    if rows[x].dtype.kind == "M":
        axis.format, axis.formatType = "%-d %b", "time"
    chart = alt.Chart(rows, width=width, height=180, title=title).mark_bar(width={"band": 0.7})
    encoded = chart.encode(
        x=alt.X(x, type="ordinal", title=None, axis=axis),
        y=alt.Y(y, type="quantitative", title=None, axis=alt.Axis(tickCount=4, domain=False, ticks=False)),
        color=alt.value(_COLOURS[0]),
    )
    if colour is not None:
        scale = alt.Scale(domain=list(order) or alt.Undefined, range=_COLOURS)
        encoded = encoded.encode(
            color=alt.Color(colour, title=None, scale=scale, legend=alt.Legend(orient="top"))
        )
    return _styled(encoded, len(rows))


def _drawable(table: DuckDBPyRelation) -> Any:
    """Return the rows without characters that no SVG may hold: one from a visitor would end the process."""
    rows = table.df()
    for name in rows.select_dtypes(include=["str", "object"]):
        rows[name] = rows[name].replace(_NOT_XML, "\ufffd", regex=True)
    return rows


def _short(names: Iterable[object]) -> list[str]:
    """Return names cut to the width of a label, each still one of its own.

    The library that draws would cut in the middle of a character that takes two units of UTF-16, and fail.
    """
    short: list[str] = []
    for name in map(str, names):
        widths = accumulate(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in name)
        fitting = sum(width <= _LABEL_LETTERS for width in widths)
        cut = name if fitting == len(name) else f"{name[: fitting - 1]}…"
        while cut in short:
            cut += "\u200b"  # without width
        short.append(cut)
    return short


def _styled(chart: alt.Chart | alt.LayerChart, rows: int) -> Figure:
    return Figure(
        chart.configure(background="transparent", font=_FONT)
        .configure_view(stroke=None)
        .configure_title(anchor="start", fontSize=14, color=_INK, offset=12)
        .configure_axis(
            labelColor=_INK, titleColor=_INK, labelFontSize=12, gridColor="#8884", domainColor="#8888"
        )
        .configure_legend(labelColor=_INK, labelFontSize=12, symbolType="square"),
        rows,
    )
