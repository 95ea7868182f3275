"""Questions by their names."""

import datetime as dt

import pytest

from clickkit import SettingsError
from clickkit.analysis.catalogue import prepare, questions


def test_every_question_has_a_first_line():
    """Of its documentation, which the command line lists."""
    found = questions()

    assert {"metrics.by_button", "sessions.summary", "web_vitals.web_vitals"} <= set(found)
    assert "question.ask" not in found
    assert all(question.__doc__.partition("\n")[0].endswith((".", ",", ":")) for question in found.values())


def test_options_are_texts_or_json(relate, make_event):
    """A name, a length of time, a mapping: each by the option's type."""
    events = relate(
        [
            make_event(visitor_id="v", sequence=1),
            make_event("b", button="Pay", visitor_id="v", sequence=2),
        ]
    )
    steps = '{"any": "true", "paid": "button = \'Pay\'"}'

    answer = prepare("funnels.funnel", {"steps": steps, "within": "PT1H", "by": "visitor"})(events)

    assert answer.query("answer", "select step, entered from answer").fetchall() == [("any", 1), ("paid", 1)]


def test_a_day_is_read_as_a_day(relate, make_event):
    """And a number as a number."""
    events = relate([make_event()])

    answer = prepare("metrics.by_each_day", {"since": "2026-11-21", "until": "2026-11-22"})(events)

    assert [row[0] for row in answer.fetchall()] == [dt.date(2026, 11, 21), dt.date(2026, 11, 22)]


def test_a_question_may_be_about_another(relate, make_event):
    """By its name; and days that were asked for reach a question that takes them, and no other."""
    events = relate([make_event()])
    also = {"since": "2026-11-22", "until": "2026-11-22"}

    under_rules = prepare("rules.alternatives", {"metric": "metrics.totals", "number": "clicks"}, also=also)
    by_day = prepare("metrics.by_each_day", {"until": "2026-11-23"}, also=also)

    assert [row[1] for row in under_rules(events).fetchall()] == [1, 1, 1, 1]
    assert len(by_day(events).fetchall()) == 2


def test_a_kind_that_texts_are_of_reads_them_itself(relate, make_event):
    """A day as text, here; a list is JSON."""
    events = relate([make_event()])

    assert prepare("alerts.alerts", {"complete_until": "2026-11-22"})(events).fetchall() == []
    assert prepare("metrics.of_sources", {"sources": '["recorded"]'})(events).count("id").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("metrics.by_butto", {}, r"no question 'metrics.by_butto': did you mean metrics.by_button"),
        ("comparisons.rates", {}, r"is not asked of events, it takes outcomes, .*: call it in Python"),
        ("qqqqqqq", {}, r"no question 'qqqqqqq': clickkit ask lists all"),
        ("metrics.by_button", {"top": "5"}, r"metrics.by_button has no option 'top': it takes none"),
        ("funnels.funnel", {"steps": "paid"}, r"option steps cannot be 'paid': .*; write JSON, as in"),
        ("funnels.funnel", {"steps": "{}", "within": "1h"}, r"cannot be '1h': .*; write PT1H for an hour"),
        (
            "funnels.funnel",
            {},
            r"needs the option steps, of steps, within, by: see python -m pydoc clickkit\.analysis\.fun",
        ),
        ("metrics.by_city", {"at_least": "many"}, r"option at_least cannot be 'many': Expected `int`"),
    ],
)
def test_what_cannot_be_asked_is_said(name, options, message):
    """With what there is instead."""
    with pytest.raises(SettingsError, match=message):
        prepare(name, options)
