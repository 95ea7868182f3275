"""A heat map of shares: which cohorts come back, and when."""

from typing import Any

import altair as alt

from clickkit.analysis.drawing.figure import COLOURS, INK, Figure, empty, styled
from clickkit.analysis.drawing.labels import is_missing, short, written
from clickkit.analysis.drawing.rows import Table, drawable

_WIDE, _HIGH = 46, 28
_FAINT, _STRONG = 0.04, 0.58  # stronger, and the ink of a page could not be read on it


def retention(
    table: Table,
    *,
    cohort: str,
    period: str,
    share: str,
    title: str,
    size: str | None = None,
    number_format: str = ".0%",
    across: str = "weeks after the first",
) -> Figure:
    """Draw a cell for each `cohort` and `period` after its first, coloured and labelled with `share`.

    Shares go from 0 to 1; `size` counts the members of a cohort, and is written beside its name. A period
    that has not come yet, has no row and no cell: the map is a triangle. The strongest colour is the largest
    share after period 0, in which everybody is there: its cells have none.
    """
    rows = drawable(table, cohort, period, share, size)
    rows = rows[rows[share].notna()].reset_index(drop=True)
    if rows.empty:
        return empty(title, _WIDE * 6)
    unique = rows[cohort].drop_duplicates().tolist()
    of_name = dict(zip(map(str, unique), short(unique), strict=True))
    rows["_cohort"] = [of_name[str(name)] for name in rows[cohort]]
    later = rows.loc[rows[period] > rows[period].min(), share]
    most = max(later.max() if len(later) else 1.0, 1e-9)
    rows["_strength"] = (_FAINT + (_STRONG - _FAINT) * rows[share] / most).clip(_FAINT, _STRONG)
    rows.loc[rows[period] == rows[period].min(), "_strength"] = 0  # all are there: nothing to compare
    rows["_label"] = [written(value, number_format) for value in rows[share]]
    sizes = _sizes(rows, size)
    beside = round(7.5 * max(map(len, sizes.values()))) + 12
    axis = alt.Axis(ticks=False, domain=False, labelAngle=0, orient="top", title=across, titlePadding=6)
    names = alt.Axis(ticks=False, domain=False, labelLimit=0, labelPadding=beside)
    base = alt.Chart(rows, width={"step": _WIDE}, height={"step": _HIGH}).encode(
        y=alt.Y("_cohort", type="ordinal", sort=None, title=None, axis=names)
    )
    cells = base.encode(x=alt.X(period, type="ordinal", axis=axis))
    colour = cells.mark_rect(color=COLOURS[0], cornerRadius=2, width={"band": 0.96}, height={"band": 0.93})
    strength = alt.FillOpacity("_strength", type="quantitative", scale=None, legend=None)
    named = alt.InlineData(values=[{"_cohort": name, "_size": text} for name, text in sizes.items()])
    members = alt.Chart(named).mark_text(x=-8, align="right", color=INK, opacity=0.8)
    layers = [
        colour.encode(fillOpacity=strength),
        cells.mark_text(color=INK).encode(text=alt.Text("_label", type="nominal")),
        members.encode(y=alt.Y("_cohort", type="ordinal", sort=None), text=alt.Text("_size", type="nominal")),
    ]
    return styled(alt.LayerChart(layer=[*layers]), title, len(rows))


def _sizes(rows: Any, size: str | None) -> dict[str, str]:
    """Return what is written beside each cohort's name."""
    if size is None:
        return dict.fromkeys(rows["_cohort"], "")
    members = zip(rows["_cohort"], rows[size], strict=True)
    return {name: "" if is_missing(one) else f"n = {written(one, ',')}" for name, one in members}
