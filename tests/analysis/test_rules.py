"""Which events count is said at reading time."""

import datetime as dt

import duckdb
import msgspec
import pytest

from clickkit import Device, SettingsError
from clickkit.analysis import metrics, rules


@pytest.fixture
def events(relate, visit):
    """Return nine clicks: one of a bot, one of staff, repeats of x, and clicks without a visitor."""
    return relate(
        [
            visit("x", 0.0),
            visit("x", 0.8),
            visit("x", 1.6),
            visit("x", 2.7),
            visit("x", 2.8, button="Ask"),
            visit("bot", 0, device=Device(type="bot", is_bot=True)),
            visit("staff", 0, properties={"internal": True}, device=Device(is_bot=False)),
            visit(None, 0, device=None),
            visit(None, 0.1, device=None),
        ]
    )


def ids(events):
    """Return the ids, in order."""
    return [int(row[0]) for row in events.project("id").order("id").fetchall()]


def test_bots_and_internal_traffic_are_left_out_unless_wanted(events):
    """A device that nobody recognised is no bot."""
    assert ids(rules.apply_rules(events)) == [0, 1, 2, 3, 4, 7, 8]
    assert ids(rules.apply_rules(events, bots=True)) == [0, 1, 2, 3, 4, 5, 7, 8]
    assert ids(rules.apply_rules(events, internal=None)) == [0, 1, 2, 3, 4, 6, 7, 8]
    assert ids(rules.apply_rules(events, bots=True, internal=None)) == list(range(9))
    assert ids(rules.apply_rules(events, internal="visitor_id = 'x'")) == [6, 7, 8]


def test_of_a_burst_the_first_click_stays(events):
    """A repeat is measured from the click before, a repeat or not; another button is no repeat."""
    second = dt.timedelta(seconds=1)

    assert ids(rules.apply_rules(events, repeats_within=second)) == [0, 3, 4, 7, 8]
    assert ids(rules.apply_rules(events, repeats_within=dt.timedelta(seconds=1.1))) == [0, 4, 7, 8]
    assert ids(rules.apply_rules(events, repeats_within=dt.timedelta(seconds=0.5))) == [0, 1, 2, 3, 4, 7, 8]


def test_of_a_click_that_came_twice_one_stays(relate, visit):
    """The copy that was received first; rows without any difference are no burst, and both stay."""
    click = visit("x", 0, received_at=dt.datetime(2026, 11, 23, 0, 0, 1, tzinfo=dt.UTC))
    copy = msgspec.structs.replace(click, received_at=dt.datetime(2026, 11, 23, 0, 0, 9, tzinfo=dt.UTC))
    second = dt.timedelta(seconds=1)

    left = rules.apply_rules(relate([copy, click]), repeats_within=second)

    assert left.project("epoch(received_at - timestamp)").fetchall() == [(1.0,)]
    assert len(rules.apply_rules(relate([click, click]), repeats_within=second)) == 2


def test_columns_stay(events):
    """Every metric can be asked of what is left."""
    left = rules.apply_rules(events, repeats_within=dt.timedelta(seconds=1))

    assert left.columns == events.columns
    assert left.types == events.types


def test_alternatives_show_one_number_under_each_set_of_rules(events):
    """In their order, with the change against the first."""
    assert rules.alternatives(events, metrics.totals, "clicks").fetchall() == [
        ("all events", 9.0, 0.0),
        ("without bots", 8.0, pytest.approx(-1 / 9)),
        ("without bots and internal", 7.0, pytest.approx(-2 / 9)),
        ("also without repeats in 1 s", 5.0, pytest.approx(-4 / 9)),
    ]


def test_alternatives_can_be_chosen(events):
    """Any name, any options."""
    chosen = {"it's all": {"bots": True, "internal": None}, "mine": {"internal": "button = 'Ask'"}}

    answer = rules.alternatives(events, metrics.totals, "visitors", rules=chosen)

    assert answer.fetchall() == [("it's all", 3.0, 0.0), ("mine", 2.0, pytest.approx(-1 / 3))]


def test_alternatives_refuse_what_is_no_single_number(events):
    """No rules, no such column, more than one row."""
    with pytest.raises(SettingsError, match="no rules"):
        rules.alternatives(events, metrics.totals, "clicks", rules={})
    with pytest.raises(SettingsError, match="conversions"):
        rules.alternatives(events, metrics.totals, "conversions")
    with pytest.raises(duckdb.Error, match="More than one row"):
        rules.alternatives(events, metrics.by_button, "clicks").fetchall()


def test_a_time_of_nothing_and_a_broken_condition_are_refused(events):
    """Both name what was given."""
    with pytest.raises(SettingsError, match="repeats_within is 0:00:00"):
        rules.apply_rules(events, repeats_within=dt.timedelta(0))
    with pytest.raises(SettingsError, match="staff"):
        rules.apply_rules(events, internal="staff = 1")
