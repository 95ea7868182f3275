"""Questions that cannot be understood say so, and literals stay literals."""

import datetime as dt

import pytest

from clickkit import SettingsError
from clickkit.analysis import question


@pytest.mark.parametrize(
    "sql", ["select buton from events", "select from where", "select nothing_of(id) from events"]
)
def test_sql_that_cannot_be_understood_is_refused_at_once(relate, make_event, sql):
    """The error is ours, and comes before the first row is read."""
    with pytest.raises(SettingsError, match="^events cannot be asked this: .*; check the SQL"):
        question.ask(relate([make_event()]), sql)


def test_days_of_another_clock_are_refused(relate, make_event, connection):
    """A connection of the analyst's own would cut days at other hours; without moments it may."""
    connection.execute("set TimeZone = 'America/New_York'")

    with pytest.raises(SettingsError, match=r"time zone is America/New_York, .*set TimeZone = 'UTC'"):
        question.ask(relate([make_event()]), "select 1")
    assert question.ask(connection.sql("select 1 as one"), "select one from events").fetchall() == [(1,)]


def test_literals_keep_quotes_and_lengths(relate, make_event):
    """A name of a step may hold quotes; a time keeps its microseconds."""
    length = question.interval("gap", dt.timedelta(days=1, microseconds=5))
    answer = question.ask(
        relate([make_event()]),
        f"""
        select {question.text("'x")} as {question.column('a"')}, timestamp + {length} - timestamp
        from events
        """,
    )

    assert answer.columns[0] == 'a"'
    assert answer.fetchall() == [("'x", dt.timedelta(days=1, microseconds=5))]


def test_a_time_of_nothing_is_refused():
    """The message has the argument's name."""
    with pytest.raises(SettingsError, match="gap is 0:00:00"):
        question.interval("gap", dt.timedelta(0))


def test_an_expression_stands_in_brackets():
    """So that what is beside it cannot take it apart."""
    assert question.expression("a or b") == "(a or b)"
    assert question.expression(None) == "('all')"


@pytest.mark.parametrize("value", [0, 1, 95, float("nan")])
def test_a_share_lies_between_0_and_1(value):
    """The ends are no share of anything."""
    with pytest.raises(SettingsError, match=f"confidence is {value}"):
        question.check_share("confidence", value)
