"""Predictions are learnt from the past alone, and are honest when there is nothing to learn."""

import subprocess
import sys

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from sklearn.ensemble import RandomForestClassifier

from clickkit.analysis.judgement import calibration, judge
from clickkit.analysis.prediction import predict
from clickkit.errors import SettingsError

ROWS = 600
MONTHS = "list_position(['Feb', 'Mar', 'May', 'June', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'], Month)"


def table(**columns):
    """Return a relation of columns."""
    return duckdb.connect().from_arrow(pa.table(columns))


def visits(seed, strength=0.0):
    """Return visits whose chance of converting follows from `clicks` by `strength`."""
    random = np.random.default_rng(seed)
    clicks = random.normal(size=ROWS)
    chance = 1 / (1 + np.exp(1 - strength * clicks))
    return table(
        predicted_at=np.arange(ROWS),
        clicks=clicks,
        noise=random.normal(size=ROWS),
        device=random.choice(["phone", "desk"], ROWS),
        converted=random.random(ROWS) < chance,
    )


FEATURES = ["clicks", "noise", "device"]


def test_a_signal_is_found():
    """And the single best question is the feature that carries it."""
    prediction = predict(visits(1, strength=2), features=FEATURES)

    assert (prediction.trained, prediction.tested, prediction.split) == (420, 180, "420")
    assert prediction.question.startswith("clicks > ")
    judged = judge(prediction.forecasts)
    assert judged.verdict.startswith("The model beats the ")
    assert judged.scores[0].auc > 0.75


def test_noise_is_called_noise():
    """In 40 tables without a signal a win is claimed no more often than 2.5 %, and three standard errors."""
    verdicts = [
        judge(predict(visits(seed), features=FEATURES).forecasts, resamples=200).verdict for seed in range(40)
    ]

    wins = sum("beats" in verdict for verdict in verdicts)
    assert wins <= 40 * (0.025 + 3 * np.sqrt(0.025 * 0.975 / 40))


def test_the_later_rows_teach_nothing():
    """Turning all later outcomes around changes no probability that is given to them."""
    plain = visits(2, strength=1)
    turned = plain.project(
        "* replace (case when predicted_at >= 420 then not converted else converted end as converted)"
    )

    said, said_of_turned = (predict(rows, features=FEATURES).forecasts for rows in (plain, turned))

    assert (
        said.project("model, rule, base_rate").fetchall()
        == said_of_turned.project("model, rule, base_rate").fetchall()
    )
    assert said.project("not outcome").fetchall() == said_of_turned.project("outcome").fetchall()


def test_the_order_of_rows_and_the_run_change_nothing():
    """A table is a set."""
    rows = visits(3, strength=1)
    forest = RandomForestClassifier(20)

    first = predict(rows, features=FEATURES, classifier=forest, seed=4).forecasts.fetchall()
    second = predict(rows.order("noise"), features=FEATURES, classifier=forest, seed=4).forecasts.fetchall()

    assert first == second


def test_rows_of_one_moment_stay_together():
    """With two days only, the first is the past, whatever share was asked for."""
    rows = visits(5, strength=1).project("* replace (cast(predicted_at >= 500 as integer) as predicted_at)")

    prediction = predict(rows, features=FEATURES, train_share=0.9)

    assert (prediction.trained, prediction.tested, prediction.split) == (500, 100, "1")


def test_gaps_new_words_and_features_that_never_change():
    """Missing numbers and words, a word that only the later rows have, booleans, a constant."""
    random = np.random.default_rng(6)
    prediction = predict(
        table(
            predicted_at=np.arange(ROWS),
            number=pa.array([None if place % 5 == 0 else place % 7 for place in range(ROWS)]),
            flag=pa.array([None if place % 11 == 0 else place % 2 == 0 for place in range(ROWS)]),
            word=pa.array(["new" if place > 550 else (None, "a", "b")[place % 3] for place in range(ROWS)]),
            constant=np.ones(ROWS),
            empty=pa.nulls(ROWS, pa.float64()),
            converted=random.random(ROWS) < 0.3,
        ),
        features=["number", "flag", "word", "constant", "empty"],
    )

    assert np.isfinite(prediction.forecasts.fetchnumpy()["model"]).all()


