"""Whoever looks every day is not fooled more often than whoever looks once."""

import datetime as dt

import duckdb
import numpy as np
import pytest

from clickkit import SettingsError
from clickkit.analysis import sequential, significance

RUNS = 2_000
DAYS = 28
MARGIN = 3 * np.sqrt(0.05 * 0.95 / RUNS)
"""Three standard errors of a share of 5 % in so many runs: 1.5 %."""


@pytest.fixture
def outcomes():
    """Return visitors of three variants on three days, of whom the second has none in c."""
    with duckdb.connect() as connection:
        yield connection.sql(
            """
            select variant, timestamp '2026-11-01 23:00:00' + interval (day) day as exposed_at,
                converted, (case when converted then 2.0 else 1.0 end) as value
            from (
                values ('a', 0, 100, 20), ('b', 0, 100, 60), ('c', 0, 100, 20),
                    ('a', 1, 10, 0), ('b', 1, 10, 0),
                    ('a', 2, 100, 20), ('b', 2, 100, 20), ('c', 2, 100, 30)
            ) as days(variant, day, visitors, conversions),
            lateral (select n < conversions as converted from range(visitors) as numbers(n))
            """
        )


def test_each_day_has_all_that_is_known_at_its_end(outcomes):
    """Cumulated, also on a day without visitors in a variant; p never rises."""
    found = sequential.rates_by_day(outcomes, control="a", planned_visitors=400).to_dicts()

    assert [(row["date"], row["variant"], row["visitors"], row["control_visitors"]) for row in found] == [
        (dt.date(2026, 11, 1), "b", 100, 100),
        (dt.date(2026, 11, 1), "c", 100, 100),
        (dt.date(2026, 11, 2), "b", 110, 110),
        (dt.date(2026, 11, 2), "c", 100, 110),
        (dt.date(2026, 11, 3), "b", 210, 210),
        (dt.date(2026, 11, 3), "c", 200, 210),
    ]
    assert [row["difference"] for row in found[::2]] == pytest.approx([0.4, 40 / 110, 40 / 210])
    assert found[0]["p"] < 1e-5
    assert found[0]["p"] == found[2]["p"] == found[4]["p"]
    assert found[0]["p_adjusted"] == pytest.approx(2 * found[0]["p"])
    assert found[1]["p_adjusted"] == found[1]["p"] == 1
    assert found[4]["low"] < 40 / 210 < found[4]["high"]


def test_means_are_followed_too(outcomes):
    """A value that is 1 more for who converted differs as the rates do."""
    rates = sequential.rates_by_day(outcomes, control="a").to_dicts()
    means = sequential.means_by_day(outcomes, control="a").to_dicts()

    for rate, mean in zip(rates, means, strict=True):
        assert mean["mean"] == pytest.approx(rate["rate"] + 1)
        for name in ("difference", "low", "high", "p"):
            assert mean[name] == pytest.approx(rate[name])


def test_a_split_that_goes_wrong_is_said_from_that_day_on(outcomes):
    """Its p is always valid too."""
    lost = outcomes.filter("variant <> 'c' and not (variant = 'b' and exposed_at >= date '2026-11-03')")

    found = sequential.rates_by_day(lost, control="a").to_dicts()

    assert [row["warning"] is not None for row in found] == [False, False, True]
    assert found[2]["warning"].startswith("sample ratio mismatch (p = ")
    assert found[2]["srm_p"] < 0.001
    lenient = sequential.rates_by_day(lost, control="a", threshold=1e-6).to_dicts()
    assert [row["warning"] for row in lenient] == [None, None, None]


def test_the_mixture_by_hand():
    """Growth is 2 ln 20 + ln(1 + 2 ln 20) = 7.93616 at the planned size; z² is 10."""
    p, interval = sequential.mixture(0.1, 0.001, 5_000, planned_visitors=5_000)

    assert p == pytest.approx(0.035245, abs=1e-5)
    assert interval == pytest.approx((0.1 - 0.095982, 0.1 + 0.095982), abs=1e-5)


def test_the_split_mixture_by_hand():
    """Two of two in the same half: (50 × 51) / (100 × 101) / 0.25 = 1.0099 to one."""
    assert sequential.split_mixture([[0, 0], [1, 0], [2, 0]], [0.5, 0.5]) == pytest.approx(
        [1, 1, 1 / 1.00990099]
    )


def test_what_has_no_variance_says_nothing_yet():
    """Nobody has converted."""
    p, interval = sequential.mixture([0, 1], [0, np.nan], [20, 2])

    assert p.tolist() == [1, 1]
    assert np.isnan(interval).all()


