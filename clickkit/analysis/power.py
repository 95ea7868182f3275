"""How many visitors an experiment needs, and what it can find: numbers in, a number out.

All tests are two-sided; a difference found the wrong way round is not counted. `visitors` are those of
one variant; the control has `control_ratio` times as many. With several variants against one control,
give `alpha` divided by their number.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import optimize, stats

from clickkit.errors import SettingsError


def power_of_rates(
    rate: float, *, difference: float, visitors: float, control_ratio: float = 1, alpha: float = 0.05
) -> float:
    """Return the chance that the pooled z-test finds a `difference` over the control's `rate`, 0 to 1.

    Source: Fleiss, Levin, Paik 2003, section 4.4 (unequal sizes) without continuity correction.

    >>> round(power_of_rates(0.5, difference=0.25, visitors=50), 2)
    0.74

    Raises:
        SettingsError: a rate that is none, or a number out of range.
    """
    _check(alpha=alpha, rate=rate, rate_of_the_variant=rate + difference)
    _check_sizes(visitors, control_ratio)
    raised, control = rate + difference, visitors * control_ratio
    pooled = (raised + control_ratio * rate) / (1 + control_ratio)
    error_of_none = math.sqrt(pooled * (1 - pooled) * (1 / visitors + 1 / control))
    error = math.sqrt(raised * (1 - raised) / visitors + rate * (1 - rate) / control)
    return float(stats.norm.cdf((abs(difference) - stats.norm.isf(alpha / 2) * error_of_none) / error))


def visitors_of_rates(
    rate: float, *, difference: float, power: float = 0.8, control_ratio: float = 1, alpha: float = 0.05
) -> int:
    """Return the visitors that each variant needs to find a `difference` over the control's `rate`.

    It is where `power_of_rates` reaches `power`, rounded up.

    >>> visitors_of_rates(0.5, difference=0.25, power=0.9)
    77
    """
    _check_power(power, alpha)
    _check_difference(difference)
    return _fewest(
        power,
        lambda visitors: power_of_rates(
            rate, difference=difference, visitors=visitors, control_ratio=control_ratio, alpha=alpha
        ),
    )


def detectable_difference_of_rates(
    rate: float, *, visitors: float, power: float = 0.8, control_ratio: float = 1, alpha: float = 0.05
) -> float:
    """Return the smallest rise over the control's `rate` that is found with a chance of `power`.

    It is where `power_of_rates` reaches `power`.

    >>> round(detectable_difference_of_rates(0.12, visitors=10_000), 4)
    0.0132

    Raises:
        SettingsError: the visitors are too few for any rise, or a number is out of range.
    """
    _check_power(power, alpha)

    def lacking(difference: float) -> float:
        return power - power_of_rates(
            rate, difference=difference, visitors=visitors, control_ratio=control_ratio, alpha=alpha
        )

    least, most = (1 - rate) * 1e-9, (1 - rate) * (1 - 1e-9)
    if lacking(most) > 0:
        raise SettingsError(f"{visitors} visitors cannot find any rise over {rate}: plan for more")
    return float(optimize.brentq(lacking, least, most, xtol=1e-12))


def power_of_means(
    standard_deviation: float,
    *,
    difference: float,
    visitors: float,
    control_ratio: float = 1,
    alpha: float = 0.05,
) -> float:
    """Return the chance that a t-test finds a `difference` of means, in the unit of the values, 0 to 1.

    Source: Cohen 1988, chapter 2, by the noncentral t; both have the same standard deviation.

    >>> round(power_of_means(1, difference=1, visitors=20), 4)
    0.869
    """
    _check(alpha=alpha)
    _check_sizes(visitors, control_ratio)
    if not standard_deviation > 0:
        raise SettingsError(f"no standard deviation of {standard_deviation}: write a number above 0")
    control = visitors * control_ratio
    freedom = visitors + control - 2
    away = abs(difference) / (standard_deviation * math.sqrt(1 / visitors + 1 / control))
    limit = stats.t.isf(alpha / 2, freedom)
    return float(stats.nct.sf(limit, freedom, away))


def visitors_of_means(
    standard_deviation: float,
    *,
    difference: float,
    power: float = 0.8,
    control_ratio: float = 1,
    alpha: float = 0.05,
) -> int:
    """Return the visitors that each variant needs to find a `difference` of means.

    It is where `power_of_means` reaches `power`, rounded up. CUPED multiplies it by 1 minus its
    variance reduction.

    >>> visitors_of_means(1, difference=1, power=0.9)
    23
    """
    _check_power(power, alpha)
    _check_difference(difference)
    return _fewest(
        power,
        lambda visitors: power_of_means(
            standard_deviation,
            difference=difference,
            visitors=visitors,
            control_ratio=control_ratio,
            alpha=alpha,
        ),
    )


def detectable_difference_of_means(
    standard_deviation: float,
    *,
    visitors: float,
    power: float = 0.8,
    control_ratio: float = 1,
    alpha: float = 0.05,
) -> float:
    """Return the smallest difference of means, in the values' unit, found with a chance of `power`.

    It is where `power_of_means` reaches `power`.

    >>> round(detectable_difference_of_means(25, visitors=10_000), 2)
    0.99
    """
    _check_power(power, alpha)

    def lacking(size: float) -> float:
        difference = size * standard_deviation
        return power - power_of_means(
            standard_deviation,
            difference=difference,
            visitors=visitors,
            control_ratio=control_ratio,
            alpha=alpha,
        )

    most = 10 * math.sqrt((1 + 1 / control_ratio) / visitors)
    return float(optimize.brentq(lacking, 0, most)) * standard_deviation


def days_needed(visitors: float, *, visitors_a_day: float, variants: int = 2, share: float = 1) -> int:
    """Return the days until each of `variants` equal variants, the control one of them, has its `visitors`.

    `visitors_a_day` are new ones, of whom a `share` takes part. Run whole weeks: days of a week differ.

    >>> days_needed(12_000, visitors_a_day=4_000)
    6
    """
    if not (visitors > 0 and visitors_a_day > 0 and variants >= 2 and 0 < share <= 1):
        raise SettingsError(
            f"no days for {visitors} visitors, {visitors_a_day} a day, {variants} variants and a share of "
            f"{share}: write numbers above 0, 2 variants or more, and a share of at most 1"
        )
    return math.ceil(visitors * variants / (visitors_a_day * share))


def _fewest(power: float, reached: Callable[[float], float]) -> int:
    """Return the fewest visitors with that power: it grows with them."""
    low, high = 2, 4
    while reached(high) < power:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) >= power else (middle, high)
    return low if reached(low) >= power else high


def _check(**fractions: float) -> None:
    for name, fraction in fractions.items():
        if not 0 < fraction < 1:
            words = name.replace("_", " ")
            raise SettingsError(f"no {words} of {fraction}: write a fraction between 0 and 1")


def _check_power(power: float, alpha: float) -> None:
    _check(alpha=alpha)
    if not alpha < power < 1:
        raise SettingsError(f"no power of {power}: write a fraction above alpha, {alpha}, and below 1")


def _check_sizes(visitors: float, control_ratio: float) -> None:
    if not (visitors >= 2 and control_ratio > 0 and np.isfinite(visitors)):
        raise SettingsError(
            f"no experiment of {visitors} visitors and {control_ratio} times as many in its control: "
            "write 2 or more, and a number above 0"
        )


def _check_difference(difference: float) -> None:
    if difference == 0:
        raise SettingsError("no number of visitors finds a difference of 0: write the smallest that matters")
