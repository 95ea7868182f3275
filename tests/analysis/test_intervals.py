"""Intervals have the published ends, and cover the truth as often as they say."""

import numpy as np
import pytest
from scipy import stats

from clickkit import SettingsError
from clickkit.analysis import intervals

RUNS = 4_000
MARGIN = 3 * np.sqrt(0.95 * 0.05 / RUNS)
"""Three standard errors of a share of 95 % in so many runs: 1.03 %."""


def coverage(interval, truth):
    """Return how often the truth lies in an interval."""
    return np.mean((interval.low <= truth) & (truth <= interval.high))


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0000),
    ],
)
def test_newcombe_gives_the_ends_of_his_table(counts, low, high):
    """Newcombe 1998, table II, method 10."""
    assert intervals.newcombe(*counts) == pytest.approx((low, high), abs=5e-5)


def test_wald_gives_the_ends_of_newcombes_table():
    """Newcombe 1998, table II, method 1."""
    assert intervals.wald(56, 70, 48, 80) == pytest.approx((0.0575, 0.3425), abs=5e-5)


def test_wilson_gives_the_ends_of_a_textbook():
    """Newcombe 1998 (one proportion), table I: 81 of 263, and none of 20."""
    assert intervals.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert intervals.wilson(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)


def test_katz_multiplies_and_divides_the_ratio():
    """2 times and by e to the 1.96 × √0.13, less 1; without a conversion there is no interval."""
    assert intervals.katz(20, 100, 10, 100) == pytest.approx((-0.01344, 3.05450), abs=5e-5)
    assert np.isnan(intervals.katz([0, 5], [100, 100], [10, 0], [100, 100])).all()


def test_welch_agrees_with_scipy():
    """The same interval from the moments as from the values."""
    chance = np.random.default_rng(1)
    values, control = chance.normal(3, 2, 17), chance.normal(2, 5, 31)
    moments = [f(sample) for sample in (values, control) for f in (np.mean, lambda x: np.var(x, ddof=1), len)]

    expected = stats.ttest_ind(values, control, equal_var=False).confidence_interval(0.9)

    assert intervals.welch(*moments, confidence=0.9) == pytest.approx(tuple(expected))


def test_a_lift_over_almost_nothing_has_no_interval():
    """Where the control's mean may be 0, the ratio may be anything."""
    low, high = intervals.delta([2, 2], [1, 1], [100, 100], [1, 0.1], [1, 1], [100, 100])

    assert (low[0], high[0]) == pytest.approx((1 - 0.438261, 1 + 0.438261), abs=1e-6)
    assert np.isnan([low[1], high[1]]).all()


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_a_confidence_is_a_fraction(confidence):
    """95 is no fraction."""
    with pytest.raises(SettingsError, match=f"confidence is {confidence}: write a number"):
        intervals.wilson(1, 2, confidence=confidence)


@pytest.mark.parametrize("rate", [0.02, 0.12, 0.5])
def test_intervals_of_rates_cover_a_planted_lift(rate):
    """95 of 100 intervals hold the truth, within 1.03 %."""
    chance = np.random.default_rng(2)
    planted = rate * 1.1
    counts = chance.binomial(3_000, planted, RUNS), 3_000, chance.binomial(4_000, rate, RUNS), 4_000

    assert coverage(intervals.newcombe(*counts), planted - rate) == pytest.approx(0.95, abs=MARGIN)
    assert coverage(intervals.wald(*counts), planted - rate) == pytest.approx(0.95, abs=MARGIN)
    assert coverage(intervals.katz(*counts), 0.1) == pytest.approx(0.95, abs=MARGIN)
    assert coverage(intervals.wilson(*counts[:2]), planted) == pytest.approx(0.95, abs=MARGIN)


def test_newcombe_covers_where_conversions_are_few():
    """The textbook's interval covers too seldom there, which is why it is not the default."""
    chance = np.random.default_rng(3)
    counts = chance.binomial(60, 0.04, RUNS), 60, chance.binomial(40, 0.02, RUNS), 40

    assert coverage(intervals.newcombe(*counts), 0.02) >= 0.95 - MARGIN
    assert coverage(intervals.wald(*counts), 0.02) < 0.95 - MARGIN


def test_intervals_of_means_cover_a_planted_lift():
    """Values are skewed as revenue is, and the variants differ in size and variance."""
    chance = np.random.default_rng(4)
    values = chance.exponential(5.5, (RUNS, 400)) * (chance.random((RUNS, 400)) < 0.4)
    control = chance.exponential(5, (RUNS, 700)) * (chance.random((RUNS, 700)) < 0.4)
    moments = [
        part
        for sample in (values, control)
        for part in (sample.mean(1), sample.var(1, ddof=1), sample.shape[1])
    ]

    assert coverage(intervals.welch(*moments), 0.2) == pytest.approx(0.95, abs=MARGIN)
    assert coverage(intervals.delta(*moments), 0.1) == pytest.approx(0.95, abs=MARGIN)
