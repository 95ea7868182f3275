"""How early a prediction is worth something depends on what a session has shown by then."""

import pytest

from clickkit import SettingsError
from clickkit.analysis import foresight

PAID = "button = 'Pay'"


@pytest.fixture
def events(relate, visit):
    """Return 120 sessions of a view and then a click or a view; those who clicked pay in the end."""
    made = []
    for number in range(120):
        keen = number % 3 == 0
        kinds = ["view", "click" if keen else "view", "click" if keen else "view"]
        for place, kind in enumerate(kinds):
            button = None if kind == "view" else ("Pay" if place == 2 else "Size")
            fields = {"event": kind, "button": button, "session_id": str(number), "sequence": place}
            made.append(visit(str(number), 60 * number + place, **fields))
    return relate(made)


def test_a_prediction_is_worth_more_when_it_has_seen_more(events):
    """The first event tells nothing, the second all: 36 later sessions, of whom a third pay."""
    features = foresight.features(events, goal=PAID, seen=[1, 2])
    first, second = foresight.gains(features, using=["clicks", "hour"]).to_dicts()

    assert (first["seen"], second["seen"]) == (1, 2)
    assert (second["trained"], second["tested"], second["base_rate"]) == (84, 36, pytest.approx(1 / 3))
    assert first["is_better"] is False
    assert second["auc"] == 1
    assert second["baseline"] == "rule"


def test_nothing_to_compare(events):
    """Is said, also when no session is long enough."""
    with pytest.raises(SettingsError, match="nothing to compare"):
        foresight.features(events, goal=PAID, seen=[])

    nothing = foresight.features(events, goal=PAID, seen=[9])

    assert nothing.project("place, rules, seen, session_id").fetchall() == [
        (1, "without bots and internal", 9, None)
    ]
    with pytest.raises(SettingsError, match="9 events seen: 0 rows are too few to learn from"):
        foresight.gains(nothing)
    with pytest.raises(SettingsError, match="no rows to compare"):
        foresight.gains(nothing.limit(0))
