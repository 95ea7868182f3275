"""Visitors are assigned by their exposure, and only what came after it counts."""

import datetime as dt

import pytest

from clickkit import Device, SettingsError, export, read_lake
from clickkit.analysis import experiments

START = dt.datetime(2026, 11, 10, 9, tzinfo=dt.UTC)
PAID = "event = 'click' and button = 'Pay'"
REVENUE = "(properties->>'revenue')::double"


@pytest.fixture
def make_events(sqlite_store, make_event, tmp_path):
    """Return a function that makes a relation of visitor, hours since the start, kind, variant and more."""

    def make(*rows):
        events = [
            make_event(
                str(number),
                visitor_id=visitor,
                timestamp=START + dt.timedelta(hours=hours),
                event=kind,
                button="Pay" if kind == "click" else None,
                variants={"checkout": variant} if variant else {},
                **more,
            )
            for number, (visitor, hours, kind, variant, more) in enumerate(rows)
        ]
        sqlite_store.put(events)
        export(sqlite_store, tmp_path / "lake", "2026-10-01", "2026-11-30")
        return read_lake(tmp_path / "lake")

    return make


def revenue(amount):
    """Return the fields of an event with revenue."""
    return {"properties": {"revenue": amount}}


def test_visitors_are_assigned_by_their_first_exposure(make_events):
    """Those in several variants are left out, or kept in the first; other experiments are others."""
    events = make_events(
        ("ann", 2, "exposure", "green", {}),
        ("ann", 1, "exposure", "green", {}),
        ("bob", 3, "exposure", "blue", {}),
        ("cat", 4, "exposure", "green", {}),
        ("cat", 5, "exposure", "blue", {}),
        ("dan", 6, "view", "green", {}),
        ("eve", 7, "exposure", None, {}),
        (None, 8, "exposure", "green", {}),
    )

    hour = dt.timedelta(hours=1)
    assert experiments.assignments(events, experiment="checkout").fetchall() == [
        ("ann", "green", START + hour),
        ("bob", "blue", START + 3 * hour),
    ]
    assert experiments.assignments(events, experiment="checkout", several="first").fetchall()[2] == (
        "cat",
        "green",
        START + 4 * hour,
    )
    assert experiments.assignments(
        events, experiment="checkout", exposed="event = 'view' or event = 'x'"
    ).fetchall() == [("dan", "green", START + 6 * hour)]
    assert experiments.assignments(events, experiment="nothing").fetchall() == []


def test_what_is_wrong_is_counted(make_events):
    """Each problem has a row, with the events and visitors concerned and one of them by name."""
    events = make_events(
        ("ann", 1, "exposure", "green", {}),
        ("cat", 4, "exposure", "green", {}),
        ("cat", 5, "exposure", "blue", {}),
        ("cat", 6, "view", "blue", {}),
        ("dan", 1, "exposure", "green", {}),
        ("dan", 2, "view", "blue", {}),
        ("eve", 7, "view", "green", {}),
        (None, 8, "exposure", "green", {}),
        (None, 9, "exposure", "blue", {}),
        (None, 9, "view", "blue", {}),
        ("fay", 9, "exposure", None, {}),
    )

    assert experiments.check_assignments(events, experiment="checkout").fetchall() == [
        ("several variants", 3, 1, "cat"),
        ("another variant later", 2, 1, "dan"),
        ("never exposed", 1, 1, "eve"),
        ("no visitor", 2, 0, None),
    ]
    assert experiments.check_assignments(events, experiment="nothing").fetchall() == [
        ("several variants", 0, 0, None),
        ("another variant later", 0, 0, None),
        ("never exposed", 0, 0, None),
        ("no visitor", 0, 0, None),
    ]


