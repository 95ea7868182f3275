"""p-values of differences and of splits, and their correction for many looks: arrays in, arrays out."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from clickkit.analysis.intervals import Floats, floats, welch_error
from clickkit.errors import SettingsError

Correction = Literal["holm", "benjamini-hochberg"]


def pooled_z(
    successes: ArrayLike, trials: ArrayLike, control_successes: ArrayLike, control_trials: ArrayLike
) -> Floats:
    """Return z of a difference of rates, their variance pooled (Fleiss, Levin, Paik 2003, section 3.2).

    z² is Pearson's chi-square of the table of two by two, without continuity correction.
    """
    successes, trials = floats(successes), floats(trials)
    control_successes, control_trials = (
        floats(control_successes),
        floats(control_trials),
    )
    pooled = (successes + control_successes) / (trials + control_trials)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(pooled * (1 - pooled) * (1 / trials + 1 / control_trials))
        z: Floats = (successes / trials - control_successes / control_trials) / error
    return z


def two_sided(z: ArrayLike) -> Floats:
    """Return the two-sided p-value of a standard normal z."""
    p: Floats = 2 * stats.norm.sf(np.abs(z))
    return p


def is_tiny(
    successes: ArrayLike, trials: ArrayLike, control_successes: ArrayLike, control_trials: ArrayLike
) -> NDArray[np.bool_]:
    """Say where a count expected under no difference is below 5, too few for z (Cochran 1954)."""
    trials, control_trials = floats(trials), floats(control_trials)
    pooled = (floats(successes) + floats(control_successes)) / (trials + control_trials)
    least: Floats = np.minimum(trials, control_trials) * np.minimum(pooled, 1 - pooled)
    return least < 5


def fisher(successes: int, trials: int, control_successes: int, control_trials: int) -> float:
    """Return the two-sided p-value of one table of two by two by Fisher's exact test (Fisher 1935)."""
    cells = [
        [successes, trials - successes],
        [control_successes, control_trials - control_successes],
    ]
    return float(stats.fisher_exact(cells).pvalue)


def welch_t(
    mean: ArrayLike,
    variance: ArrayLike,
    count: ArrayLike,
    control_mean: ArrayLike,
    control_variance: ArrayLike,
    control_count: ArrayLike,
) -> tuple[Floats, Floats]:
    """Return t and the two-sided p-value of a difference of means (Welch 1947); the variances may differ."""
    error, freedom = welch_error(variance, count, control_variance, control_count)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = (floats(mean) - floats(control_mean)) / error
    return t, 2 * stats.t.sf(np.abs(t), freedom)


def goodness_of_fit(counts: ArrayLike, shares: ArrayLike) -> tuple[Floats, Floats]:
    """Return chi-square and p of counts against planned shares (Pearson 1900); the last axis is the split.

    As a test of the sample ratio: Fabijan et al. 2019. Shares need not sum to 1.
    """
    counts, shares = floats(counts), floats(shares)
    expected = counts.sum(-1, keepdims=True) * shares / shares.sum(-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        chi2 = ((counts - expected) ** 2 / expected).sum(-1)
    return chi2, stats.chi2.sf(chi2, counts.shape[-1] - 1)


def heterogeneity(differences: ArrayLike, errors: ArrayLike) -> float:
    """Return the p-value of differences that are not all the same (Cochran 1954, Q); errors are standard.

    Differences without a standard error above zero are left out; with fewer than two it is nan.
    """
    differences, errors = floats(differences), floats(errors)
    known = errors > 0
    if known.sum() < 2:
        return float("nan")
    weights = errors[known] ** -2
    common = np.average(differences[known], weights=weights)
    q = (weights * (differences[known] - common) ** 2).sum()
    return float(stats.chi2.sf(q, known.sum() - 1))


def corrected(p: ArrayLike, correction: Correction) -> Floats:
    """Return p-values corrected for how many they are; nan stays nan and does not count.

    `holm` (Holm 1979) holds the chance of any false finding, `benjamini-hochberg` (Benjamini, Hochberg
    1995) the share of false ones among the findings.

    Raises:
        SettingsError: another correction.
    """
    p = floats(p)
    known = np.flatnonzero(~np.isnan(p))
    ordered, number = known[np.argsort(p[known], kind="stable")], len(known)
    result = np.full(p.shape, np.nan)
    if correction == "holm":
        result[ordered] = np.maximum.accumulate(p[ordered] * np.arange(number, 0, -1))
    elif correction == "benjamini-hochberg":
        raised = (p[ordered] * number / np.arange(1, number + 1))[::-1]
        result[ordered] = np.minimum.accumulate(raised)[::-1]
    else:
        raise SettingsError(f"no correction {correction!r}: write 'holm' or 'benjamini-hochberg'")
    return floats(np.minimum(result, 1))
