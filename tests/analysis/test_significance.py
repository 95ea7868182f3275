"""p-values are those of the textbooks, and small as seldom as they say."""

import numpy as np
import pytest
from scipy import stats

from clickkit import SettingsError
from clickkit.analysis import significance

RUNS = 4_000
MARGIN = 3 * np.sqrt(0.05 * 0.95 / RUNS)
"""Three standard errors of a share of 5 % in so many runs: 1.03 %."""


def test_z_squared_is_the_chi_square_of_the_table():
    """And p is the same."""
    z = significance.pooled_z(20, 100, 10, 100)

    chi2 = stats.chi2_contingency([[20, 80], [10, 90]], correction=False)

    assert z**2 == pytest.approx(chi2.statistic)
    assert significance.two_sided(z) == pytest.approx(chi2.pvalue)


def test_fishers_tea():
    """Fisher 1935: three of four cups right has a two-sided p of 34 / 70."""
    assert significance.fisher(3, 4, 1, 4) == pytest.approx(34 / 70)


def test_few_expected_are_tiny():
    """4.5 conversions expected are too few for z, 5 are enough; so are failures."""
    assert significance.is_tiny([9, 10, 91], 100, [0, 0, 100], 100).tolist() == [True, False, True]


def test_welch_agrees_with_scipy():
    """The same t and p from the moments as from the values."""
    chance = np.random.default_rng(1)
    values, control = chance.normal(3, 2, 17), chance.normal(2, 5, 31)

    t, p = significance.welch_t(
        values.mean(), values.var(ddof=1), 17, control.mean(), control.var(ddof=1), 31
    )

    assert (t, p) == pytest.approx(tuple(stats.ttest_ind(values, control, equal_var=False)))


def test_a_split_is_held_against_its_plan():
    """Mendel's peas, 315 : 101 : 108 : 32 against 9 : 3 : 3 : 1, have a chi-square of 0.470."""
    chi2, p = significance.goodness_of_fit([315, 101, 108, 32], [9, 3, 3, 1])

    assert (chi2, p) == pytest.approx((0.470024, 0.925426), abs=1e-6)


def test_differences_that_differ():
    """Q = (1 - 2)² + (3 - 2)² = 2 on one degree of freedom; what has no error says nothing."""
    assert significance.heterogeneity([1, 3], [1, 1]) == pytest.approx(0.157299, abs=1e-6)
    assert significance.heterogeneity([1, 3, 9], [1, 1, 0]) == pytest.approx(0.157299, abs=1e-6)
    assert np.isnan(significance.heterogeneity([1, 3], [1, 0]))


def test_corrections_for_many_looks():
    """As R's p.adjust does; what is unknown does not count."""
    p = [0.01, 0.04, np.nan, 0.03, 0.005]

    assert significance.corrected(p, "holm") == pytest.approx([0.03, 0.06, np.nan, 0.06, 0.02], nan_ok=True)
    assert significance.corrected(p, "benjamini-hochberg") == pytest.approx(
        [0.02, 0.04, np.nan, 0.04, 0.02], nan_ok=True
    )
    assert significance.corrected([0.9, 0.8], "holm").tolist() == [1, 1]
    assert significance.corrected([], "holm").tolist() == []
    with pytest.raises(SettingsError, match="no correction 'bonferroni': write 'holm'"):
        significance.corrected(p, "bonferroni")


def test_holm_holds_the_chance_of_any_false_finding():
    """Ten looks at nothing find something in 5 % of the runs at most, and in 40 % without correction."""
    p = np.random.default_rng(2).random((RUNS, 10))
    corrected = np.array([significance.corrected(run, "holm") for run in p])

    assert np.mean(corrected.min(1) <= 0.05) == pytest.approx(0.05, abs=MARGIN)
    assert np.mean(p.min(1) <= 0.05) == pytest.approx(1 - 0.95**10, abs=0.03)


@pytest.mark.parametrize("rate", [0.02, 0.12, 0.5])
def test_z_holds_its_error_rate(rate):
    """5 % of the runs that compare the same with the same are significant, within 1.03 %."""
    chance = np.random.default_rng(3)
    z = significance.pooled_z(
        chance.binomial(3_000, rate, RUNS), 3_000, chance.binomial(4_000, rate, RUNS), 4_000
    )

    assert np.mean(significance.two_sided(z) <= 0.05) == pytest.approx(0.05, abs=MARGIN)


def test_welch_holds_its_error_rate():
    """Also where the smaller sample has the greater variance."""
    chance = np.random.default_rng(4)
    values, control = chance.normal(0, 5, (RUNS, 20)), chance.normal(0, 1, (RUNS, 90))

    _, p = significance.welch_t(
        values.mean(1), values.var(1, ddof=1), 20, control.mean(1), control.var(1, ddof=1), 90
    )

    assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=MARGIN)


def test_the_sample_ratio_holds_its_error_rate():
    """Three variants that are split as planned."""
    shares = [0.5, 0.3, 0.2]
    counts = np.random.default_rng(5).multinomial(5_000, shares, RUNS)

    _, p = significance.goodness_of_fit(counts, shares)

    assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=MARGIN)


def test_heterogeneity_holds_its_error_rate():
    """Five segments with the same difference."""
    errors = np.array([1, 2, 0.5, 1, 3])
    differences = 0.7 + np.random.default_rng(6).normal(0, 1, (RUNS, 5)) * errors

    p = np.array([significance.heterogeneity(run, errors) for run in differences])

    assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=MARGIN)
