"""Several series of one chart: their colours, and their names at the right edge, where each ends."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from clickkit.analysis.drawing.figure import COLOURS, INK
from clickkit.analysis.drawing.labels import short
from clickkit.errors import SettingsError

_LABEL_PIXELS = 16
_DASHES = ([1, 0], [1, 0], [6, 3], [1, 0], [2, 2], [6, 3], [8, 3, 2, 3])


def named(column: Any, order: Sequence[str]) -> tuple[Any, list[str]]:
    """Return a column of series with names to draw, and these names in the order of the palette.

    Raises:
        SettingsError: there are more series than colours that people tell apart.
    """
    known = [name for name in order if (column == name).any()]
    names = known + [name for name in column.drop_duplicates().tolist() if name not in known]
    if len(names) > len(COLOURS):
        raise SettingsError(
            f"{len(names)} series cannot be told apart: draw {len(COLOURS)} at most, the largest by name, say"
        )
    labels = short(names)
    of_name = dict(zip(map(str, names), labels, strict=True))
    return column.map(lambda name: of_name[str(name)]), labels


def colour_of(column: str, labels: Sequence[str]) -> alt.Color:
    """Return the colours of named series, without a legend."""
    return alt.Color(
        column,
        type="nominal",
        legend=None,
        scale=alt.Scale(domain=list(labels), range=list(COLOURS[: len(labels)])),
    )


def dash_of(column: str, labels: Sequence[str]) -> alt.StrokeDash:
    """Return the dashes of named series: where greys are near each other, in print, the dash differs."""
    scale = alt.Scale(domain=list(labels), range=[list(dash) for dash in _DASHES[: len(labels)]])
    return alt.StrokeDash(column, type="nominal", legend=None, scale=scale)


def end_labels(
    ends: Mapping[str, float], labels: Sequence[str], *, y: str, ticks: Sequence[float], size: tuple[int, int]
) -> list[Any]:
    """Draw each series' name beside the height where it ends; names that would overlap move apart.

    `ticks` are those of the vertical axis, whose column is `y`; `size` is width and height in pixels.
    """
    width, height = size
    gap = _LABEL_PIXELS * (ticks[-1] - ticks[0]) / height
    ordered = sorted(ends, key=lambda label: ends[label])
    heights: list[float] = []
    for label in ordered:
        heights.append(max(ends[label], heights[-1] + gap) if heights else ends[label])
    limit = ticks[-1]
    for index in reversed(range(len(heights))):
        heights[index] = min(heights[index], limit)
        limit = heights[index] - gap
    values = [{"series": label, y: at} for label, at in zip(ordered, heights, strict=True)]
    up = alt.Y(y, type="quantitative", scale=alt.Scale(domain=[ticks[0], ticks[-1]], nice=False))
    base = alt.Chart(alt.InlineData(values=values)).encode(y=up)
    dots = base.mark_point(filled=True, opacity=1, size=50, x=width + 10).encode(
        color=colour_of("series", labels)
    )
    texts = base.mark_text(align="left", x=width + 18, color=INK).encode(
        text=alt.Text("series", type="nominal")
    )
    return [dots, texts]
