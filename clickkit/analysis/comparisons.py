"""Variants held against their control: differences of rates and means, with intervals.

All take the outcomes of `experiments` or `experiment_tables` (rates need `variant` and `converted`, means
`variant` and `value`) and return one row a comparison. Every row carries the p-value of the sample ratio
in `srm_p` and, when it is below `threshold`, a `warning` in words: see `splits.sample_ratio`, which
explains `planned` too. Intervals hold for one comparison each; `p_adjusted` is p corrected for all rows.
"""

from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np
from duckdb import DuckDBPyRelation

from clickkit.analysis import cuped, intervals, significance
from clickkit.analysis.intervals import Floats
from clickkit.analysis.pairs import HISTORY, MEANS, count_groups, count_rates, pair
from clickkit.analysis.significance import Correction
from clickkit.analysis.splits import Split, split_of
from clickkit.analysis.tables import Columns, table
from clickkit.errors import SettingsError

IntervalMethod = Literal["newcombe", "wald"]


def rates(
    outcomes: DuckDBPyRelation,
    *,
    control: str,
    segment: str | None = None,
    planned: Mapping[str, float] | None = None,
    interval: IntervalMethod = "newcombe",
    confidence: float = 0.95,
    correction: Correction = "holm",
    threshold: float = 0.01,
) -> DuckDBPyRelation:
    """Return how each variant's conversion rate differs from the control's, one row a variant.

    `variant, control, visitors, control_visitors, conversions, control_conversions, rate, control_rate`
    (0 to 1); `difference, low, high` (rate minus control rate, with its interval: Newcombe 1998, method
    10, or wald); `lift, lift_low, lift_high` (relative, 0.1 is 10 % more; Katz et al. 1978); `z, test, p`
    (pooled z-test, two-sided; where a count expected is below 5, Fisher's exact test gives p and `test`
    says so); `p_adjusted, srm_p, warning`.

    Outcomes that are counted already will do: rows of `variant, visitors, conversions`, as in `sensitivity`.

    With `segment`, a column of outcomes, there is a row a segment and variant: `segment` stands first, and
    `interaction_p` is the p-value of a variant's difference not being the same in all segments (Cochran
    1954, Q, unpooled errors). Only when it is small do the data say that segments differ; a significant
    row beside one that is not says nothing of the kind.

    Raises:
        SettingsError: nobody is in the control, an argument cannot be understood, or counts are no counts.
    """
    groups = count_rates(outcomes, segment)
    compared = _compared_rates(pair(groups, control), interval, confidence)
    own, other = compared["rate"], compared["control_rate"]
    variance = own * (1 - own) / compared["visitors"] + other * (1 - other) / compared["control_visitors"]
    _show_segments(compared, segment, np.sqrt(variance))
    return _result(compared, correction, split_of(groups, planned, threshold))


def means(
    outcomes: DuckDBPyRelation,
    *,
    control: str,
    segment: str | None = None,
    planned: Mapping[str, float] | None = None,
    confidence: float = 0.95,
    correction: Correction = "holm",
    threshold: float = 0.01,
) -> DuckDBPyRelation:
    """Return how each variant's mean `value` a visitor differs from the control's, one row a variant.

    `variant, control, visitors, control_visitors, mean, control_mean`; `difference, low, high` (in the
    unit of the value) and `t, p` (two-sided) by Welch 1947; `lift, lift_low, lift_high` (relative) by the
    delta method (Deng, Knoblich, Lu 2018), null where the control's mean is not clearly above 0 (Fieller
    1954); `p_adjusted, srm_p, warning`. `segment` is that of `rates`.

    Raises:
        SettingsError: a visitor's `value` is unknown, nobody is in the control, or an argument cannot be
            understood.
    """
    groups = count_groups(outcomes, MEANS, segment)
    pairs = pair(groups, control)
    compared = _compared_means(pairs, confidence)
    _show_segments(compared, segment, _error(pairs))
    return _result(compared, correction, split_of(groups, planned, threshold))


