"""Wilson's interval has its published values and covers what it promises."""

import duckdb
import numpy as np
import pytest

from clickkit import SettingsError
from clickkit.analysis.wilson import wilson


def ends(successes, trials, confidence=0.95):
    """Return both ends of the interval."""
    low, high = wilson("k", "n", confidence)
    with duckdb.connect() as connection:
        return connection.execute(
            f"select {low}, {high} from (select {successes} as k, {trials} as n)"
        ).fetchone()


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_the_published_one(successes, trials, low, high):
    """Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3."""
    assert ends(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_the_interval_stays_between_0_and_1():
    """Also where rounding would leave it; without trials there is none."""
    assert ends(0, 7)[0] == 0
    assert ends(7, 7)[1] == 1
    assert ends(0, 0) == (None, None)


def test_the_interval_covers_the_truth():
    """Of 4,000 samples of 200 with a truth of 0.1, 95 % within 3 standard errors (1 percentage point)."""
    chance = np.random.default_rng(20261123)
    low, high = wilson("k", "200", 0.95)
    counts = chance.binomial(200, 0.1, 4000)
    with duckdb.connect() as connection:
        covered = connection.execute(
            f"select avg(cast({low} <= 0.1 and {high} >= 0.1 as int)) from (select unnest(?) as k)",
            [counts.tolist()],
        ).fetchone()[0]

    assert covered == pytest.approx(0.95, abs=0.0125)


def test_a_confidence_of_95_is_refused():
    """It is a share, not a percentage."""
    with pytest.raises(SettingsError, match="confidence is 95"):
        wilson("k", "n", 95)
