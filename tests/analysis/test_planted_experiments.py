"""An experiment's effects are found as they were planted, and none where none was."""

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
def outcomes(relate_once):
    """Return the outcomes of an experiment of 18 points more who pay, and 10 % more an order."""
    truth = ShopTruth(visitors=700, experiment=PlantedExperiment(first_day=0), **ONCE, **QUIET)
    events = relate_once(event for event in simulate_shop(FIRST, LAST, truth=truth, seed=41) if counts(event))
    return ask(events).materialize()


def test_rates_have_their_difference_and_lift(outcomes, expect_covered):
    """68 % in `short`, 50 % in `control`."""

    def found(outcomes, confidence):
        row = comparisons.rates(outcomes, control="control", confidence=confidence).df().iloc[0]
        return [
            (row["low"], 0.18, row["high"]),
            (row["lift_low"], 0.68 / 0.5 - 1, row["lift_high"]),
        ]

    expect_covered(outcomes, found)


def test_means_have_their_difference_and_lift(outcomes, expect_covered):
    """Of revenue a visitor, nothing for most; of revenue an order it is 10 %."""

    def found(outcomes, confidence):
        asked = {"control": "control", "confidence": confidence}
        row = comparisons.means(outcomes, **asked).df().iloc[0]
        order = comparisons.means(outcomes.filter("converted"), **asked).df().iloc[0]
        return [
            (row["low"], ORDER * (0.68 * 1.1 - 0.5), row["high"]),
            (row["lift_low"], 0.68 * 1.1 / 0.5 - 1, row["lift_high"]),
            (order["low"], ORDER * 0.1, order["high"]),
            (order["lift_low"], 0.1, order["lift_high"]),
        ]

    expect_covered(outcomes, found)


def test_a_difference_watched_every_day_holds_the_planted_one(outcomes, expect_covered):
    """All days together count as one interval; the difference is found, and the split is no mismatch."""

    def found(outcomes, confidence):
        days = sequential.rates_by_day(
            outcomes, control="control", planned_visitors=1000, confidence=confidence
        ).df()
        return [(days["low"].max(), 0.18, days["high"].min())]

    expect_covered(outcomes, found)
    last = sequential.rates_by_day(outcomes, control="control").df().iloc[-1]
    assert last["p"] < 0.001
    assert last["srm_p"] > 0.01


def test_history_narrows_the_interval_and_moves_nothing(relate_once, expect_covered):
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

    def found(outcomes, confidence):
        plain, adjusted = compared(outcomes, confidence)
        assert adjusted["variance_reduction"] > 0.2
        return [(row["lift_low"], 0.2, row["lift_high"]) for row in (plain, adjusted)]

    expect_covered(shown, found)
    plain, adjusted = compared(shown, 0.95)
    error = (plain["high"] - plain["low"]) / 2 / 1.96 * math.sqrt(adjusted["variance_reduction"])
    assert abs(plain["difference"] - adjusted["difference"]) <= 3 * error


def compared(outcomes, confidence):
    """Return the comparison of means without and with history."""
    return [
        compare(outcomes, control="control", confidence=confidence).df().iloc[0]
        for compare in (comparisons.means, comparisons.adjusted_means)
    ]


def test_without_history_nothing_is_adjusted(outcomes):
    """Who comes once has no orders before."""
    plain, adjusted = compared(outcomes, 0.95)

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
        rates = comparisons.rates(shown, segment="run", control="control").df()
        means = comparisons.means(shown, segment="run", control="control").df()
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
