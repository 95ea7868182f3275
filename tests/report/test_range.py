"""What a question means, and what is said of one that means nothing."""

import datetime as dt

import duckdb
import pytest

from clickkit import LakeError, SettingsError
from clickkit.report.range import Asked, Range, copy_statement, days_held, range_of, read_range

FIRST, LAST = dt.date(2026, 11, 1), dt.date(2026, 11, 22)
HELD = [FIRST + dt.timedelta(days=offset) for offset in range(22) if offset not in (9, 10)]


@pytest.mark.parametrize(
    ("asked", "since", "until"),
    [
        (Asked(), dt.date(2026, 11, 16), LAST),
        (Asked(days="30"), FIRST, LAST),
        (Asked(days="all"), FIRST, LAST),
        (Asked(days="", since="2026-11-09", until="2026-11-10"), dt.date(2026, 11, 9), dt.date(2026, 11, 10)),
    ],
)
def test_a_question_becomes_a_range(asked, since, until):
    """The last days are those of the lake, and never before its first."""
    assert range_of(asked, HELD) == Range(since, until, "all")


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [
        ("2026-11-22", "2026-11-16", "The range is reversed: 2026-11-22 lies after 2026-11-16. Swap"),
        ("", "2026-11-16", "A day is missing: choose both"),
        ("2026-11-31", "2026-11-16", "'2026-11-31' is not a day: write it as"),
        ("2026-10-31", "2026-11-16", "The lake holds 2026-11-01 to 2026-11-22: choose days among these"),
        ("2026-11-20", "2026-11-23", "The lake holds 2026-11-01 to 2026-11-22: choose days among these"),
    ],
)
def test_a_range_that_cannot_be_is_refused_with_what_to_do(since, until, message):
    """In words for the person who chose it."""
    with pytest.raises(SettingsError, match=message):
        range_of(Asked(days="", since=since, until=until), HELD)


def test_an_empty_range_names_the_export(tmp_path):
    """Days that nobody exported can be exported."""
    asked = Asked(days="", since="2026-11-10", until="2026-11-11")

    with pytest.raises(
        LakeError, match="no events from .*clickkit export --since 2026-11-10 --until 2026-11-11"
    ):
        range_of(asked, HELD)


def test_a_missing_lake_is_said(tmp_path):
    """With the way to make one."""
    with pytest.raises(LakeError, match="no lake at .*nowhere: check the path, or write one first with"):
        days_held(tmp_path / "nowhere")


def test_the_range_before_is_as_long_and_ends_the_day_before():
    """Two weeks lie side by side."""
    before = Range(dt.date(2026, 11, 16), LAST, "recorded").before()

    assert before == Range(dt.date(2026, 11, 9), dt.date(2026, 11, 15), "recorded")
    assert before.days == 7


def test_files_are_named_after_their_range():
    """And after the source when it is not all."""
    assert Range(FIRST, LAST, "all").name == "clicks-2026-11-01-2026-11-22"
    assert Range(FIRST, LAST, "recorded").name == "clicks-2026-11-01-2026-11-22-recorded"


@pytest.mark.parametrize(("counted", "rows"), [("all", 18), ("recorded", 14), ("simulated", 4)])
def test_the_statement_writes_the_same_events(filled, tmp_path, monkeypatch, counted, rows):
    """Pasted into DuckDB, it makes the file that the page refused."""
    monkeypatch.chdir(tmp_path)
    asked = Range(dt.date(2026, 11, 16), LAST, counted)

    with duckdb.connect() as connection:
        connection.execute(copy_statement(filled, asked))
        written = connection.read_parquet(f"{asked.name}.parquet").project("id").order("id").fetchall()

    assert len(written) == rows
    assert written == read_range(filled, asked).project("id").order("id").fetchall()
