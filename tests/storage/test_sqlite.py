"""What is special about the SQLite store."""

import datetime as dt
import sqlite3
import subprocess
import sys

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
