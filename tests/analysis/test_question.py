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


def test_literals_keep_quotes(relate, make_event):
    """A name of a step may hold quotes."""
    sql = f"""select {question.text("'x")} as {question.column('a"')} from events"""
    answer = question.ask(relate([make_event()]), sql)

    assert answer.columns[0] == 'a"'
    assert answer.fetchall() == [("'x",)]


def test_a_length_of_time_keeps_its_microseconds():
    """Nothing passes through a float."""
    length = dt.timedelta(days=100_000, microseconds=5)
    assert question.microseconds("gap", length) == 100_000 * 86_400_000_000 + 5


def test_a_time_of_nothing_is_refused():
    """The message has the argument's name."""
    with pytest.raises(SettingsError, match="gap is 0:00:00"):
        question.microseconds("gap", dt.timedelta(0))


@pytest.mark.parametrize(
    "moment", ["1969-12-31 23:59:59.999999", "2024-02-29 00:00:00", "2026-11-26 23:59:59.5"]
)
def test_days_hours_and_lengths_are_those_of_the_calendar(connection, moment):
    """The fast way through whole microseconds says what DuckDB's own casts and differences say."""
    connection.execute("set TimeZone = 'UTC'")
    ours = f"{question.day('moment')}, hour({question.utc('moment')}), {question.seconds('start', 'moment')}"
    theirs = "cast(moment as date), hour(moment), extract(epoch from moment - start)"
    moments = (
        f"(select timestamptz '{moment}+00' as moment, timestamptz '2026-11-01 02:00:00.000001+02' as start)"
    )

    found, expected = (connection.sql(f"select {each} from {moments}").fetchall() for each in (ours, theirs))

    assert found == expected


def test_an_expression_stands_in_brackets():
    """So that what is beside it cannot take it apart."""
    assert question.expression("a or b") == "(a or b)"
    assert question.expression(None) == "('all')"


@pytest.mark.parametrize("value", [0, 1, 95, float("nan")])
def test_a_share_lies_between_0_and_1(value):
    """The ends are no share of anything."""
    with pytest.raises(SettingsError, match=f"confidence is {value}"):
        question.check_share("confidence", value)
