"""Lines and areas over time."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from clickkit.analysis.drawing.axes import along, in_utc, round_ticks, value_axis
from clickkit.analysis.drawing.figure import COLOURS, INK, Figure, empty, styled
from clickkit.analysis.drawing.labels import is_missing, safe, written
from clickkit.analysis.drawing.rows import Table, drawable
from clickkit.analysis.drawing.series import colour_of, dash_of, end_labels, named
from clickkit.errors import SettingsError

_HEIGHT = 220
_RING_PIXELS = 26
_ONE = "_series"


def lines(
    table: Table,
    *,
    x: str,
    y: str,
    title: str,
    colour: str | None = None,
    order: Sequence[str] = (),
    low: str | None = None,
    high: str | None = None,
    marked: str | None = None,
    events: Mapping[Any, str] | None = None,
    reference: float | None = None,
    from_zero: bool = True,
    number_format: str = ",",
    width: int = 520,
) -> Figure:
    """Draw `y` over `x`, a day, a time in UTC or a number, with one line for each value of `colour`.

    Names on `x`, steps say, keep the order of their rows.
    `low` and `high` are the columns of an interval, drawn as a band (around an expected value, say, while `y`
    is what happened). Rows whose boolean column `marked` is true get a ring with their value: anomalies.
    `reference` is a value to compare with, a dashed line; `events` names moments of `x`: each is a dashed
    line with its text. A null of `y` is a gap.
    """
    rows, labels = _in_order(drawable(table, x, y, colour, low, high, marked), x, colour, order)
    if rows.empty:
        return empty(title, width)
    values = [*(rows[name] for name in (y, low, high) if name is not None)]
    drawn = [float(value) for column in values for value in column if not is_missing(value)]
    extra = [0.0] * from_zero + ([] if reference is None else [reference])
    ticks = round_ticks([*drawn, *extra])
    across = along(rows[x], x)
    scaled = value_axis(ticks, number_format)
    up = alt.Y(y, type="quantitative", **scaled)
    base = alt.Chart(rows, width=width, height=_HEIGHT).encode(x=across)
    layers: list[Any] = []
    if low is not None and high is not None:
        band = base.mark_area(opacity=0.28).encode(
            y=alt.Y(low, type="quantitative", **scaled), y2=high, color=colour_of(_ONE, labels)
        )
        layers.append(band)
    if reference is not None:
        at = alt.Chart(alt.InlineData(values=[{y: reference}])).encode(y=up)
        layers.append(at.mark_rule(strokeDash=[4, 3], color=INK, opacity=0.7))
    layers.append(
        base.mark_line(strokeWidth=2, strokeJoin="round", point=len(rows) == len(labels)).encode(
            y=up, color=colour_of(_ONE, labels), strokeDash=dash_of(_ONE, labels)
        )
    )
    if marked is not None:
        layers += _rings(rows, marked, y, number_format, across, up, ticks)
    layers += _rules(events or {}, rows[x], x, across, width)
    if colour is not None:
        last = rows.dropna(subset=[y]).groupby(_ONE)[y].last().to_dict()
        layers += end_labels(last, labels, y=y, ticks=ticks, size=(width, _HEIGHT))
    return styled(alt.LayerChart(layer=[*layers]), title, len(rows))


def areas(
    table: Table,
    *,
    x: str,
    y: str,
    colour: str,
    title: str,
    order: Sequence[str] = (),
    number_format: str = ",",
    width: int = 520,
) -> Figure:
    """Draw `y` over `x` as one area for each value of `colour`, stacked in the order of the palette."""
    rows, labels = _in_order(drawable(table, x, y, colour), x, colour, order)
    if rows.empty:
        return empty(title, width)
    filled = rows.pivot_table(index=x, columns=_ONE, values=y, aggfunc="sum", fill_value=0, observed=False)
    tops = filled[labels].cumsum(axis="columns")
    bottoms = tops - filled[labels]
    ticks = round_ticks([0.0, *tops.max()])
    long = tops.melt(ignore_index=False, value_name=y).reset_index()
    long["_bottom"] = bottoms.melt(ignore_index=False)["value"].to_numpy()
    up = alt.Y(y, type="quantitative", **value_axis(ticks, number_format))
    drawn = (
        alt.Chart(long, width=width, height=_HEIGHT)
        .mark_area(opacity=0.85, line=False, strokeWidth=0)
        .encode(x=along(long[x], x), y=up, y2="_bottom", color=colour_of(_ONE, labels))
    )
    middles = ((tops + bottoms) / 2).iloc[-1].to_dict()
    names = end_labels(middles, labels, y=y, ticks=ticks, size=(width, _HEIGHT))
    return styled(alt.LayerChart(layer=[drawn, *names]), title, len(rows))


def _in_order(rows: Any, x: str, colour: str | None, order: Sequence[str]) -> tuple[Any, list[str]]:
    """Return rows along `x` with the series of each, and the names of the series."""
    rows[x] = in_utc(rows[x])
    rows[_ONE], labels = named(rows[colour], order) if colour is not None else ("", [""])
    return rows.sort_values(x, kind="stable") if rows[x].dtype.kind in "Miuf" else rows, labels


def _rings(
    rows: Any, marked: str, y: str, number_format: str, across: alt.X, up: alt.Y, ticks: Sequence[float]
) -> list[Any]:
    """Draw unusual rows; the value stands where the line does not come from, or beside a ring at the foot."""
    around = rows.groupby(_ONE)[y].transform(lambda line: line.rolling(3, 1, center=True).mean())
    is_unusual = [value is not None and value == value and bool(value) for value in rows[marked]]
    unusual = rows.assign(_dy=[16 if low else -14 for low in rows[y] < around])[is_unusual]
    unusual = unusual.dropna(subset=[y])
    bottom = ticks[0] + _RING_PIXELS * (ticks[-1] - ticks[0]) / _HEIGHT
    unusual.loc[(unusual["_dy"] > 0) & (unusual[y] < bottom), "_dy"] = 0
    unusual["_label"] = [written(value, number_format) for value in unusual[y]]
    layers: list[Any] = []
    for offset, some in unusual.groupby("_dy"):
        base = alt.Chart(some).encode(x=across, y=up)
        layers.append(base.mark_point(size=110, strokeWidth=2.5, color=COLOURS[2], filled=False, opacity=1))
        side: dict[str, Any] = {"dy": int(offset)} if offset else {"dx": 12, "dy": 2, "align": "left"}
        text = base.mark_text(color=INK, fontWeight="bold", **side)
        layers.append(text.encode(text=alt.Text("_label", type="nominal")))
    return layers


def _rules(events: Mapping[Any, str], column: Any, x: str, across: alt.X, width: int) -> list[Any]:
    """Draw the moments that have a name; a text near the right edge stands left of its line."""
    if not events:
        return []
    moments = in_utc(_like(column, list(events)))
    first, last = min(column.min(), moments.min()), max(column.max(), moments.max())
    layers: list[Any] = []
    for moment, text in zip(moments, events.values(), strict=True):
        is_late = (moment - first) > 0.7 * (last - first)
        at = alt.Chart(moments[moments == moment].to_frame(x)).encode(x=across)
        layers.append(at.mark_rule(strokeDash=[4, 3], color=INK, opacity=0.7))
        side: dict[str, Any] = {"align": "right", "dx": -5} if is_late else {"align": "left", "dx": 5}
        layers.append(at.mark_text(text=safe(text), y=6, color=INK, **side))
    return layers


def _like(column: Any, moments: Sequence[Any]) -> Any:
    """Return moments as a column of the same kind.

    Raises:
        SettingsError: one of them is of another kind.
    """
    try:
        plain = type(column)(moments)
        return plain.astype("datetime64[ms]" if column.dtype.kind == "M" else column.dtype)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"events {moments!r} do not lie on the axis: give moments of its kind") from error
