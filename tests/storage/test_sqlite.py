"""What is special about the SQLite store."""

import datetime as dt
import random
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from clickkit import StoreError, connect


def test_a_missing_file_is_an_error_and_is_not_made(tmp_path):
    """A wrong path must not look like an empty store."""
    path = tmp_path / "nowhere.db"
    store = connect(f"sqlite:///{path}")

    with pytest.raises(StoreError, match="no SQLite store at .*nowhere.db"):
        next(store.scan(dt.date(2026, 11, 22), 0))
    assert not path.exists()


def test_a_file_of_another_kind_is_an_error(tmp_path, make_event):
    """The message names the file."""
    path = tmp_path / "notes.txt"
    path.write_text("no database at all, but long enough to look at" * 30)
    store = connect(f"sqlite:///{path}")

    with pytest.raises(StoreError, match=r"notes\.txt"):
        store.put([make_event()])
    with pytest.raises(StoreError, match=r"notes\.txt"):
        store.get(("a", "b"))


def test_a_database_without_our_table_is_an_error(tmp_path):
    """Reading somebody else's database says so."""
    path = tmp_path / "other.db"
    sqlite3.connect(path).close()
    path.touch()

    with pytest.raises(StoreError, match="no such table"):
        connect(f"sqlite:///{path}").get(("a", "b"))


def test_every_commit_is_synced_to_disk(sqlite_store, make_event, tmp_path):
    """A put that returned survives a power cut: write-ahead log, synchronous=FULL."""
    sqlite_store.put([make_event()])

    assert sqlite_store._writer.execute("pragma synchronous").fetchone() == (2,)
    assert sqlite_store._writer.execute("pragma journal_mode").fetchone() == ("wal",)


def test_two_processes_may_write_one_file(sqlite_store, make_event, tmp_path):
    """The collector and a notebook share a store."""
    program = (
        "import sys, datetime as dt, clickkit\n"
        "s = clickkit.connect(sys.argv[1])\n"
        "t = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)\n"
        "for n in range(200):\n"
        "    s.put([clickkit.Event(id=f'{sys.argv[2]}{n}', button='b', timestamp=t, page_url='u')])\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", program, sqlite_store.url, name]) for name in ("x", "y")
    ]

    assert [writer.wait(60) for writer in writers] == [0, 0]
    with sqlite3.connect(tmp_path / "clicks.db") as connection:
        assert connection.execute("select count(*) from events").fetchone() == (400,)
    connection.close()


def test_a_repeat_that_cannot_be_counted_fails_no_batch(sqlite_store, make_event, caplog):
    """The events are durable by then: to say otherwise would have them sent again."""
    sqlite_store.put([make_event("a")])
    with closing(sqlite3.connect(sqlite_store.url.removeprefix("sqlite:///"))) as other:
        other.execute(
            "create trigger refuse before insert on ledger when new.name = 'repeated' "
            "begin select raise(abort, 'no room'); end"
        )

    assert sqlite_store.put([make_event("a"), make_event("b")]) == 1

    assert "1 repeated events of 2026-11-22 are not in the ledger" in caplog.text
    assert sqlite_store.ledger()[0].stored == 2


def test_a_file_from_before_the_ledger_has_an_empty_one(sqlite_store, make_event):
    """It can be read, exported and verified without being written to first."""
    sqlite_store.put([make_event("a")])
    with closing(sqlite3.connect(sqlite_store.url.removeprefix("sqlite:///"))) as other:
        other.executescript("drop trigger stored; drop table ledger")

    assert sqlite_store.ledger() == []


def test_the_ledger_of_another_database_is_an_error(tmp_path):
    """It is not taken for a store in which nothing was counted."""
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("create table ours (id)")

    with pytest.raises(StoreError, match="no such table: ledger"):
        connect(f"sqlite:///{tmp_path / 'other.db'}").ledger()


def put_all_over(store, make_event, name):
    """Put events in no order, so that pages are split; of every fifth the visitor has the name."""
    drawn = random.Random(5)
    midnight = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    events = [
        make_event(
            f"e{n}",
            timestamp=midnight + dt.timedelta(microseconds=drawn.randrange(86_400_000_000)),
            visitor_id=f"other-{n}" if n % 5 else name,
            referrer="x" * drawn.randrange(400),
        )
        for n in range(2_000)
    ]
    for start in range(0, len(events), 50):
        store.put(events[start : start + 50])
    return [event.key for event in events if event.visitor_id == name]


def found_in_files(folder, text):
    """Return the names of the files that hold a text."""
    return [path.name for path in folder.iterdir() if text.encode() in path.read_bytes()]


def test_nothing_of_what_was_removed_stays_in_the_files(sqlite_store, make_event, tmp_path):
    """Neither in gaps of pages, nor in the log beside the file."""
    keys = put_all_over(sqlite_store, make_event, "gone-visitor")
    assert found_in_files(tmp_path, "gone-visitor")

    assert sqlite_store.remove(keys) == 400

    assert found_in_files(tmp_path, "gone-visitor") == []
    assert found_in_files(tmp_path, "other-1999") == ["clicks.db"]
    assert sum(batch.num_rows for batch in sqlite_store.scan(dt.date(2026, 11, 22))) == 1_600


def test_a_removal_that_was_cut_off_is_finished_by_the_next(sqlite_store, make_event, tmp_path):
    """A reader, or a full disk, stands in the way of writing the file anew; the rows are gone already."""
    keys = put_all_over(sqlite_store, make_event, "gone-visitor")
    sqlite_store._writer.execute("pragma busy_timeout = 50")
    with closing(sqlite3.connect(tmp_path / "clicks.db")) as reader:
        reader.execute("begin")
        reader.execute("select count(*) from events").fetchone()
        with pytest.raises(StoreError, match="run it again when the reader has ended"):
            sqlite_store.remove(keys)

    again = connect(sqlite_store.url)

    assert again.remove(keys) == 0
    assert found_in_files(tmp_path, "gone-visitor") == []
    again.close()


def test_a_file_is_written_anew_only_when_something_was_removed(sqlite_store, make_event, tmp_path):
    """To look for a visitor who is not there costs no rewriting."""
    sqlite_store.put([make_event("a")])
    before = (tmp_path / "clicks.db-wal").stat().st_mtime_ns

    assert sqlite_store.remove([]) == 0

    assert (tmp_path / "clicks.db-wal").stat().st_mtime_ns == before