def peeked(chance, rate, other):
    """Return difference, variance and visitors at the end of each day of many experiments."""
    daily = chance.poisson(100, (2, RUNS, DAYS))
    visitors = daily.cumsum(-1)
    conversions = chance.binomial(daily, np.array([rate, other])[:, None, None]).cumsum(-1)
    share = conversions / visitors
    variance = (share * (1 - share) / (visitors - 1)).sum(0)
    return conversions, visitors, share[0] - share[1], variance


@pytest.mark.parametrize("rate", [0.03, 0.2])
@pytest.mark.parametrize("planned_visitors", [500, 10_000])
def test_peeking_every_day_does_not_raise_the_error_rate(rate, planned_visitors):
    """A/A for 28 days: at most 5 % + 1.5 % are ever significant, but over 15 % by a z-test every day."""
    conversions, visitors, difference, variance = peeked(np.random.default_rng(1), rate, rate)

    p, interval = sequential.mixture(difference, variance, visitors.sum(0), planned_visitors=planned_visitors)
    z = significance.pooled_z(conversions[0], visitors[0], conversions[1], visitors[1])

    assert np.mean(p.min(-1) <= 0.05) <= 0.05 + MARGIN
    assert np.mean(((interval.low > 0) | (interval.high < 0)).any(-1)) <= 0.05 + MARGIN
    assert np.mean((significance.two_sided(z) <= 0.05).any(-1)) > 0.15


def test_all_intervals_together_cover_a_planted_difference():
    """In 95 % of the runs at least, less 1.5 %; and a difference that is there is found."""
    _, visitors, difference, variance = peeked(np.random.default_rng(2), 0.25, 0.2)

    p, interval = sequential.mixture(difference, variance, visitors.sum(0), planned_visitors=5_000)

    assert np.mean(((interval.low <= 0.05) & (interval.high >= 0.05)).all(-1)) >= 0.95 - MARGIN
    assert np.mean(p.min(-1) <= 0.05) > 0.8


def test_peeking_at_skewed_values_does_not_raise_the_error_rate():
    """Revenue: nothing for most visitors, a long tail for the others."""
    chance = np.random.default_rng(3)
    shape = (2, 1_000, DAYS, 60)
    values = chance.lognormal(3, 1, shape) * (chance.random(shape) < 0.2)
    visitors = 60 * np.arange(1, DAYS + 1)
    mean = values.sum(-1).cumsum(-1) / visitors
    variance = ((values**2).sum(-1).cumsum(-1) / visitors - mean**2) / (visitors - 1)

    p, _ = sequential.mixture(mean[0] - mean[1], variance.sum(0), 2 * visitors, planned_visitors=2_000)

    assert np.mean(p.min(-1) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1_000)


def test_peeking_at_the_split_does_not_raise_its_error_rate():
    """At 1 %, and a share of 54 % instead of 50 % is found."""
    chance = np.random.default_rng(4)
    daily = chance.multinomial(200, [0.5, 0.3, 0.2], (RUNS, DAYS)).cumsum(1)
    lost = chance.multinomial(200, [0.54, 0.27, 0.19], (RUNS, DAYS)).cumsum(1)

    p, found = (sequential.split_mixture(counts, [0.5, 0.3, 0.2]).min(-1) for counts in (daily, lost))

    assert np.mean(p <= 0.01) <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / RUNS)
    assert np.mean(found <= 0.01) > 0.8


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"control": "x"}, "nobody is in the control 'x': choose from a, b, c"),
        ({"planned_visitors": 0}, "no test of confidence 0.95 planned for 0 visitors"),
        ({"confidence": 95}, "no test of confidence 95"),
        ({"planned": {"a": 1, "b": 1}}, "variant 'c' has visitors and no share"),
        ({"threshold": 0}, "threshold is 0"),
    ],
)
def test_what_cannot_be_followed_is_said(outcomes, argument, message):
    """With the value, and what to do."""
    with pytest.raises(SettingsError, match=message):
        sequential.rates_by_day(outcomes, **{"control": "a"} | argument)


def test_a_value_that_is_unknown_is_said(outcomes):
    """It would count as none."""
    holes = outcomes.project("* replace (nullif(value, 2.0) as value)")

    with pytest.raises(SettingsError, match="value of 170 visitors is null"):
        sequential.means_by_day(holes, control="a")
    with pytest.raises(SettingsError, match="exposed_at of 620 visitors is null: say in at="):
        sequential.means_by_day(outcomes.project("* replace (null::timestamp as exposed_at)"), control="a")


def test_values_that_are_all_equal_prove_nothing(outcomes):
    """What rounding leaves of their variance, 1e-16, must not make a p of 0 that stays for ever."""
    equal = outcomes.project("* replace (case variant when 'a' then 0.1 else 0.2 end as value)")

    assert {row[-4] for row in sequential.means_by_day(equal, control="a").fetchall()} == {1.0}
