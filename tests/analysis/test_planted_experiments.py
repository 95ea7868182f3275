"""An experiment's effects are found as they were planted, and none where none was.

Sixteen independent samples of the visitors are asked; what was planted must lie in as many of their
intervals as `expect_covered` says.
"""

import datetime as dt
import json
import math
from collections import defaultdict

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from clickkit import ShopTruth, simulate_shop
from clickkit.analysis import comparisons, experiments, sequential, significance, splits
from clickkit.shop_truth import PlantedExperiment

FIRST, LAST = dt.date(2026, 10, 26), dt.date(2026, 11, 22)
QUIET = {
    "vitals": 0,
    "scrolls": 0,
    "side_clicks": 0,
    "errors": 0,
    "rage": 0,
    "bots": 0,
    "staff": 0,
    "outages": (),
    "broken_day": None,
    "duplicates": 0,
    "late": 0,
    "skewed_clocks": 0,
}
ONCE = {"weekly_retention": (), "again": 0}
"""One session a visitor, so that what is planted by session is true of visitors."""
PAID = "event = 'click' and button = 'Pay'"
ORDER = 48 * math.exp(0.5**2 / 2)
"""The mean of an order's revenue: of a lognormal of median 48 and sigma 0.5."""


def ask(events, **options):
    """Return the outcomes of the experiment."""
    return experiments.outcomes(
        events, experiment="checkout", goal=PAID, value="(properties->>'revenue')::double", **options
    )


@pytest.fixture(scope="module")
def outcomes(relate_once, sixteenths):
    """Return the outcomes of 16 independent samples, of 18 points and 10 % more an order."""
    truth = ShopTruth(visitors=700, experiment=PlantedExperiment(first_day=0), **ONCE, **QUIET)
    events = relate_once(event for event in simulate_shop(FIRST, LAST, truth=truth, seed=41) if counts(event))
    return sixteenths(ask(events).materialize())


def test_rates_have_their_difference_and_lift(outcomes, expect_covered):
    """68 % in `short`, 50 % in `control`."""
    found = [comparisons.rates(sample, control="control").df().iloc[0] for sample in outcomes]

    expect_covered((row["low"], 0.18, row["high"]) for row in found)
    expect_covered((row["lift_low"], 0.68 / 0.5 - 1, row["lift_high"]) for row in found)


def test_means_have_their_difference_and_lift(outcomes, expect_covered):
    """Of revenue a visitor, nothing for most; of revenue an order it is 10 %."""
    found = [comparisons.means(sample, control="control").df().iloc[0] for sample in outcomes]
    orders = [
        comparisons.means(sample.filter("converted"), control="control").df().iloc[0] for sample in outcomes
    ]

    expect_covered((row["low"], ORDER * (0.68 * 1.1 - 0.5), row["high"]) for row in found)
    expect_covered((row["lift_low"], 0.68 * 1.1 / 0.5 - 1, row["lift_high"]) for row in found)
    expect_covered((row["low"], ORDER * 0.1, row["high"]) for row in orders)
    expect_covered((row["lift_low"], 0.1, row["lift_high"]) for row in orders)


def test_a_difference_watched_every_day_holds_the_planted_one(outcomes, expect_covered):
    """All days' intervals of a sample together count as one; on the last day all find something."""
    found = [
        sequential.rates_by_day(sample, control="control", planned_visitors=300).df() for sample in outcomes
    ]

    expect_covered((days["low"].max(), 0.18, days["high"].min()) for days in found)
    assert np.mean([days["p"].iloc[-1] <= 0.05 for days in found]) > 0.5
    assert all(days["warning"].isna().all() for days in found)


def test_history_narrows_the_interval_and_moves_nothing(relate_once, sixteenths, expect_covered):
    """CUPED, where orders before say much of orders after: 20 % more an order are found, by less variance.

    Two unbiased estimates, one of them better, differ by a variance that is theirs subtracted (Hausman 1978):
    of all visitors they must lie within three of these standard errors.
    """
    experiment = PlantedExperiment(first_day=14, lift=0, revenue_lift=0.2, redrawn=0)
    sure = {"propensity": 0, "view_product": 1, "check_out": 1, "pay": 1, "loyalty": 1}
    truth = ShopTruth(
        visitors=400, weekly_retention=(0.9, 0.9), again=0, experiment=experiment, **sure, **QUIET
    )
    events = relate_once(event for event in simulate_shop(FIRST, LAST, truth=truth, seed=42) if counts(event))
    shown = ask(events).filter("value_before > 0").materialize()
    plain, adjusted = (
        [compare(part, control="control").df().iloc[0] for part in [shown, *sixteenths(shown)]]
        for compare in (comparisons.means, comparisons.adjusted_means)
    )

    assert all(row["variance_reduction"] > 0.2 for row in adjusted)
    for found in (plain, adjusted):
        expect_covered((row["lift_low"], 0.2, row["lift_high"]) for row in found[1:])
    error = (plain[0]["high"] - plain[0]["low"]) / 2 / 1.96 * math.sqrt(adjusted[0]["variance_reduction"])
    assert abs(plain[0]["difference"] - adjusted[0]["difference"]) <= 3 * error


