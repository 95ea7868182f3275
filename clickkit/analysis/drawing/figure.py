"""A chart that shows itself: on white in a notebook, in the ink of its page anywhere else."""

import io
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import altair as alt

from clickkit.analysis.drawing.labels import safe

INK = "#1d2129"
"""What is written; `Figure.svg` swaps it for the colour of the page."""

COLOURS = ("#0072B2", "#9AA5B5", "#D55E00", "#E69F00", "#009E73", "#56B4E9", "#CC79A7")
"""Blue, grey, vermilion, orange, green, sky and purple: people who see few colours tell them apart.

Source: Okabe and Ito 2008, "Color Universal Design", with a cooler grey and without yellow, which
is too faint on white. Neighbours also differ as greys, in
print: their lightness is 46, 67, 53, 71, 58, 70, 62.
"""

MUTED = "#8886"
"""Grey that lets the page through: grids, tracks and land on which nothing happened."""

_FONT = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif"
_SCALE = 2
_CLIP = re.compile(r'(?<=<clipPath id=")clip\d+|(?<=="url\(#)clip\d+')

Chart = alt.Chart | alt.LayerChart


class Figure:
    """A chart that shows itself as PNG in every notebook viewer, online or not.

    `chart` is the altair chart, to go on from.
    """

    def __init__(self, chart: Chart, title: str, rows: int) -> None:
        self.chart = chart
        self._title = title
        self._rows = rows

    def svg(self) -> str:
        """Return the chart as SVG whose text takes the colour of the page it stands in."""
        drawn = io.StringIO()
        self.chart.save(drawn, format="svg")
        in_ink = _with_own_ids(drawn.getvalue()).replace(f'="{INK}"', '="currentColor"')
        return in_ink.replace("<svg ", '<svg overflow="visible" ', 1)  # the page's letters may be wider

    def save(self, path: Path | str) -> None:
        """Save the chart on white; the ending says how: .png, .svg, .pdf or .html."""
        self._on_white().save(str(path), scale_factor=_SCALE)

    def __repr__(self) -> str:
        """Return the title and the number of rows drawn."""
        return f"Figure({self._title!r}, {self._rows} rows)"

    def _repr_png_(self) -> tuple[bytes, dict[str, Any]]:
        """Return a picture of twice the dots, and the size to show it in: sharp on every screen."""
        drawn = io.BytesIO()
        self._on_white().save(drawn, format="png", scale_factor=_SCALE)
        width, height = struct.unpack(">II", drawn.getvalue()[16:24])
        return drawn.getvalue(), {"width": width // _SCALE, "height": height // _SCALE}

    def _on_white(self) -> Chart:
        """Return the chart on white, where its dark text can be read in every viewer."""
        return self.chart.properties(background="white")


def _with_own_ids(svg: str) -> str:
    """Number the clips of a drawing by its content.

    The library numbers all of a process, so that no drawing would be the same twice, and those of two
    processes would take each other's clips on one page.
    """
    order = {name: str(number) for number, name in enumerate(dict.fromkeys(_CLIP.findall(svg)))}
    counted = _CLIP.sub(lambda found: order[found[0]], svg)
    drawing = f"clip-{zlib.crc32(counted.encode()):08x}-"
    return _CLIP.sub(lambda found: drawing + order[found[0]], svg)


def styled(chart: Chart, title: str, rows: int) -> Figure:
    """Return the figure of a chart in the one look that all share."""
    title = safe(title)
    return Figure(
        chart.properties(title=title)
        .configure(
            background="transparent", font=_FONT, padding={"left": 5, "right": 12, "top": 5, "bottom": 5}
        )
        .configure_view(stroke=None)
        .configure_title(anchor="start", fontSize=14, color=INK, offset=12)
        .configure_text(fontSize=12)
        .configure_axis(
            labelColor=INK,
            titleColor=INK,
            titleFontWeight="normal",
            labelFontSize=12,
            titleFontSize=12,
            gridColor="#8884",
            domainColor="#8888",
            tickColor="#8888",
        )
        .configure_legend(labelColor=INK, labelFontSize=12, symbolType="square"),
        title,
        rows,
    )


def empty(title: str, width: int) -> Figure:
    """Return the figure of a table without rows, which says so."""
    said = alt.Chart(alt.InlineData(values=[{}]), width=width, height=60).mark_text(
        text="Nothing to draw: the table has no rows.", align="left", color=INK, x=0, y=20
    )
    return styled(said, title, 0)
