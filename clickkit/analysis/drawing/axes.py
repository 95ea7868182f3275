"""Axes with few round numbers, and times in UTC wherever they are drawn."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt

_MOST_TICKS = 8
_ROUND = (1, 2, 2.5, 5, 10)
_DAY = 86_400_000
_STRIDES = (1, 2, 7, 14, 28, 91, 182, 364, 728, 3640)


def round_ticks(values: Iterable[float], *, count: int = 4) -> list[float]:
    """Return about `count` round numbers, of which the first and the last enclose all finite values."""
    finite = [float(value) for value in values if math.isfinite(value)] or [0.0]
    low, high = min(finite), max(finite)
    if low == high:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        high = 1.0
    power = 10 ** math.floor(math.log10((high - low) / count))
    step = next(factor * power for factor in _ROUND if factor * power * count >= (high - low) * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def value_axis(ticks: Sequence[float], number_format: str, **options: Any) -> dict[str, Any]:
    """Return scale and axis of a number that spans the ticks, written like the labels of the chart."""
    percent, points = number_format.endswith("%"), number_format.endswith("pp")
    step = (ticks[1] - ticks[0]) * (100 if percent or points else 1)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6:
        decimals += 1  # 2.5
    sign = "+" if number_format.startswith("+") else ""
    written = f"{sign}.{decimals}%" if percent else f"{sign},.{decimals}f"
    axis: dict[str, Any] = {
        "values": list(ticks),
        "format": written,
        "domain": False,
        "ticks": False,
        "title": None,
    } | options
    if sign or points:  # zero has no sign
        unsigned = written.removeprefix(sign)
        value, unit = ("datum.value * 100", " + ' pp'") if points else ("datum.value", "")
        axis["labelExpr"] = f"format({value}, datum.value == 0 ? '{unsigned}' : '{written}'){unit}"
    return {
        "scale": alt.Scale(domain=[ticks[0], ticks[-1]], nice=False, zero=False),
        "axis": alt.Axis(**axis),
    }


def in_utc(column: Any) -> Any:
    """Return a column of days or times as aware times in UTC, or the column itself."""
    if column.dtype.kind != "M":
        return column
    aware = column.dt.tz_localize("UTC") if column.dt.tz is None else column.dt.tz_convert("UTC")
    return aware.dt.as_unit("ms")


def along(column: Any, name: str, *, title: str | None = None) -> alt.X:
    """Return the horizontal channel of lines over a column that `in_utc` gave: times, numbers or names."""
    plain: dict[str, Any] = {"title": title, "grid": False, "labelOverlap": True, "labelSeparation": 6}
    if column.dtype.kind == "M":
        moments = [int(moment.timestamp() * 1000) for moment in (column.min(), column.max())]
        axis = alt.Axis(**plain, **_time_ticks(*moments))
        return alt.X(name, type="temporal", scale=alt.Scale(type="utc", nice=False), axis=axis)
    if column.dtype.kind in "iuf":
        scale = alt.Scale(zero=False, nice=False, padding=4)
        whole = 1 if column.dtype.kind in "iu" else alt.Undefined
        return alt.X(name, type="quantitative", scale=scale, axis=alt.Axis(**plain, tickMinStep=whole))
    return alt.X(name, type="ordinal", sort=None, axis=alt.Axis(**plain, labelAngle=0))


def _time_ticks(first: int, last: int) -> dict[str, Any]:
    """Return few midnights between two moments in milliseconds; within two days, the library's own ticks."""
    if last - first <= 2 * _DAY:
        return {"format": "%-d %b %H:%M", "tickCount": 4}
    days = range(-(-first // _DAY), last // _DAY + 1)
    stride = next((one for one in _STRIDES if len(days) <= _MOST_TICKS * one), _STRIDES[-1])
    return {
        "values": [day * _DAY for day in days[::stride]],
        "format": "%-d %b" if len(days) < 300 else "%b %Y",
    }