def test_a_word_can_be_the_question():
    """And is named."""
    random = np.random.default_rng(7)
    device = random.choice(["phone", "desk"], ROWS)
    rows = table(
        predicted_at=np.arange(ROWS),
        device=device,
        converted=random.random(ROWS) < np.where(device == "desk", 0.8, 0.1),
    )

    assert predict(rows, features=["device"]).question.startswith("device is ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": []}, "no features"),
        ({"features": "clicks"}, "no features in 'clicks'"),
        ({"features": ["taps"]}, "taps"),
        ({"features": ["moment"]}, "feature moment is datetime"),
        ({"features": ["one"]}, "never change"),
        ({"features": ["clicks"], "train_share": 1.5}, "train_share is 1.5"),
        ({"features": ["clicks"], "outcome": "false"}, "not both outcomes of false"),
        ({"features": ["clicks"], "moment": "null"}, "0 rows are too few to learn from"),
    ],
)
def test_bad_arguments_are_said(options, message):
    """With their value, and what to do."""
    rows = visits(8).project(
        "*, timestamp '2026-01-01' + to_days(cast(predicted_at as int)) as moment, 1 as one"
    )

    with pytest.raises(SettingsError, match=message):
        predict(rows, **options)


def test_no_other_analysis_imports_scikit_learn():
    """It is heavy, and only who predicts pays for it."""
    program = (
        "import sys; from clickkit.analysis import alerts, anomalies, conversion, judgement, "
        "performance, pipeline, session_features, web_vitals; print('sklearn' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


@pytest.fixture(scope="module")
def shoppers(shared):
    """Return the online shoppers; codes of browsers and the like are words."""
    path = shared / "web" / "online_shoppers" / "online_shoppers_intention.csv"
    codes = ("OperatingSystems", "Browser", "Region", "TrafficType")
    words = ", ".join(f"cast({code} as varchar) as {code}" for code in codes)
    return duckdb.connect().read_csv(str(path)).project(f"* replace ({words})")


def features_of(shoppers, *left_out):
    """Return every column but the outcome, the month, by which rows are split, and others."""
    return [name for name in shoppers.columns if name not in ("Revenue", "Month", *left_out)]


def test_online_shoppers_beat_the_base_rate_out_of_sample(shoppers):
    """February to October teach, November and December try: there is no exact time.

    With PageValues, which the analytics tool computes from what was bought, one question to it is as good as
    all features: so says the verdict. Without it the model beats every baseline.
    """
    leaking = predict(shoppers, features=features_of(shoppers), outcome="Revenue", moment=MONTHS)
    honest = predict(shoppers, features=features_of(shoppers, "PageValues"), outcome="Revenue", moment=MONTHS)

    assert (honest.trained, honest.tested, honest.converted, honest.split) == (7605, 4725, (932, 976), "9")
    assert leaking.question.startswith("PageValues > ")
    with_it, without_it = judge(leaking.forecasts), judge(honest.forecasts)
    assert with_it.gains[0].interval[0] > 0.04
    assert without_it.gains[0].interval[0] > 0.01
    assert [round(judged.scores[0].auc, 2) for judged in (with_it, without_it)] == [0.81, 0.71]
    assert with_it.verdict.startswith("Use the rule of one question")
    assert without_it.verdict.startswith("The model beats the rule of one question")


def test_online_shoppers_of_november_are_not_those_of_october(shoppers):
    """One in eight bought until October and one in five after: the curve shows it."""
    honest = predict(shoppers, features=features_of(shoppers, "PageValues"), outcome="Revenue", moment=MONTHS)

    curve = calibration(honest.forecasts).fetchall()

    assert len(curve) == 10
    assert sum(row[-1] for row in curve) <= 2
    assert all(row[4] > row[1] for row in curve if not row[-1])


def test_online_shoppers_are_calibrated_where_the_base_rate_stands_still(shoppers):
    """Within a month, every second row of it learnt: nine or ten of ten bins are within."""
    numbered = shoppers.filter("Month = 'May'").project("*, row_number() over () % 2 as half")
    prediction = predict(
        numbered, features=features_of(shoppers, "PageValues"), outcome="Revenue", moment="half"
    )

    within = [row[-1] for row in calibration(prediction.forecasts).fetchall()]

    assert sum(within) >= 8
