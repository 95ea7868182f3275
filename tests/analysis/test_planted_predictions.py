"""A model finds the signal that was planted, and says so where there is none."""

import datetime as dt

import pytest
from scipy import stats

from clickkit import ShopTruth, simulate_shop
from clickkit.analysis import judgement, prediction, session_features

FIRST, LAST = dt.date(2026, 10, 26), dt.date(2026, 11, 22)
CALM = {"bots": 0, "staff": 0, "outages": (), "broken_day": None, "vitals": 0, "duplicates": 0}
BASKET = "event = 'click' and button = 'Add to basket'"


@pytest.fixture(scope="module")
def sessions(relate_once):
    """Return what was known of sessions after their third event, and who filled a basket later."""
    events = relate_once(simulate_shop(FIRST, LAST, truth=ShopTruth(visitors=250, **CALM), seed=51))
    return session_features.session_features(events, goal=BASKET).materialize()


def test_a_planted_signal_is_found(sessions):
    """Later sessions: forecasts beat base rate and best question, and come true as often as said."""
    found = prediction.predict(sessions, features=session_features.FEATURES)
    judged = judgement.judge(found.forecasts)
    model, _, base_rate = judged.scores

    assert all(gain.interval[0] > 0 for gain in judged.gains)
    assert judged.verdict.startswith("The model beats")
    assert model.auc_interval[0] > 0.5 == base_rate.auc
    slices = judgement.calibration(found.forecasts).df()
    assert slices["is_within"].sum() >= stats.binom.ppf(0.001, len(slices), 0.95)


def test_where_nothing_was_planted_nothing_is_found(sessions):
    """Of 10 outcomes drawn by lot 2 at most: of 2.5 % each, 3 would come in 1 of 600 cases."""
    verdicts = [
        judgement.judge(
            prediction.predict(
                sessions,
                features=session_features.FEATURES,
                outcome=f"hash(session_id || '{lot}') % 6 = 0",
            ).forecasts
        ).verdict
        for lot in range(10)
    ]

    assert sum(verdict.startswith("The model beats") for verdict in verdicts) <= 2
