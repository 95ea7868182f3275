"""Foresight: how early in a session, and by which rules, a prediction is worth something."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from duckdb import DuckDBPyRelation

from clickkit.analysis.judgement import Judgement, judge
from clickkit.analysis.prediction import Prediction, predict
from clickkit.analysis.question import ask, columns, text, together
from clickkit.analysis.rules import apply_rules
from clickkit.analysis.session_features import FEATURES, session_features
from clickkit.analysis.tables import by_set, table
from clickkit.errors import SettingsError

_RULES: Mapping[str, Mapping[str, Any]] = MappingProxyType({"without bots and internal": {}})


def features(
    events: DuckDBPyRelation,
    *,
    goal: str,
    seen: Sequence[int] = (2, 3, 5, 8),
    rules: Mapping[str, Mapping[str, Any]] = _RULES,
) -> DuckDBPyRelation:
    """Return the `session_features` under each set of rules and number of events, one row a session of each.

    In front stand `place` (1, 2, … of a set and number), `rules` (the names of the given sets, each with
    options of `rules.apply_rules`) and `seen` (how many events of a session the prediction is made of);
    without any session a place has one row of nulls. `events` are all that there are: the rules choose among
    them.

    Raises:
        SettingsError: there is nothing to compare, or what `session_features` raises.
    """
    if not rules or not seen:
        raise SettingsError("nothing to compare: give a set of rules and a number of events, as in seen=[3]")
    known = [
        (
            {"rules": text(name), "seen": str(number)},
            session_features(apply_rules(events, **options), goal=goal, seen=number),
        )
        for name, options in rules.items()
        for number in seen
    ]
    sessions = together(known)
    return ask(sessions, f"select {columns(sessions)} from events order by place, predicted_at, session_id")


def gains(
    features: DuckDBPyRelation,
    *,
    using: Sequence[str] = FEATURES,
    classifier: Any = None,
    train_share: float = 0.7,
    confidence: float = 0.95,
    seed: int = 0,
) -> DuckDBPyRelation:
    """Return what a prediction is worth at each place of `features`, one row each.

    `rules, seen`; `trained, tested` (sessions) and `base_rate` (the share of those tested that converted);
    `auc` of the model; `baseline` (the better of base rate and rule), `gain, low, high` (by how much the
    model's Brier score is better, see `judgement.judge`), and `is_better`: the whole interval lies above 0.
    The model uses the columns `using`.

    A later prediction knows more, of fewer sessions: those that ended before it are not in its row, so gains
    of different rows are of different sessions.

    Raises:
        SettingsError: what `predict` and `judge` raise.
    """
    rows: list[dict[str, Any]] = []
    for (name, number), sessions in by_set(features, "rules, seen"):
        try:
            prediction = predict(
                sessions, features=using, classifier=classifier, train_share=train_share, seed=seed
            )
            judgement = judge(prediction.forecasts, confidence=confidence, seed=seed)
        except SettingsError as error:
            raise SettingsError(f"rules {name!r}, {number} events seen: {error}") from error
        rows.append({"rules": name, "seen": number} | _worth(prediction, judgement))
    if not rows:
        raise SettingsError("no rows to compare: foresight.features makes them")
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
