"""Comparisons give what the textbooks give, hold their error rate, and carry their warning."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from clickkit import SettingsError
from clickkit.analysis import comparisons

RUNS = 1_000
MARGIN = 3 * np.sqrt(0.05 * 0.95 / RUNS)
"""Three standard errors of a share of 5 % in so many runs: 2.1 %."""


@pytest.fixture
def relation():
    """Return a function that makes a relation of columns."""
    with duckdb.connect() as connection:
        yield lambda **columns: connection.from_arrow(pa.table(columns))


@pytest.fixture
def counted(relation):
    """Return a function that makes outcomes of (segment, variant, visitors, conversions)."""

    def counted(*groups):
        rows = [
            (segment, variant, number < conversions)
            for segment, variant, visitors, conversions in groups
            for number in range(visitors)
        ]
        segment, variant, converted = zip(*rows, strict=True)
        return relation(segment=segment, variant=variant, converted=converted)

    return counted


def test_rates(counted):
    """56 of 70 and 48 of 80: Newcombe's example; z² is the chi-square of the table."""
    outcomes = counted(("x", "old", 80, 48), ("y", "new", 70, 56))

    (found,) = comparisons.rates(outcomes, control="old").to_dicts()

    assert {name: found[name] for name in ("variant", "control", "visitors", "control_visitors")} == {
        "variant": "new",
        "control": "old",
        "visitors": 70,
        "control_visitors": 80,
    }
    assert (found["conversions"], found["control_conversions"]) == (56, 48)
    assert (found["rate"], found["control_rate"]) == pytest.approx((0.8, 0.6))
    assert (found["difference"], found["low"], found["high"]) == pytest.approx(
        (0.2, 0.0524, 0.3339), abs=5e-5
    )
    assert (found["lift"], found["lift_low"], found["lift_high"]) == pytest.approx(
        (1 / 3, 0.07662, 0.65125), abs=5e-5
    )
    chi2 = stats.chi2_contingency([[56, 14], [48, 32]], correction=False)
    assert (found["z"] ** 2, found["p"]) == pytest.approx((chi2.statistic, chi2.pvalue))
    assert (found["test"], found["p_adjusted"]) == ("z", found["p"])
    assert (found["srm_p"], found["warning"]) == (pytest.approx(0.414216, abs=1e-6), None)


def test_outcomes_may_be_counted_already(counted, relation):
    """As they come from another engine, or from a report; several rows of a variant are one."""
    outcomes = counted(("x", "old", 80, 48), ("y", "new", 70, 56))
    groups = relation(variant=["old", "new", "new"], visitors=[80, 60, 10], conversions=[48, 50, 6])

    assert comparisons.rates(groups, control="old").fetchall() == (
        comparisons.rates(outcomes, control="old").fetchall()
    )


@pytest.mark.parametrize(("visitors", "conversions"), [(3, 4), (3, -1), (None, 1), (3, None)])
def test_counts_that_are_none_are_refused(relation, visitors, conversions):
    """The variant is named."""
    groups = relation(variant=["old", "new"], visitors=[80, visitors], conversions=[48, conversions])

    with pytest.raises(SettingsError, match=f"variant new has {visitors} visitors and {conversions} conv"):
        comparisons.rates(groups, control="old")


def test_outcomes_of_visitors_may_have_columns_of_any_name(counted):
    """A segment that is called visitors is no count."""
    outcomes = counted(("x", "old", 80, 48), ("x", "new", 70, 56)).project(
        "*, 5 as visitors, 'a' as conversions"
    )

    (found,) = comparisons.rates(outcomes, control="old").to_dicts()

    assert (found["visitors"], found["conversions"]) == (70, 56)


def test_tiny_counts_are_tested_exactly(counted):
    """3 of 4 against 1 of 4, Fisher's tea: 34 / 70. A lift over none does not exist."""
    tea = comparisons.rates(counted((None, "a", 4, 1), (None, "b", 4, 3)), control="a").to_dicts()[0]
    none = comparisons.rates(counted((None, "a", 9, 0), (None, "b", 9, 0)), control="a").to_dicts()[0]

    assert (tea["test"], tea["p"]) == ("Fisher", pytest.approx(34 / 70))
    assert (none["p"], none["z"], none["lift"], none["lift_low"]) == (1, None, None, None)
    assert none["difference"] == 0
    assert (none["low"], none["high"]) == pytest.approx((-0.2991, 0.2991), abs=5e-5)


