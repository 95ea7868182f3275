"""What an experiment can find follows from its visitors, not from what it found."""

import duckdb
import pytest

from clickkit.analysis import planning, power


@pytest.fixture
def outcomes():
    """Return ten days of 100 visitors in old, of whom 20 convert a day, and 50 in new and in newer."""
    with duckdb.connect() as connection:
        yield connection.sql(
            """
            select variant, n < conversions as converted,
                timestamptz '2026-11-01 12:00:00+00' + interval (day) day as exposed_at
            from (values ('old', 100, 20), ('new', 50, 40), ('newer', 50, 1))
                    as groups(variant, visitors, conversions),
                range(10) as days(day),
                lateral (select n from range(visitors) as numbers(n))
            """
        )


def test_of_rates(outcomes):
    """By the formulas of `power`, with alpha for two comparisons and twice the control; 200 come a day."""
    rows = planning.of_rates(outcomes, control="old", worthwhile=0.1).to_dicts()

    test = {"control_ratio": 2, "alpha": 0.025}
    needed = power.visitors_of_rates(0.2, difference=0.1, alpha=0.025)
    assert [row["variant"] for row in rows] == ["new", "newer"]
    for row in rows:
        assert (row["control"], row["visitors"], row["control_visitors"]) == ("old", 500, 1000)
        assert row["control_rate"] == pytest.approx(0.2)
        assert row["chance"] == pytest.approx(power.power_of_rates(0.2, difference=0.1, visitors=500, **test))
        assert row["detectable"] == pytest.approx(
            power.detectable_difference_of_rates(0.2, visitors=500, **test)
        )
        assert row["visitors_needed"] == needed
        assert row["days_needed"] == power.days_needed(needed, visitors_a_day=200, variants=3)


def test_what_no_number_of_visitors_finds_is_null(outcomes):
    """A rise over 100 %, and any rise for a handful of visitors."""
    (row, _) = planning.of_rates(outcomes, control="old", worthwhile=0.9).to_dicts()
    assert (row["chance"], row["visitors_needed"], row["days_needed"]) == (None, None, None)

    first = outcomes.filter("converted = (variant = 'old') and exposed_at < '2026-11-02'")
    everybody = planning.of_rates(first, control="old").to_dicts()[0]
    assert everybody["control_rate"] == 1
    assert (everybody["detectable"], everybody["chance"]) == (None, None)
    assert planning.power_curve(first, control="old").fetchall() == []


def test_the_curve_rises_to_nearly_one(outcomes):
    """It starts at half of alpha, the chance of a false find in the right direction."""
    points = planning.power_curve(outcomes.filter("variant <> 'newer'"), control="old").fetchall()

    assert points[0] == ("new", 0.0, pytest.approx(0.025, abs=0.001))
    assert points[-1][2] == pytest.approx(0.99)
    assert [power for *_, power in points] == sorted(power for *_, power in points)