def test_without_history_nothing_is_adjusted(outcomes):
    """Who comes once has no orders before."""
    plain, adjusted = (
        compare(outcomes[0], control="control").df().iloc[0]
        for compare in (comparisons.means, comparisons.adjusted_means)
    )

    assert adjusted["theta"] == adjusted["variance_reduction"] == 0
    names = ["difference", "low", "high", "p"]
    assert adjusted[names].tolist() == pytest.approx(plain[names].tolist())


@pytest.mark.parametrize(("broken_split", "is_mismatch"), [(None, False), (0.56, True)])
def test_a_broken_split_is_said_and_no_other(relate_once, broken_split, is_mismatch):
    """56 % instead of 50 % of 2,600 visitors, and every comparison says it."""
    experiment = PlantedExperiment(first_day=0, broken_split=broken_split)
    truth = ShopTruth(visitors=400, experiment=experiment, **ONCE, **QUIET)
    shown = ask(relate_once(e for e in simulate_shop(FIRST, LAST, truth=truth, seed=43) if counts(e)))

    found = splits.sample_ratio(shown, planned={"control": 0.5, "short": 0.5}).fetchall()

    assert sum(row[1] for row in found) > 2000
    assert [row[5] for row in found] == [is_mismatch] * 2
    for compare in (comparisons.rates, comparisons.means, comparisons.adjusted_means):
        warning = compare(shown, control="control").df()["warning"].iloc[0]
        assert (warning is not None and warning.startswith("sample ratio mismatch")) == is_mismatch


def test_visitors_in_several_variants_are_counted_exactly(relate_once):
    """Of those who come to the checkout again 30 % draw again; they are left out, or kept where they were."""
    truth = ShopTruth(visitors=150, experiment=PlantedExperiment(redrawn=0.3), again=0.5, **QUIET)
    happened = [event for event in simulate_shop(FIRST, LAST, truth=truth, seed=44) if event.variants]
    seen = defaultdict(dict)
    for event in sorted(happened, key=lambda event: event.timestamp):
        if event.event == "exposure":
            seen[event.visitor_id][event.variants["checkout"]] = True
    several = {visitor for visitor, variants in seen.items() if len(variants) > 1}
    events = relate_once(happened)

    checked = {
        row[0]: row[2] for row in experiments.check_assignments(events, experiment="checkout").fetchall()
    }
    excluded, first = (
        dict(ask(events, several=rule).project("visitor_id, variant").fetchall())
        for rule in ("exclude", "first")
    )

    assert len(several) > 20
    assert checked["several variants"] == len(several)
    assert checked["never exposed"] == checked["no visitor"] == 0
    assert excluded == {visitor: next(iter(seen[visitor])) for visitor in seen if visitor not in several}
    assert first == {visitor: next(iter(variants)) for visitor, variants in seen.items()}


def test_what_is_the_same_is_rarely_significant():
    """A/A: 500 shops of a day; rates, means and splits each err in 5 %, within 2.9 % (3 errors)."""
    runs = 500
    experiment = PlantedExperiment(first_day=0, lift=0, revenue_lift=0)
    sure = {"propensity": 0, "view_product": 1, "check_out": 1, "add_to_basket": 0.59}
    truth = ShopTruth(visitors=200, experiment=experiment, **sure, **ONCE, **QUIET)
    rows = [
        (run, *row(event))
        for run in range(runs)
        for event in simulate_shop(FIRST, FIRST, truth=truth, seed=run)
        if counts(event)
    ]
    names = "run", "id", "event", "button", "timestamp", "session_id", "sequence", "visitor_id", "variants"
    columns = dict(zip([*names, "properties"], zip(*rows, strict=True), strict=True))
    with duckdb.connect() as connection:
        events = connection.from_arrow(pa.table(columns))
        shown = ask(events, segments={"run": "run"}).materialize()
        rates = comparisons.rates_by(shown, segment="run", control="control").df()
        means = comparisons.means_by(shown, segment="run", control="control").df()
    _, split = significance.goodness_of_fit(rates[["visitors", "control_visitors"]], [0.5, 0.5])

    for p in (rates["p"], means["p"], split):
        assert len(p) == runs
        assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=3 * math.sqrt(0.05 * 0.95 / runs))
    for found in (rates, means):
        assert (found["p_adjusted"] > 0.05).all()
        assert found["interaction_p"].iloc[0] > 0.01


def counts(event):
    """Say whether an event has a part in outcomes."""
    return event.event == "exposure" or event.button == "Pay"


def row(event):
    """Return what outcomes read of an event."""
    texts = (json.dumps(event.variants), json.dumps(event.properties))
    return (
        *(event.id, event.event, event.button, event.timestamp),
        *(event.session_id, event.sequence, event.visitor_id, *texts),
    )
