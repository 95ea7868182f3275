"""Ranks are those of the exact binomial distribution."""

import math
from decimal import Decimal

import duckdb
import pytest
from scipy.stats import binom

from clickkit.analysis.performance import percentiles
from clickkit.errors import SettingsError

SHARES = [0.01, 0.07, 0.5, 0.95, 0.99]


@pytest.mark.parametrize("count", [1, 2, 9, 100, 1000, 20_000])
def test_ranks_are_those_of_the_binomial_distribution(count):
    """Values 1 to n are their own ranks; scipy has the distribution."""
    numbers = duckdb.connect().sql(f"select i as duration_ms from range(1, {count + 1}) as numbers(i)")

    for _, share, value, low, high, observations, coverage in percentiles(numbers, at=SHARES).fetchall():
        below = binom.ppf(0.025, count, share)  # the smallest k with P(B <= k) >= 2.5 %
        above = binom.ppf(0.975, count, share) + 1
        attained = binom.cdf(above - 1, count, share) - binom.cdf(below - 1, count, share)
        assert observations == count
        assert value == math.ceil(count * Decimal(str(share)))
        assert (low or 0, high or count + 1) == (below, above)
        assert coverage == pytest.approx(attained, abs=1e-9)


def test_a_percentile_is_a_share():
    """95 is no percentile here, and none is nothing to ask."""
    numbers = duckdb.connect().sql("select 1 as duration_ms")

    with pytest.raises(SettingsError, match="a percentile is 95"):
        percentiles(numbers, at=[95])
    with pytest.raises(SettingsError, match="no percentiles"):
        percentiles(numbers, at=[])