def test_only_what_came_after_the_exposure_counts(make_events):
    """What came before is the covariate, as far as it is not too old."""
    events = make_events(
        ("ann", -24 * 15, "click", None, revenue(1000)),
        ("ann", -24 * 3, "click", None, revenue(100)),
        ("ann", 0, "exposure", "green", {}),
        ("ann", 1, "click", "green", revenue(10)),
        ("ann", 24 * 8, "click", "green", revenue(1)),
        ("bob", 0, "exposure", "blue", {}),
        ("bob", -1, "click", None, revenue(7)),
        ("bob", 1, "view", "blue", revenue(70)),
        ("cat", 5, "click", None, revenue(5)),
    )
    ask = {"experiment": "checkout", "goal": PAID}

    assert experiments.outcomes(events, value=REVENUE, **ask).fetchall() == [
        ("ann", "green", START, True, 11.0, 100.0),
        ("bob", "blue", START, False, 0.0, 7.0),
    ]
    assert experiments.outcomes(events, value=REVENUE, within_days=7, before_days=30, **ask).fetchall()[
        0
    ] == (
        "ann",
        "green",
        START,
        True,
        10.0,
        1100.0,
    )
    assert experiments.outcomes(events, **ask).fetchall()[0] == ("ann", "green", START, True, 2.0, 1.0)


def test_within_a_session_the_sequence_decides(make_events):
    """A clock that was set back does not turn a purchase into an earlier one, nor the other way round."""
    events = make_events(
        ("ann", 0, "exposure", "green", {"session_id": "s", "sequence": 1}),
        ("ann", -1, "click", "green", {"session_id": "s", "sequence": 2}),
        ("bob", 0, "exposure", "blue", {"session_id": "t", "sequence": 2}),
        ("bob", 1, "click", "blue", {"session_id": "t", "sequence": 1}),
        ("cat", 0, "exposure", "blue", {"session_id": "u", "sequence": 9}),
        ("cat", 1, "click", "blue", {"session_id": "v", "sequence": 1}),
    )

    found = experiments.outcomes(events, experiment="checkout", goal=PAID)

    assert found.project("visitor_id, converted").fetchall() == [("ann", True), ("bob", False), ("cat", True)]


def test_segments_are_those_of_the_exposure(make_events):
    """What a visitor used later may depend on the variant."""
    desktop = Device(type="desktop")
    events = make_events(
        ("ann", 0, "exposure", "green", {"device": desktop}),
        ("ann", 1, "exposure", "green", {}),
        ("ann", 2, "click", "green", {}),
        ("bob", 0, "exposure", "blue", {"device": None}),
    )

    found = experiments.outcomes(
        events,
        experiment="checkout",
        goal=PAID,
        segments={"the device": "device.type", "hour": "hour(timestamp)"},
    )

    assert found.columns[-2:] == ["the device", "hour"]
    assert [row[-2:] for row in found.fetchall()] == [("desktop", 9), (None, 9)]


@pytest.mark.parametrize("name", ["$.a", "a b", "it's", "/x", "a.b", "{x}"])
def test_an_experiment_may_have_any_name(make_events, name):
    """It is a name, not a path."""
    events = make_events(("ann", 0, "view", None, {})).project(
        f"""* replace ('{{"{name.replace("'", "''")}": "green"}}' as variants)"""
    )

    assert experiments.assignments(events, experiment=name, exposed="true").fetchall() == [
        ("ann", "green", START)
    ]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"experiment": ""}, "no experiment '': write its name"),
        ({"experiment": 'a"b'}, "no experiment 'a\"b'"),
        ({"several": "last"}, "no rule 'last' for visitors in several variants: write exclude or first"),
        ({"goal": "buton = 'Pay'"}, "events cannot be asked this: .*buton.*check the SQL that was given"),
        ({"goal": "button = ("}, "events cannot be asked this: .*syntax error"),
        ({"within_days": 1.5}, "no number of days 1.5: write a whole number"),
        ({"before_days": -1}, "no number of days -1"),
        ({"segments": {"Value": "1"}}, "no segment may be called 'Value'"),
    ],
)
def test_what_cannot_be_understood_is_said(make_events, argument, message):
    """With the value, and what to do."""
    events = make_events(("ann", 0, "exposure", "green", {}))

    with pytest.raises(SettingsError, match=message):
        experiments.outcomes(events, **{"experiment": "checkout", "goal": PAID} | argument)