def adjusted_means(
    outcomes: DuckDBPyRelation,
    *,
    control: str,
    planned: Mapping[str, float] | None = None,
    confidence: float = 0.95,
    correction: Correction = "holm",
    threshold: float = 0.01,
) -> DuckDBPyRelation:
    """Return what `means` does, of values adjusted by `value_before` (CUPED, Deng et al. 2013).

    See `cuped.adjust`. `theta` and `variance_reduction` (1 - variance of the adjusted difference over that
    of the plain one) come with it.

    Raises:
        SettingsError: a visitor's `value` or `value_before` is unknown, nobody is in the control, or an
            argument cannot be understood.
    """
    groups = count_groups(outcomes, MEANS | HISTORY)
    pairs = pair(groups, control)
    adjusted = pairs | cuped.adjust(pairs)
    compared = _compared_means(adjusted, confidence)
    del compared["segment"]
    with np.errstate(invalid="ignore", divide="ignore"):
        reduction = 1 - (_error(adjusted) / _error(pairs)) ** 2
    compared |= {"theta": adjusted["theta"], "variance_reduction": reduction}
    return _result(compared, correction, split_of(groups, planned, threshold))


def _compared_rates(pairs: Columns, interval: IntervalMethod, confidence: float) -> Columns:
    if interval not in get_args(IntervalMethod):
        raise SettingsError(f"no interval {interval!r}: write newcombe or wald")
    method = intervals.newcombe if interval == "newcombe" else intervals.wald
    counts = [pairs[name] for name in ("conversions", "visitors", "control_conversions", "control_visitors")]
    rate, control_rate = counts[0] / counts[1], counts[2] / counts[3]
    low, high = method(*counts, confidence=confidence)
    lift_low, lift_high = intervals.katz(*counts, confidence=confidence)
    z = significance.pooled_z(*counts)
    tiny = significance.is_tiny(*counts)
    p = significance.two_sided(z)
    p[tiny] = [significance.fisher(*map(int, table_of_two)) for table_of_two in np.transpose(counts)[tiny]]
    whole = ("visitors", "control_visitors", "conversions", "control_conversions")
    return {
        **{name: pairs[name] for name in ("segment", "variant", "control")},
        **{name: pairs[name].astype(int) for name in whole},
        "rate": rate,
        "control_rate": control_rate,
        "difference": rate - control_rate,
        "low": low,
        "high": high,
        "lift": _lift(rate, control_rate),
        "lift_low": lift_low,
        "lift_high": lift_high,
        "z": z,
        "test": np.where(tiny, "Fisher", "z"),
        "p": p,
    }


def _compared_means(pairs: Columns, confidence: float) -> Columns:
    names = ("mean", "variance", "visitors", "control_mean", "control_variance", "control_visitors")
    moments = [pairs[name] for name in names]
    low, high = intervals.welch(*moments, confidence=confidence)
    lift_low, lift_high = intervals.delta(*moments, confidence=confidence)
    t, p = significance.welch_t(*moments)
    lift = _lift(pairs["mean"], pairs["control_mean"])
    return {
        **{name: pairs[name] for name in ("segment", "variant", "control")},
        **{name: pairs[name].astype(int) for name in ("visitors", "control_visitors")},
        "mean": pairs["mean"],
        "control_mean": pairs["control_mean"],
        "difference": pairs["mean"] - pairs["control_mean"],
        "low": low,
        "high": high,
        "lift": np.where(np.isnan(lift_low), np.nan, lift),
        "lift_low": lift_low,
        "lift_high": lift_high,
        "t": t,
        "p": p,
    }


def _lift(value: Floats, control_value: Floats) -> Floats:
    exists = control_value > 0
    return np.divide(value, control_value, out=np.full_like(value, np.nan), where=exists) - 1


def _error(moments: Columns) -> Floats:
    """Return the standard error of each difference of means."""
    names = ("variance", "visitors", "control_variance", "control_visitors")
    error, _ = intervals.welch_error(*(moments[name] for name in names))
    return error


def _result(compared: Columns, correction: Correction, split: Split) -> DuckDBPyRelation:
    """Return the relation of a comparison, with what warns of it."""
    size = len(compared["p"])
    return table(
        {
            **compared,
            "p_adjusted": significance.corrected(compared["p"], correction),
            "srm_p": np.full(size, split.p),
            "warning": [split.warning] * size,
        }
    )


def _show_segments(compared: Columns, segment: str | None, errors: Floats) -> None:
    """Give a comparison in segments its `interaction_p`, and take the column of the others out."""
    if segment is None:
        del compared["segment"]
    else:
        compared["interaction_p"] = _interaction(compared, errors)


def _interaction(compared: Columns, errors: Floats) -> Floats:
    """Return for each row the p-value of its variant's differences not being the same in all segments."""
    result = np.full(len(errors), np.nan)
    for variant in set(compared["variant"]):
        own = compared["variant"] == variant
        result[own] = significance.heterogeneity(compared["difference"][own], errors[own])
    return result
