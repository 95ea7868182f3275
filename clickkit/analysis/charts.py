"""Pictures of relations: drawn here, without a network, readable on light and dark pages."""

import io
from collections.abc import Sequence
from pathlib import Path

import altair as alt
from duckdb import DuckDBPyRelation

_INK = "#1d2129"
_COLOURS = ["#3b6fd4", "#9aa5b5", "#e8871e"]
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
    rows = table.df()
    base = alt.Chart(rows, width=width, height={"step": 26}).encode(
        x=alt.X(x, type="quantitative", axis=None),
        y=alt.Y(y, type="nominal", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False)),
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
    rows = table.df()
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
