"""A judgement has the right numbers, covers the truth, and says when there is nothing."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import norm

from clickkit.analysis.judgement import calibration, gains, judge, roc_auc, scores
from clickkit.errors import SettingsError

RUNS = 500
CONNECTION = duckdb.connect()


def forecasts(outcome, model, rule=0.5, base_rate=0.5):
    """Return a relation as predict makes it; a single number is said of every row."""
    said = {"model": model, "rule": rule, "base_rate": base_rate}
    columns = {
        name: np.broadcast_to(np.asarray(chance, float), len(outcome)) for name, chance in said.items()
    }
    return CONNECTION.from_arrow(pa.table({"outcome": np.asarray(outcome, bool), **columns}))


def test_scores_by_hand():
    """Four rows: squares .01, .09, .36, .04; of four pairs the model puts three in order."""
    model, rule, base_rate = judge(forecasts([1, 1, 0, 0], [0.9, 0.5, 0.6, 0.2], rule=[1, 1, 1, 0])).scores

    assert model.brier == pytest.approx((0.01 + 0.25 + 0.36 + 0.04) / 4)
    assert model.log_loss == pytest.approx(-np.log([0.9, 0.5, 0.4, 0.8]).mean())
    assert model.auc == 0.75
    assert (rule.brier, rule.auc) == (0.25, 0.75)
    assert rule.log_loss == pytest.approx(-np.log(1e-6) / 4, rel=1e-5)
    assert (base_rate.brier, base_rate.auc, base_rate.auc_interval) == (0.25, 0.5, (0.5, 0.5))


def test_delong_by_hand():
    """Placements of the true are 1, .5 and of the false .5, 1: variance .125 / 2 twice, half .69296."""
    auc, interval = roc_auc(np.array([True, True, False, False]), np.array([0.9, 0.5, 0.6, 0.2]))

    assert auc == 0.75
    assert interval == pytest.approx((0.75 - 1.959964 * 0.125**0.5, 1.0), abs=1e-6)


def test_delong_covers_the_true_area():
    """In 500 runs as often as it says, give or take three binomial standard errors."""
    random, outcome = np.random.default_rng(3), np.arange(200) < 80
    truth = norm.cdf(1 / 2**0.5)
    intervals = [roc_auc(outcome, random.normal(size=200) + outcome)[1] for _ in range(RUNS)]

    covered = np.mean([low <= truth <= high for low, high in intervals])
    assert abs(covered - 0.95) < 3 * np.sqrt(0.95 * 0.05 / RUNS)


def test_the_bootstrap_covers_the_true_gain():
    """And of forecasts that are equally bad none is called better more often than said (500 runs)."""
    random = np.random.default_rng(4)
    intervals, verdicts = [], []
    for _ in range(RUNS):
        outcome = random.random(300) < 0.3
        sides = np.where(random.random(300) < 0.5, 0.2, 0.4)  # around the truth, and no signal in it
        judged = judge(forecasts(outcome, sides, rule=0.6 - sides, base_rate=0.6 - sides), resamples=200)
        intervals.append(judged.gains[0].interval)
        verdicts.append(judged.verdict)

    margin = 3 * np.sqrt(0.95 * 0.05 / RUNS)
    assert abs(np.mean([low <= 0 <= high for low, high in intervals]) - 0.95) < margin
    assert np.mean(["beats" in verdict for verdict in verdicts]) <= 0.025 + margin


def test_verdicts_say_who_wins():
    """The model, a baseline, nobody, or that there is too little to say."""
    random = np.random.default_rng(5)
    truth = random.uniform(0.05, 0.95, 2000)
    outcome = random.random(2000) < truth

    assert judge(forecasts(outcome, truth)).verdict.startswith("The model beats the base rate")
    assert judge(forecasts(outcome, 1 - truth)).verdict.startswith("Use the base rate")
    assert judge(forecasts(outcome, truth, rule=truth)).verdict.startswith(
        "The model is no better than the rule"
    )
    few = judge(forecasts([True] * 9 + [False] * 500, [0.9] * 9 + [0.0] * 500))
    assert few.verdict == "Too few to judge: 9 of the rarer outcome, and 10 are needed."


def test_the_same_seed_gives_the_same_interval():
    """Another one another."""
    table = forecasts([1, 0, 1, 0, 0], [0.6, 0.3, 0.4, 0.1, 0.9])

    assert judge(table, seed=1) == judge(table, seed=1)
    assert judge(table, seed=1).gains[0].interval != judge(table, seed=2).gains[0].interval


def test_calibration_by_hand():
    """Equal probabilities stay in one bin, whose mean is held against Wilson's interval."""
    table = forecasts([0, 0, 0, 1, 1, 1, 1, 0], [0.1, 0.1, 0.1, 0.1, 0.2, 0.9, 0.9, 0.05])

    rows = calibration(table, bins=2).fetchall()

    assert [row[:1] + row[2:5] for row in rows] == [(1, 5, 1, 0.2), (2, 3, 3, 1.0)]
    assert [row[1] for row in rows] == pytest.approx([0.09, 2 / 3])
    assert rows[0][5:7] == pytest.approx([0.036224, 0.624465], abs=1e-6)
    assert [row[-1] for row in rows] == [True, True]


def test_calibrated_forecasts_are_within():
    """In about 95 % of 500 bins, and those that say too much in hardly any."""
    random = np.random.default_rng(6)
    truth = random.uniform(0.2, 0.8, 100_000)
    outcome = random.random(100_000) < truth

    within = calibration(forecasts(outcome, truth, rule=truth + 0.2), bins=500).df()["is_within"]
    assert abs(within.mean() - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 500)
    too_much = calibration(forecasts(outcome, truth, rule=truth + 0.2), forecast="rule", bins=500)
    assert too_much.df()["is_within"].mean() < 0.1


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda table: judge(table, confidence=2), "confidence is 2"),
        (lambda table: judge(table, resamples=1), "resamples is 1"),
        (lambda table: judge(table.filter("outcome")), "all 1 outcomes are the same"),
        (lambda table: calibration(table, bins=1), "no 1 bins"),
        (lambda table: calibration(table, forecast="oracle"), "oracle"),
    ],
)
def test_bad_arguments_are_said(ask, message):
    """With their value."""
    with pytest.raises(SettingsError, match=message):
        ask(forecasts([1, 0], [0.5, 0.5]))


def test_a_judgement_as_rows():
    """Three measures of three forecasts, and two gains, with their intervals."""
    judged = judge(forecasts([1, 1, 0, 0], [0.9, 0.5, 0.6, 0.2], rule=[1, 1, 1, 0]))

    rows = scores(judged).fetchall()
    assert [row[:2] for row in rows] == [
        (measure, forecast)
        for measure in ("Brier score", "log loss", "AUC")
        for forecast in ("model", "rule", "base rate")
    ]
    assert rows[0][2:] == (judged.scores[0].brier, *judged.scores[0].brier_interval)
    assert rows[7][2:] == (judged.scores[1].auc, *judged.scores[1].auc_interval)
    assert gains(judged).fetchall() == [
        ("base rate", judged.gains[0].gain, *judged.gains[0].interval),
        ("rule", judged.gains[1].gain, *judged.gains[1].interval),
    ]
