"""Confidence intervals of rates, means, differences and lifts: numbers or arrays in, arrays out.

A rate is given as successes of trials, a mean as mean, variance (of single values, n - 1 below) and
number of values. What is compared stands first, the control second. Where an interval does not exist
(a lift over a control of zero, a variance of one value) both of its ends are nan.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from clickkit.analysis.question import check_share

Floats = NDArray[np.float64]


class Interval(NamedTuple):
    """The two ends of an interval, or of many."""

    low: Floats
    high: Floats


def wilson(successes: ArrayLike, trials: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Return the score interval of a rate (Wilson 1927), without continuity correction."""
    z = _z(confidence)
    successes, trials = floats(successes), floats(trials)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = successes / trials
        middle = (rate + z**2 / (2 * trials)) / (1 + z**2 / trials)
        reach = z / (1 + z**2 / trials) * np.sqrt(rate * (1 - rate) / trials + z**2 / (4 * trials**2))
    return Interval(np.maximum(middle - reach, 0), np.minimum(middle + reach, 1))


def newcombe(
    successes: ArrayLike,
    trials: ArrayLike,
    control_successes: ArrayLike,
    control_trials: ArrayLike,
    *,
    confidence: float = 0.95,
) -> Interval:
    """Return the interval of a difference of rates from two score intervals (Newcombe 1998, method 10).

    It covers what it says also where conversions are few, and never leaves -1 to 1.
    """
    rate = _rate(successes, trials)
    control_rate = _rate(control_successes, control_trials)
    low, high = wilson(successes, trials, confidence=confidence)
    control_low, control_high = wilson(control_successes, control_trials, confidence=confidence)
    difference = rate - control_rate
    return Interval(
        difference - np.hypot(rate - low, control_high - control_rate),
        difference + np.hypot(high - rate, control_rate - control_low),
    )


def wald(
    successes: ArrayLike,
    trials: ArrayLike,
    control_successes: ArrayLike,
    control_trials: ArrayLike,
    *,
    confidence: float = 0.95,
) -> Interval:
    """Return the textbook interval of a difference of rates, unpooled (Newcombe 1998, method 1)."""
    rate = _rate(successes, trials)
    control_rate = _rate(control_successes, control_trials)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = rate * (1 - rate) / floats(trials)
        variance = variance + control_rate * (1 - control_rate) / floats(control_trials)
    return _around(rate - control_rate, _z(confidence) * np.sqrt(variance))


def katz(
    successes: ArrayLike,
    trials: ArrayLike,
    control_successes: ArrayLike,
    control_trials: ArrayLike,
    *,
    confidence: float = 0.95,
) -> Interval:
    """Return the interval of a lift, rate / control rate - 1, by the log of the ratio (Katz et al. 1978).

    It does not exist when either has no success.
    """
    successes, control_successes = floats(successes), floats(control_successes)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = _rate(successes, trials) / _rate(control_successes, control_trials)
        variance = 1 / successes - 1 / floats(trials) + 1 / control_successes - 1 / floats(control_trials)
        reach = np.exp(_z(confidence) * np.sqrt(variance))
        ends = ratio / reach - 1, ratio * reach - 1
    exists = (successes > 0) & (control_successes > 0)
    return Interval(np.where(exists, ends[0], np.nan), np.where(exists, ends[1], np.nan))


def welch(
    mean: ArrayLike,
    variance: ArrayLike,
    count: ArrayLike,
    control_mean: ArrayLike,
    control_variance: ArrayLike,
    control_count: ArrayLike,
    *,
    confidence: float = 0.95,
) -> Interval:
    """Return the interval of a difference of means with variances of their own (Welch 1947)."""
    _z(confidence)
    error, freedom = welch_error(variance, count, control_variance, control_count)
    reach = stats.t.isf((1 - confidence) / 2, freedom) * error
    return _around(floats(mean) - floats(control_mean), reach)


def welch_error(
    variance: ArrayLike, count: ArrayLike, control_variance: ArrayLike, control_count: ArrayLike
) -> tuple[Floats, Floats]:
    """Return the standard error of a difference of means and its degrees of freedom (Welch 1947)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        own, other = floats(variance) / floats(count), floats(control_variance) / floats(control_count)
        below = own**2 / (floats(count) - 1) + other**2 / (floats(control_count) - 1)
        return np.sqrt(own + other), (own + other) ** 2 / below


def delta(
    mean: ArrayLike,
    variance: ArrayLike,
    count: ArrayLike,
    control_mean: ArrayLike,
    control_variance: ArrayLike,
    control_count: ArrayLike,
    *,
    confidence: float = 0.95,
) -> Interval:
    """Return the interval of a lift of means, mean / control mean - 1, by the delta method.

    Deng, Knoblich, Lu 2018, section 3.1. Where the control's mean lies within its own interval of zero, a
    ratio has no bounded interval (Fieller 1954), and nan is returned instead of a delta that would mislead.
    """
    z = _z(confidence)
    mean, control_mean = floats(mean), floats(control_mean)
    with np.errstate(invalid="ignore", divide="ignore"):
        own, other = floats(variance) / floats(count), floats(control_variance) / floats(control_count)
        ratio = mean / control_mean
        reach = z * np.sqrt(own + ratio**2 * other) / np.abs(control_mean)
        exists = control_mean > z * np.sqrt(other)
    return _around(np.where(exists, ratio - 1, np.nan), reach)


def _around(middle: Floats, reach: Floats) -> Interval:
    return Interval(middle - reach, middle + reach)


def _rate(successes: ArrayLike, trials: ArrayLike) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        rate: Floats = floats(successes) / floats(trials)
    return rate


def floats(values: ArrayLike) -> Floats:
    """Return numbers as an array of float64."""
    return np.asarray(values, np.float64)


def _z(confidence: float) -> Any:
    """Return how many standard errors an interval reaches to each side."""
    return stats.norm.isf((1 - check_share("confidence", confidence)) / 2)
