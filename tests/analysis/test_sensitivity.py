"""An answer stands beside what other rules would have made of it."""

import pytest

from clickkit import Device, SettingsError
from clickkit.analysis import sensitivity

PAID = "event = 'click' and button = 'Pay'"


@pytest.fixture
def events(relate, visit):
    """Return four visitors in each variant; of those in b one is a bot, one staff, and one was in a first."""
    made = []
    for variant in "ab":
        for number in range(4):
            who = f"{variant}{number}"
            more = {"device": Device(is_bot=who == "b0")}
            if who == "b1":
                more["properties"] = {"internal": True}
            if who == "b2":
                made.append(visit(who, 0, event="exposure", button=None, variants={"checkout": "a"}))
            made.append(visit(who, 10, event="exposure", button=None, variants={"checkout": variant}, **more))
            if number < 2:
                made.append(visit(who, 20, event="click", button="Pay", **more))
    return relate(made)


def test_each_set_of_rules_has_a_row(events):
    """Bots and staff leave b; the visitor of both is left out, or stays in a."""
    rules = {"all": {"bots": True, "internal": None}, "people": {}}

    counts = sensitivity.counts(events, experiment="checkout", goal=PAID, rules=rules)
    rows = sensitivity.rates(counts, control="a").to_dicts()

    assert [
        (row["rules"], row["several"], row["variant"], row["visitors"], row["control_visitors"])
        for row in rows
    ] == [
        ("all", "exclude", "b", 3, 4),
        ("all", "first", "b", 3, 5),
        ("people", "exclude", "b", 1, 4),
        ("people", "first", "b", 1, 5),
    ]
    assert [row["rate"] for row in rows] == pytest.approx([2 / 3, 2 / 3, 0, 0])
    assert [row["difference"] for row in rows] == pytest.approx([2 / 3 - 0.5, 2 / 3 - 0.4, -0.5, -0.4])
    assert all(row["low"] < row["difference"] < row["high"] for row in rows)


def test_nothing_to_compare(events):
    """Is said, also of a set that leaves nobody."""
    with pytest.raises(SettingsError, match="no rules to compare"):
        sensitivity.counts(events, experiment="checkout", goal=PAID, several=())

    nobody = sensitivity.counts(
        events, experiment="checkout", goal=PAID, rules={"none": {"internal": "true"}}
    )

    assert nobody.project("rules, several, variant, visitors").fetchall() == [
        ("none", "exclude", None, None),
        ("none", "first", None, None),
    ]
    with pytest.raises(SettingsError, match="rules 'none', several 'exclude': nobody is in any variant"):
        sensitivity.rates(nobody, control="a")