def test_several_variants_are_corrected_for(counted):
    """Each against the control; Holm doubles the smaller p."""
    found = comparisons.rates(
        counted((None, "a", 100, 20), (None, "b", 100, 35), (None, "c", 100, 22)), control="a"
    ).to_dicts()

    assert [row["variant"] for row in found] == ["b", "c"]
    assert found[0]["p_adjusted"] == pytest.approx(2 * found[0]["p"])
    assert found[1]["p_adjusted"] == pytest.approx(found[1]["p"])


def test_a_comparison_carries_its_warning(counted):
    """Every row of every kind, also of a segment that is split well."""
    outcomes = counted(("x", "a", 100, 20), ("x", "b", 100, 35), ("y", "a", 100, 20), ("y", "b", 200, 35))
    outcomes = outcomes.project("*, converted::int::double as value, 0.0 as value_before")
    ask = {"control": "a"}

    tables = [
        comparisons.rates(outcomes, **ask),
        comparisons.means(outcomes, **ask),
        comparisons.adjusted_means(outcomes, **ask),
        comparisons.rates(outcomes, segment="segment", **ask),
        comparisons.means(outcomes, segment="segment", **ask),
    ]

    for row in [row for table in tables for row in table.to_dicts()]:
        assert row["srm_p"] == pytest.approx(7.744e-06, rel=1e-3)
        assert row["warning"].startswith("sample ratio mismatch (p = 7.7e-06)")
    planned = comparisons.rates(outcomes, planned={"a": 2, "b": 3}, **ask).to_dicts()
    assert (planned[0]["srm_p"], planned[0]["warning"]) == (1, None)


def test_segments(counted):
    """Each beside its own control; null is one of them, and one without control is left out."""
    outcomes = counted(
        ("x", "a", 100, 20),
        ("x", "b", 100, 40),
        (None, "a", 100, 20),
        (None, "b", 100, 20),
        ("z", "b", 50, 9),
    )

    found = comparisons.rates(outcomes, segment="segment", control="a").to_dicts()
    lenient = comparisons.rates(
        outcomes, segment="segment", control="a", correction="benjamini-hochberg"
    ).to_dicts()

    assert [(row["segment"], row["difference"]) for row in found] == [("x", pytest.approx(0.2)), (None, 0)]
    # Q = 0.2² / (0.004 + 0.0032) = 5.56
    assert [row["interaction_p"] for row in found] == [pytest.approx(0.018422, abs=1e-6)] * 2
    assert found[0]["p_adjusted"] == pytest.approx(2 * found[0]["p"])
    assert lenient[1]["p_adjusted"] == pytest.approx(1)


def test_means_are_those_of_welch(relation):
    """As scipy has them; the lift is relative to the control."""
    chance = np.random.default_rng(1)
    values, control = chance.normal(30, 5, 50), chance.normal(20, 9, 70)
    outcomes = relation(variant=["b"] * 50 + ["a"] * 70, value=np.concatenate([values, control]))

    (found,) = comparisons.means(outcomes, control="a", planned={"a": 7, "b": 5}).to_dicts()

    expected = stats.ttest_ind(values, control, equal_var=False)
    assert (found["t"], found["p"]) == pytest.approx((expected.statistic, expected.pvalue))
    assert (found["low"], found["high"]) == pytest.approx(tuple(expected.confidence_interval()))
    assert found["difference"] == pytest.approx(values.mean() - control.mean())
    assert found["lift"] == pytest.approx(values.mean() / control.mean() - 1)
    assert found["lift_low"] < found["lift"] < found["lift_high"]


def test_an_adjustment_by_what_explains_all_leaves_no_variance(relation):
    """The value is three times what it was before, plus 1 for the variant."""
    before = np.array([1.0, 2, 3, 4, 2, 4, 6, 8])
    value = 3 * before + np.repeat([0, 1], 4) + np.tile([0.001, -0.001, -0.001, 0.001], 2)
    outcomes = relation(variant=["a"] * 4 + ["b"] * 4, value=value, value_before=before)

    (found,) = comparisons.adjusted_means(outcomes, control="a").to_dicts()

    assert (found["theta"], found["difference"]) == pytest.approx((3, 1))
    assert found["variance_reduction"] > 0.999
    assert (found["mean"], found["control_mean"]) == pytest.approx((3 * 3.75 + 1, 3 * 3.75))


