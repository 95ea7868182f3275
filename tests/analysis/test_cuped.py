"""What visitors did before takes variance away, and nothing else."""

import numpy as np
import pytest

from clickkit.analysis import cuped, intervals

RUNS = 2_000
MARGIN = 3 * np.sqrt(0.95 * 0.05 / RUNS)
"""Three standard errors of a share of 95 % in so many runs: 1.5 %."""


def moments(value, before):
    """Return the moments of many samples, one a row."""
    covariance = ((value - value.mean(1, keepdims=True)) * before).sum(1) / (value.shape[1] - 1)
    return {
        "visitors": np.full(len(value), float(value.shape[1])),
        "mean": value.mean(1),
        "variance": value.var(1, ddof=1),
        "mean_before": before.mean(1),
        "variance_before": before.var(1, ddof=1),
        "covariance": covariance,
    }


def interval(found):
    """Return the interval of the difference of means."""
    names = ("mean", "variance", "visitors")
    return intervals.welch(*(found[f"{side}{name}"] for side in ("", "control_") for name in names))


def simulate(chance, visitors, mean):
    """Return the moments of values that depend on a habit, as did what came before."""
    habit = chance.exponential(1, (RUNS, visitors))
    before = habit * chance.exponential(5, (RUNS, visitors))
    return moments(habit * mean + chance.normal(0, 5, (RUNS, visitors)), before)


def test_theta_by_hand():
    """Covariances 2 and 4 over variances 1 and 2: theta is 2, and each mean moves by 2 × its distance."""
    own = {"visitors": 3, "mean": 10, "variance": 6, "mean_before": 2, "variance_before": 1, "covariance": 2}
    other = {"visitors": 3, "mean": 9, "variance": 9, "mean_before": 3, "variance_before": 2, "covariance": 4}
    named = own | {f"control_{name}": number for name, number in other.items()}

    adjusted = cuped.adjust({name: np.array([float(number)]) for name, number in named.items()})

    assert {name: list(found) for name, found in adjusted.items()} == {
        "theta": [2],
        "mean": [11],  # 10 less 2 times (2 - 2.5)
        "variance": [2],  # 6 - 8 + 4
        "control_mean": [8],
        "control_variance": [1],
    }


@pytest.mark.parametrize("lift", [0, 0.1])
def test_the_difference_is_unbiased_with_less_variance(lift):
    """2,000 runs: right on average, in coverage and in the error claimed, and nearer to the truth."""
    chance = np.random.default_rng(1)
    own, other = simulate(chance, 200, 10 * (1 + lift)), simulate(chance, 300, 10)
    plain = own | {f"control_{name}": found for name, found in other.items()}

    adjusted = plain | cuped.adjust(plain)

    difference = adjusted["mean"] - adjusted["control_mean"]
    variance = np.var(difference)
    claimed = adjusted["variance"] / 200 + adjusted["control_variance"] / 300
    low, high = interval(adjusted)
    assert np.mean(difference) == pytest.approx(10 * lift, abs=3 * np.sqrt(variance / RUNS))
    assert variance < 0.8 * np.var(plain["mean"] - plain["control_mean"])
    assert np.mean(claimed) == pytest.approx(variance, rel=0.1)
    assert np.mean((low <= 10 * lift) & (high >= 10 * lift)) == pytest.approx(0.95, abs=MARGIN)
