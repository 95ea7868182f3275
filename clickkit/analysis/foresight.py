"""Foresight: how early in a session, and by which rules, a prediction is worth something."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from duckdb import DuckDBPyRelation

from clickkit.analysis.judgement import Judgement, judge
from clickkit.analysis.prediction import Prediction, predict
from clickkit.analysis.rules import apply_rules
from clickkit.analysis.session_features import FEATURES, session_features
from clickkit.analysis.tables import table
from clickkit.errors import SettingsError

_RULES: Mapping[str, Mapping[str, Any]] = MappingProxyType({"without bots and internal": {}})


def foresight(
    events: DuckDBPyRelation,
    *,
    goal: str,
    seen: Sequence[int] = (2, 3, 5, 8),
    rules: Mapping[str, Mapping[str, Any]] = _RULES,
    features: Sequence[str] = FEATURES,
    classifier: Any = None,
    train_share: float = 0.7,
    confidence: float = 0.95,
    seed: int = 0,
) -> DuckDBPyRelation:
    """Return what a prediction is worth under each set of rules and number of events, one row each.

    `rules` (the names of the given sets, each with options of `rules.apply_rules`), `seen` (how many events
    of a session the prediction is made of); `trained, tested` (sessions) and `base_rate` (the share of
    those tested that converted); `auc` of the model; `baseline` (the better of base rate and rule), `gain,
    low, high` (by how much the model's Brier score is better, see `judgement.judge`), and `is_better`: the
    whole interval lies above 0. `events` are all that there are: the rules choose among them.

    A later prediction knows more, of fewer sessions: those that ended before it are not in its row, so gains
    of different rows are of different sessions.

    Raises:
        SettingsError: there is nothing to compare, or what `session_features`, `predict` and `judge` raise.
    """
    if not rules or not seen:
        raise SettingsError("nothing to compare: give a set of rules and a number of events, as in seen=[3]")
    rows: list[dict[str, Any]] = []
    for name, options in rules.items():
        counted = apply_rules(events, **options)
        for number in seen:
            sessions = session_features(counted, goal=goal, seen=number)
            prediction = predict(
                sessions, features=features, classifier=classifier, train_share=train_share, seed=seed
            )
            judgement = judge(prediction.forecasts, confidence=confidence, seed=seed)
            rows.append({"rules": name, "seen": number} | _worth(prediction, judgement))
    return table({name: [row[name] for row in rows] for name in rows[0]})


def _worth(prediction: Prediction, judgement: Judgement) -> dict[str, Any]:
    """Return what one prediction is worth beside the better baseline."""
    gain = min(judgement.gains, key=lambda one: one.gain)
    low, high = gain.interval
    return {
        "trained": prediction.trained,
        "tested": prediction.tested,
        "base_rate": prediction.converted[1] / prediction.tested,
        "auc": judgement.scores[0].auc,
        "baseline": gain.baseline.replace("_", " "),
        "gain": gain.gain,
        "low": low,
        "high": high,
        "is_better": low > 0,
    }