def test_an_adjustment_by_nothing_changes_nothing(relation):
    """Where nobody did anything before."""
    outcomes = relation(variant=["a", "a", "b", "b"], value=[1.0, 2, 3, 5], value_before=[0.0] * 4)

    plain, adjusted = (
        f(outcomes, control="a").to_dicts()[0] for f in (comparisons.means, comparisons.adjusted_means)
    )

    assert (adjusted["theta"], adjusted["variance_reduction"]) == (0, 0)
    assert {name: adjusted[name] for name in plain} == plain


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda o: comparisons.rates(o, control="c"), "nobody is in the control 'c': choose from a, b"),
        (
            lambda o: comparisons.rates(o.filter("variant = 'a'"), control="a"),
            "all visitors are in the control 'a'",
        ),
        (
            lambda o: comparisons.rates(o, control="a", interval="exact"),
            "no interval 'exact': write newcombe",
        ),
        (lambda o: comparisons.rates(o, control="a", confidence=95), "confidence is 95"),
        (lambda o: comparisons.rates(o, control="a", correction="none"), "no correction 'none'"),
        (lambda o: comparisons.rates(o, control="a", segment="land"), "cannot be asked this: .*land"),
        (lambda o: comparisons.rates(o, control="a", segment="variant"), "no segment has visitors in 'a'"),
        (lambda o: comparisons.means(o, control="a"), "value of 1 visitors is null: say what it was"),
        (
            lambda o: comparisons.adjusted_means(o.project("*  replace (1 as value)"), control="a"),
            "value_before of 2",
        ),
    ],
)
def test_what_cannot_be_compared_is_said(relation, ask, message):
    """With the value, and what to do."""
    outcomes = relation(
        variant=["a", "b"], converted=[True, True], value=[1.0, None], value_before=pa.nulls(2, pa.float64())
    )

    with pytest.raises(SettingsError, match=message):
        ask(outcomes)


def runs(relation, chance, visitors, lift):
    """Return outcomes of many experiments, each a segment, with values that are skewed."""
    size = RUNS * visitors * 2
    variant = np.tile(np.repeat(["a", "b"], visitors), RUNS)
    value = chance.exponential(10, size) * np.where(variant == "b", 1 + lift, 1)
    return relation(
        run=np.repeat(np.arange(RUNS), visitors * 2),
        variant=pa.array(variant),
        converted=chance.random(size) < np.where(variant == "b", 0.2 * (1 + lift), 0.2),
        value=value,
    )


def test_what_is_the_same_is_rarely_significant(relation):
    """A/A: 5 % of 1,000 experiments, within 2.1 %; no run of Holm finds anything among all."""
    outcomes = runs(relation, np.random.default_rng(2), 200, lift=0)

    for compare in (comparisons.rates, comparisons.means):
        found = compare(outcomes, segment="run", control="a").df()
        assert len(found) == RUNS
        assert (found["p"] <= 0.05).mean() == pytest.approx(0.05, abs=MARGIN)
        assert (found["p_adjusted"] > 0.05).all()
        few = compare(outcomes.filter("run < 20"), segment="run", control="a").df()
        assert few["interaction_p"].iloc[0] > 0.01


def test_intervals_cover_a_planted_lift(relation):
    """A/B: 95 % of 1,000 experiments, within 2.1 %."""
    outcomes = runs(relation, np.random.default_rng(3), 200, lift=0.3)

    rates = comparisons.rates(outcomes, segment="run", control="a").df()
    means = comparisons.means(outcomes, segment="run", control="a").df()

    for found, truth in ((rates, 0.2 * 0.3), (means, 10 * 0.3)):
        assert ((found["low"] <= truth) & (truth <= found["high"])).mean() == pytest.approx(0.95, abs=MARGIN)
        covered = ((found["lift_low"] <= 0.3) & (found["lift_high"] >= 0.3)).mean()
        assert covered == pytest.approx(0.95, abs=MARGIN)
