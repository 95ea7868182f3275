"""A map of the world by country."""

from typing import Any

import altair as alt

from clickkit.analysis.drawing.figure import COLOURS, INK, MUTED, Figure, empty, styled
from clickkit.analysis.drawing.labels import is_missing, short, written
from clickkit.analysis.drawing.rows import Table, drawable
from clickkit.analysis.drawing.world import country_shapes, world_size

_NAMED = 8
_FAINT, _STRONG = 0.3, 1.0
_ROW = 22


def world_map(
    table: Table,
    *,
    x: str,
    country_code: str,
    title: str,
    y: str | None = None,
    number_format: str = ",",
    width: int = 560,
) -> Figure:
    """Draw each country, by its ISO 3166 code of two letters, the stronger the larger `x` is.

    The strength follows the square root. Beside the map stand the largest, named by `y` (by the code when
    there is none), and what the map cannot show: rows without a code, or with one that it does not have.
    Small states are points.
    """
    rows = drawable(table, x, country_code, y)
    rows = rows[rows[x].notna()].reset_index(drop=True)
    if rows.empty:
        return empty(title, width)
    codes = [None if is_missing(code) else str(code).upper() for code in rows[country_code]]
    of_code: dict[str, float] = {}
    for code, value in zip(codes, rows[x], strict=True):
        if code in country_shapes():
            of_code[code] = of_code.get(code, 0.0) + float(value)
    most = max([1e-9, *of_code.values()])
    shapes = [
        feature
        | {
            "colour": COLOURS[0] if of_code.get(code) else MUTED,
            "strength": _FAINT + (_STRONG - _FAINT) * (of_code[code] / most) ** 0.5
            if of_code.get(code)
            else 0.5,
        }
        for code, feature in country_shapes().items()
        if code in of_code or feature["geometry"]["type"] != "Point"
    ]
    across, down = world_size()
    height = round(width * down / across)
    land = (
        alt.Chart(alt.InlineData(values=shapes), width=width, height=height)
        .mark_geoshape(stroke="#8888", strokeWidth=0.4)
        .encode(
            fill=alt.Fill("colour", type="nominal", scale=None, legend=None),
            fillOpacity=alt.FillOpacity("strength", type="quantitative", scale=None, legend=None),
        )
        .project(type="identity", pointRadius=3)
    )
    return styled(
        alt.LayerChart(layer=[land, *_list(rows, codes, x, y, number_format, height, width)]),
        title,
        len(rows),
    )


def _list(
    rows: Any, codes: list[str | None], x: str, y: str | None, number_format: str, height: int, width: int
) -> list[Any]:
    """Draw the largest countries and what lies in none, as text at the right of the map."""
    on_map = [code in country_shapes() for code in codes]
    listed = rows.assign(_name=codes if y is None else rows[y], _on=on_map)
    largest = listed[listed["_on"]].sort_values(x, ascending=False, kind="stable").head(_NAMED)
    lines = list(zip(short(largest["_name"]), largest[x], strict=True))
    elsewhere = listed.loc[~listed["_on"], x].sum()
    if elsewhere:
        lines.append(("elsewhere or not known", elsewhere))
    top = (height - _ROW * len(lines)) / 2 + _ROW / 2
    layers: list[Any] = []
    for number, (name, value) in enumerate(lines):
        nothing = alt.Chart(alt.InlineData(values=[{}]))
        look: dict[str, Any] = {"y": top + _ROW * number, "color": INK}
        count = nothing.mark_text(
            text=written(value, number_format), x=width + 62, align="right", fontWeight="bold", **look
        )
        layers += [count, nothing.mark_text(text=name, x=width + 72, align="left", **look)]
    return layers
