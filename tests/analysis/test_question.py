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
