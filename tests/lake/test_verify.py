"""A day held against the ledger, the store and the lake."""

import datetime as dt
import sqlite3
from contextlib import closing

import pyarrow.parquet as pq
import pytest

from clickkit import connect, export, export_nightly, verify
from clickkit.lake.files import open_files, publish

DAY = dt.date(2026, 11, 22)
PART = "clicks/year=2026/month=11/day=22/part-00.parquet"


@pytest.fixture
def exported(store, lake, make_event):
    """Return a store and a lake that hold the same three clicks of one session, the fourth of five lost."""
    store.put([make_event(f"e{n}", session_id="s", sequence=n) for n in (0, 1, 2, 4)])
    export(store, lake, DAY, DAY)
    return store, lake


def test_a_day_that_is_whole_shows_no_difference(exported):
    """The ledger's sum, the rows on both sides, and what the gaps in the sequence tell."""
    found = verify(*exported, DAY)

    assert found.differences == []
    assert (found.ledger.received, found.ledger.stored, found.store_rows, found.lake_rows) == (4, 4, 4, 4)
    assert found.lost_before_the_door == pytest.approx(0.2)


def test_a_click_that_came_after_the_export_is_missing_in_the_lake(exported, make_event):
    """Its id is named, and what to do."""
    exported[0].put([make_event("late")])

    assert verify(*exported, DAY).differences == [
        "the lake lacks 1 events of the store, such as late: export again"
    ]


def test_a_row_that_vanished_from_the_store_is_found(sqlite_store, make_event, tmp_path):
    """The ledger has counted it, and the lake still has it."""
    sqlite_store.put([make_event("a"), make_event("b")])
    export(sqlite_store, tmp_path / "lake", DAY, DAY)
    with closing(sqlite3.connect(sqlite_store.url.removeprefix("sqlite:///"))) as other, other:
        other.execute("delete from events where sk like '%#b'")

    assert verify(sqlite_store, tmp_path / "lake", DAY).differences == [
        "the store has 1 events, the ledger 2: 1 too few",
        "the store lacks 1 events of the lake, such as b",
    ]


def test_a_part_that_somebody_changed_is_found(exported):
    """Its checksum is not the manifest's."""
    store, lake = exported
    files = open_files(lake)
    publish(files, PART, files.read(PART)[:-1])

    (first, *_) = verify(store, lake, DAY).differences

    assert first == f"{PART} is not the file that the manifest describes: export the day again"


def test_a_day_that_was_never_exported_is_said(store, lake, make_event):
    """With the command that exports it."""
    store.put([make_event()])

    (said,) = verify(store, lake, DAY).differences

    assert said.endswith("clickkit export --since 2026-11-22 --until 2026-11-22")


def test_a_day_without_anything_is_whole(store, lake):
    """Nothing came, nothing is missing."""
    store.put([])

    found = verify(store, lake, DAY)

    assert (found.differences, found.lost_before_the_door) == ([], None)


def test_the_nightly_export_takes_along_an_old_day_that_got_a_click(exported, make_event, tmp_path):
    """Once: the next night it is up to date; and each lake has a memory of its own."""
    store, lake = exported
    since, until = DAY + dt.timedelta(days=3), DAY + dt.timedelta(days=5)

    nothing_new = export_nightly(store, lake, until)
    store.put([make_event("late")])
    late = export_nightly(store, lake, until)
    again = export_nightly(store, lake, until)
    elsewhere = export_nightly(connect(store.url), tmp_path / "other", until)

    range_only = [since, since + dt.timedelta(days=1), until]
    assert [one.day for one in nothing_new] == range_only
    assert [one.day for one in late] == [DAY, *range_only]
    assert [one.day for one in again] == range_only
    assert [one.day for one in elsewhere] == [DAY, *range_only]
    assert "late" in pq.read_table(tmp_path / "other" / PART)["id"].to_pylist()
