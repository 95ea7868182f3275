"""A split that is not as planned is said loudly."""

import duckdb
import pytest

from clickkit import SettingsError
from clickkit.analysis import splits


@pytest.fixture
def outcomes():
    """Return 100 visitors in a, 60 in b and 40 in c, and one who is in none."""
    with duckdb.connect() as connection:
        yield connection.sql(
            """
            select case when n < 100 then 'a' when n < 160 then 'b' when n < 200 then 'c' end as variant
            from range(201) as numbers(n)
            """
        )


def test_a_split_as_planned(outcomes):
    """Any number of variants, in the order of the plan; shares need not sum to 1."""
    assert splits.sample_ratio(outcomes, planned={"a": 5, "c": 2, "b": 3}).fetchall() == [
        ("a", 100, 100.0, 0.0, 1.0, False, None),
        ("c", 40, 40.0, 0.0, 1.0, False, None),
        ("b", 60, 60.0, 0.0, 1.0, False, None),
    ]


def test_a_mismatch(outcomes):
    """Without a plan, all variants have the same share: chi-square is (33.3² + 6.7² + 26.7²) / 66.7 = 28."""
    found = splits.sample_ratio(outcomes).to_dicts()

    assert [row["variant"] for row in found] == ["a", "b", "c"]
    for row in found:
        assert row["expected"] == pytest.approx(200 / 3)
        assert (row["chi2"], row["p"]) == pytest.approx((28, 8.3153e-07), rel=1e-4)
        assert row["is_mismatch"] is True
        assert row["warning"].startswith("sample ratio mismatch (p = 8.3e-07): find out why")


def test_a_variant_that_nobody_got_is_a_mismatch(outcomes):
    """It was planned."""
    planned = {"a": 0.5, "b": 0.25, "c": 0.15, "d": 0.1}

    assert splits.sample_ratio(outcomes, planned=planned).fetchall()[3][:3] == ("d", 0, pytest.approx(20))
    assert splits.sample_ratio(outcomes, planned=planned).fetchall()[0][5] is True


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"planned": {"a": 1, "b": 1}}, "variant 'c' has visitors and no share in planned="),
        ({"planned": {"a": 1, "b": 1, "c": 0}}, "no split planned=.*: write a share above 0"),
        ({"threshold": 1}, "threshold is 1: write a number"),
    ],
)
def test_what_cannot_be_understood_is_said(outcomes, argument, message):
    """With the value, and what to do."""
    with pytest.raises(SettingsError, match=message):
        splits.sample_ratio(outcomes, **argument)


def test_nobody_is_no_experiment(outcomes):
    """A name that was misspelt, perhaps."""
    with pytest.raises(SettingsError, match="nobody is in this experiment: check its name"):
        splits.sample_ratio(outcomes.filter("variant = 'x'"))


def test_the_verdict_is_one_sentence(outcomes):
    """It stops the reader, or lets him go on."""
    assert splits.verdict(outcomes).startswith("STOP: sample ratio mismatch (p = 8.3e-07)")
    assert splits.verdict(outcomes, planned={"a": 5, "c": 2, "b": 3}) == (
        "The split is as planned, as far as it can tell: p = 1, not below 0.01."
    )
