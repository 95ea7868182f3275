"""A funnel: how many reach each step, and where they leave."""

import altair as alt

from clickkit.analysis.drawing.figure import COLOURS, INK, MUTED, Figure, empty, styled
from clickkit.analysis.drawing.labels import is_missing, short, written
from clickkit.analysis.drawing.rows import Table, drawable

_STEP, _BAR = 50, 22


def funnel(table: Table, *, x: str, y: str, title: str, width: int = 420) -> Figure:
    """Draw one bar a step in the order of the rows: `x` counts who reached it, `y` names it.

    Beside each bar stand the count and its share of the first step; under it, who left before the next.
    """
    rows = drawable(table, x, y)
    if rows.empty:
        return empty(title, width)
    counts = [0.0 if is_missing(count) else float(count) for count in rows[x]]
    first = max(counts[0], 1.0)
    rows[y] = [f"{number}. {name}" for number, name in enumerate(short(rows[y]), 1)]
    rows["_share"] = [count / first for count in counts]
    rows["_most"] = max([1.0, *rows["_share"]])
    rows["_label"] = [f"{written(count, ',')} ({written(count / first, '.1%')})" for count in counts]
    rows["_left"] = [_left(here, after) for here, after in zip(counts, [*counts[1:], None], strict=True)]
    scale = alt.Scale(domain=[0, rows["_most"].max()], nice=False)
    names = alt.Axis(ticks=False, domain=False, labelLimit=0, labelPadding=8)
    base = alt.Chart(rows, width=width, height={"step": _STEP}).encode(
        y=alt.Y(y, type="nominal", sort=None, title=None, axis=names)
    )
    share = alt.X("_share", type="quantitative", axis=None, scale=scale)
    track = base.mark_bar(height=_BAR, color=MUTED, opacity=0.35, cornerRadius=3).encode(
        x=alt.X("_most", type="quantitative", axis=None, scale=scale)
    )
    bar = base.mark_bar(height=_BAR, color=COLOURS[0], cornerRadius=3).encode(x=share)
    label = base.mark_text(align="left", x=width + 8, color=INK, fontWeight="bold").encode(
        text=alt.Text("_label", type="nominal")
    )
    left = base.mark_text(align="left", x=2, dy=_STEP / 2, color=INK, opacity=0.85).encode(
        text=alt.Text("_left", type="nominal")
    )
    return styled(track + bar + label + left, title, len(rows))


def _left(here: float, after: float | None) -> str:
    if after is None or not here:
        return ""
    if after > here:
        return f"↑ {written(after - here, ',')} more"
    return f"↓ {written(here - after, ',')} leave ({written(1 - after / here, '.1%')})"
