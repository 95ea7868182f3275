"""A day held against the ledger, the store and the lake."""

import datetime as dt
import sqlite3
from contextlib import closing

import pyarrow.parquet as pq
import pytest

from clickkit import LakeError, connect, export, export_nightly, verify
from clickkit.lake.files import open_files, publish
from clickkit.storage.sqlite import SqliteStore

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
    """Once, and before days that did not change; and each lake has a memory of its own."""
    store, lake = exported
    recent = [DAY + dt.timedelta(days=days) for days in (3, 4, 5)]

    nothing_new = export_nightly(store, lake, recent[-1])
    store.put([make_event("late")])
    late = export_nightly(store, lake, recent[-1])
    again = export_nightly(store, lake, recent[-1])
    elsewhere = export_nightly(connect(store.url), tmp_path / "other", recent[-1])

    assert [one.day for one in nothing_new] == recent
    assert [one.day for one in late] == [DAY, *recent]
    assert [one.day for one in again] == recent
    assert [one.day for one in elsewhere] == [DAY, *recent]
    assert "late" in pq.read_table(tmp_path / "other" / PART)["id"].to_pylist()


def test_days_that_the_store_has_expired_do_not_keep_the_night_from_today(sqlite_store, tmp_path, make_event):
    """Every other day is exported, and the error names each one that was not."""
    days = [DAY - dt.timedelta(days=back) for back in (9, 8, 7)]
    stamps = [dt.datetime.combine(day, dt.time(12), dt.UTC) for day in days]
    sqlite_store.put([make_event("a", timestamp=stamp) for stamp in stamps])
    export(sqlite_store, tmp_path / "lake", days[0], days[-1])
    with closing(sqlite3.connect(sqlite_store.url.removeprefix("sqlite:///"))) as other, other:
        other.execute("delete from events where pk < ?", (str(days[2]),))
    sqlite_store.put([make_event("late", timestamp=stamp) for stamp in stamps])
    sqlite_store.put([make_event("today")])

    with pytest.raises(LakeError, match="2 of 6 days were not exported") as caught:
        export_nightly(sqlite_store, tmp_path / "lake", DAY)

    assert f"{days[0]}: " in str(caught.value)
    assert f"{days[1]}: " in str(caught.value)
    assert verify(sqlite_store, tmp_path / "lake", DAY).differences == []
    assert verify(sqlite_store, tmp_path / "lake", days[2]).differences == []


def test_an_id_at_another_time_is_another_event(sqlite_store, tmp_path, make_event):
    """A store keeps both, so the lake lacks one, and is not overwritten by the other."""
    sqlite_store.put([make_event("a")])
    export(sqlite_store, tmp_path / "lake", DAY, DAY)
    other = connect(f"sqlite:///{tmp_path / 'other.db'}")
    other.put([make_event("a", timestamp=dt.datetime(2026, 11, 22, 11, tzinfo=dt.UTC))])

    said = verify(other, tmp_path / "lake", DAY).differences

    assert said == [
        "the lake lacks 1 events of the store, such as a: export again",
        "the store lacks 1 events of the lake, such as a",
    ]
    with pytest.raises(LakeError, match="has 1 clicks that"):
        export(other, tmp_path / "lake", DAY, DAY)
    other.close()


class VisitedStore(SqliteStore):
    """A store that gets events before and after a day is read."""

    visits = ()

    def scan(self, day):
        """Put the first visit, read, put the others."""
        self.put(self.visits[:1])
        yield from super().scan(day)
        self.put(self.visits[1:])


def test_events_that_come_while_the_store_is_read_are_no_difference(tmp_path, make_event):
    """Under load the ledger of today is never what was read a moment before or after."""
    store = VisitedStore(tmp_path / "clicks.db")
    store.put([make_event("a")])
    store.visits = [make_event(f"e{n}") for n in range(8)]

    found = verify(store, tmp_path / "lake", DAY)

    assert [said for said in found.differences if "ledger" in said] == []
    assert found.ledger.stored == 9
    store.close()


def test_one_absurd_number_does_not_make_everything_lost(store, lake, make_event):
    """A sender may say any number: a gap of more than a thousand is taken for a wrong one."""
    numbers = [("s", 0), ("s", 1), ("s", 3), ("s", 2**53), ("t", 5), ("t", 1006), ("t", 2008)]
    store.put(
        [make_event(f"e{n}", session_id=name, sequence=number) for n, (name, number) in enumerate(numbers)]
    )

    found = verify(store, lake, DAY)

    assert found.lost_before_the_door == pytest.approx(1001 / 1008)
