"""What an experiment can find, by the visitors that it has: its power, of effects that would matter.

Power is that of effects chosen beforehand. That of the effect which was found says nothing that p does not
(Hoenig, Heisey 2001).
"""

from typing import Any

import numpy as np
from duckdb import DuckDBPyRelation

from clickkit.analysis.pairs import count_rates, pair
from clickkit.analysis.power import (
    days_needed,
    detectable_difference_of_rates,
    power_of_rates,
    visitors_of_rates,
)
from clickkit.analysis.question import ask
from clickkit.analysis.tables import table

_CURVE_POINTS = 51
_PACE = """
select count(*) / (date_diff('day', min(exposed_at), max(exposed_at)) + 1) as visitors_a_day
from outcomes
where variant is not null
"""


def of_rates(
    outcomes: DuckDBPyRelation,
    *,
    control: str,
    worthwhile: float = 0.05,
    power: float = 0.8,
    alpha: float = 0.05,
) -> DuckDBPyRelation:
    """Return what a test of conversion rates can find, one row a variant beside the control.

    `variant, control, visitors, control_visitors, control_rate`; `detectable`: the smallest rise over the
    control's rate that is found with a chance of `power`; `chance` of finding a rise of `worthwhile` (0.05:
    five percentage points); `visitors_needed`, of each variant, to find that one with a chance of `power`,
    and `days_needed` from the first day at the pace so far, null of visitors whose exposure has no time. With
    several variants each is tested at `alpha` divided by their number. Null is what no number of visitors
    gives: a rise over 100 %, say. Sources: see `power`.

    Raises:
        SettingsError: nobody is in the control, or an argument is no fraction.
    """
    pairs = pair(count_rates(outcomes), control)
    [(visitors_a_day,)] = ask(outcomes, _PACE, name="outcomes").fetchall()
    size = len(pairs["variant"])
    rates = pairs["control_conversions"] / pairs["control_visitors"]
    rows = []
    for visitors, control_visitors, rate in zip(
        pairs["visitors"], pairs["control_visitors"], rates, strict=True
    ):
        test = {"control_ratio": control_visitors / visitors, "alpha": alpha / size}
        found = {"detectable": _detectable(rate, visitors, power, test)}
        rows.append(found | _chances(rate, visitors, worthwhile, power, test))
    needed = [row["visitors_needed"] for row in rows]
    days = [
        one and visitors_a_day and days_needed(one, visitors_a_day=visitors_a_day, variants=size + 1)
        for one in needed
    ]
    return table(
        {
            "variant": pairs["variant"],
            "control": pairs["control"],
            "visitors": pairs["visitors"].astype(int),
            "control_visitors": pairs["control_visitors"].astype(int),
            "control_rate": rates,
            **{name: [row[name] for row in rows] for name in rows[0]},
            "days_needed": days,
        }
    )


def _chances(
    rate: float, visitors: float, worthwhile: float, power: float, test: dict[str, Any]
) -> dict[str, Any]:
    """Return the chance to find a worthwhile rise, and the visitors that it needs in equal variants."""
    if not 0 < rate < 1 - worthwhile:
        return {"chance": None, "visitors_needed": None}
    needed = visitors_of_rates(rate, difference=worthwhile, power=power, alpha=test["alpha"])
    chance = power_of_rates(rate, difference=worthwhile, visitors=visitors, **test)
    return {"chance": chance, "visitors_needed": needed}


def power_curve(outcomes: DuckDBPyRelation, *, control: str, alpha: float = 0.05) -> DuckDBPyRelation:
    """Return the chance that a test of rates finds a rise, by how large it is: `variant, points, power`.

    `points` are percentage points over the control's rate, from 0 to where nearly every test finds it.
    A variant whose control converted nobody or everybody has no rows. Otherwise as `of_rates`.
    """
    pairs = pair(count_rates(outcomes), control)
    size = len(pairs["variant"])
    columns: dict[str, list[Any]] = {"variant": [], "points": [], "power": []}
    for place, variant in enumerate(pairs["variant"]):
        visitors, control_visitors = pairs["visitors"][place], pairs["control_visitors"][place]
        rate = pairs["control_conversions"][place] / control_visitors
        if not 0 < rate < 1:
            continue
        test = {"control_ratio": control_visitors / visitors, "alpha": alpha / size}
        most = _detectable(rate, visitors, 0.99, test) or (1 - rate) * 0.999
        for difference in np.linspace(0, most, _CURVE_POINTS):
            columns["variant"].append(variant)
            columns["points"].append(100 * difference)
            columns["power"].append(power_of_rates(rate, difference=difference, visitors=visitors, **test))
    return table(columns)


def _detectable(rate: float, visitors: float, power: float, test: dict[str, Any]) -> float | None:
    """Return the smallest rise that is found; None: these visitors find none."""
    if (
        not 0 < rate < 1
        or power_of_rates(rate, difference=(1 - rate) * 0.999, visitors=visitors, **test) < power
    ):
        return None
    return detectable_difference_of_rates(rate, visitors=visitors, power=power, **test)
