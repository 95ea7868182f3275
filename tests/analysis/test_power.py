"""Power is what simulation finds, and what the tables say."""

import doctest

import numpy as np
import pytest

from clickkit import SettingsError
from clickkit.analysis import power, significance

RUNS = 4_000
MARGIN = 3 * np.sqrt(0.8 * 0.2 / RUNS)
"""Three standard errors of a share of 80 % in so many runs: 1.9 %."""


def test_the_examples_are_true():
    """They stand in the docstrings."""
    assert doctest.testmod(power) == (0, 7)


def test_rates_agree_with_r():
    """R's help of power.prop.test: 50 a group give 0.740, and a power of 0.9 takes 76.7 a group."""
    assert power.power_of_rates(0.5, difference=0.25, visitors=50) == pytest.approx(0.7401659, abs=1e-6)
    assert power.power_of_rates(0.5, difference=0.25, visitors=76.7) == pytest.approx(0.9, abs=1e-4)
    assert power.visitors_of_rates(0.5, difference=0.25, power=0.9) == 77


def test_means_agree_with_r_and_cohen():
    """R's help of power.t.test: 20 a group give 0.869, 0.9 takes 22.02; Cohen 1988: d = 0.5 takes 64."""
    assert power.power_of_means(1, difference=1, visitors=20) == pytest.approx(0.8689528, abs=1e-6)
    assert power.power_of_means(1, difference=1, visitors=22.02110) == pytest.approx(0.9, abs=1e-6)
    assert power.visitors_of_means(2, difference=-1) == 64


def test_what_can_be_detected_is_what_needs_these_visitors():
    """One is the other turned around."""
    rise = power.detectable_difference_of_rates(0.12, visitors=4_321, control_ratio=3)
    shift = power.detectable_difference_of_means(25, visitors=4_321, control_ratio=3)

    assert power.visitors_of_rates(0.12, difference=rise * 1.000001, control_ratio=3) == 4_321
    assert power.visitors_of_means(25, difference=shift * 1.000001, control_ratio=3) == 4_321


@pytest.mark.parametrize("control_ratio", [1, 4])
def test_the_power_of_rates_is_what_simulation_finds(control_ratio):
    """Within 1.9 %."""
    visitors = power.visitors_of_rates(0.12, difference=0.02, control_ratio=control_ratio)
    controls = visitors * control_ratio
    chance = np.random.default_rng(1)

    z = significance.pooled_z(
        chance.binomial(visitors, 0.14, RUNS), visitors, chance.binomial(controls, 0.12, RUNS), controls
    )

    assert np.mean(z > 1.959964) == pytest.approx(0.8, abs=MARGIN)


@pytest.mark.parametrize("control_ratio", [1, 4])
def test_the_power_of_means_is_what_simulation_finds(control_ratio):
    """Within 1.9 %."""
    visitors = power.visitors_of_means(2, difference=0.5, control_ratio=control_ratio)
    chance = np.random.default_rng(2)
    values = chance.normal(0.5, 2, (RUNS, visitors))
    control = chance.normal(0, 2, (RUNS, visitors * control_ratio))

    t, p = significance.welch_t(
        values.mean(1),
        values.var(1, ddof=1),
        visitors,
        control.mean(1),
        control.var(1, ddof=1),
        control.shape[1],
    )

    assert np.mean((p <= 0.05) & (t > 0)) == pytest.approx(0.8, abs=MARGIN)


def test_days_are_rounded_up():
    """3 variants of 1,000 at 900 a day, half of whom take part, need 6.7 days."""
    assert power.days_needed(1_000, visitors_a_day=900, variants=3, share=0.5) == 7


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: power.power_of_rates(12, difference=1, visitors=9), "no rate of 12: write a fraction"),
        (lambda: power.power_of_rates(0.9, difference=0.2, visitors=9), "no rate of the variant of 1.1"),
        (lambda: power.visitors_of_rates(0.5, difference=0), "no number of visitors finds a difference of 0"),
        (lambda: power.visitors_of_rates(0.5, difference=0.1, power=80), "no power of 80: write a fraction"),
        (lambda: power.detectable_difference_of_rates(0.9, visitors=9), "9 visitors cannot find any rise"),
        (lambda: power.power_of_means(0, difference=1, visitors=9), "no standard deviation of 0"),
        (lambda: power.power_of_means(1, difference=1, visitors=1), "no experiment of 1 visitors"),
        (lambda: power.days_needed(9, visitors_a_day=0), "no days for 9 visitors, 0 a day"),
    ],
)
def test_what_cannot_be_planned_is_said(ask, message):
    """With the value, and what to write."""
    with pytest.raises(SettingsError, match=message):
        ask()
