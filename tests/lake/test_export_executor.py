"""An export whose tasks run elsewhere: in other threads, other processes, and on a Dask cluster."""

import contextlib
import datetime as dt
import multiprocessing
import os
import pickle
import signal
import sqlite3
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from distributed import Client

from clickkit import LakeError, StoreError, connect, export, simulate
from clickkit.lake.files import open_files

DAY = dt.date(2026, 11, 22)
BEFORE = dt.date(2026, 11, 21)


@pytest.fixture
def processes():
    """Return an executor of two processes that share nothing with this one."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


@pytest.fixture
def dask(dask_cluster):
    """Return a client of the Dask cluster, with all of its workers there."""
    with Client(dask_cluster, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        yield client


def content(lake):
    """Return every file of a lake, and its bytes."""
    files = open_files(lake)
    parts = files.parts("clicks")
    manifests = {path.rpartition("/")[0] + "/_manifest.json" for path in parts}
    return {path: files.read(path) for path in [*parts, *manifests]}


def content_without_executor(store, tmp_path):
    """Return the same of a lake that was written here."""
    export(store, tmp_path / "here", BEFORE, DAY, parts=4)
    return content(tmp_path / "here")


def test_other_processes_write_the_same_bytes(store, lake, tmp_path, processes):
    """A store travels as its URL and is opened anew; so does the lake."""
    store.put(list(simulate(BEFORE, DAY)))

    exported = export(store, lake, BEFORE, DAY, parts=4, executor=processes)

    assert [one.day for one in exported] == [BEFORE, DAY]
    assert content(lake) == content_without_executor(store, tmp_path)
    assert len(content(lake)) == 2 * (4 + 1)


def test_a_relative_folder_is_that_of_the_caller(sqlite_store, tmp_path, monkeypatch, processes, make_event):
    """A worker stands in another folder."""
    sqlite_store.put([make_event()])
    processes.submit(os.chdir, "/").result()
    monkeypatch.chdir(tmp_path)

    export(sqlite_store, "lake", DAY, DAY, executor=processes)

    assert len(open_files(tmp_path / "lake").parts("clicks")) == 1


def test_a_dask_cluster_writes_the_same_bytes(store, tmp_path, dask):
    """One machine or many: the lake is the same."""
    store.put(list(simulate(BEFORE, DAY)))

    export(store, tmp_path / "lake", BEFORE, DAY, parts=4, executor=dask.get_executor())

    assert content(tmp_path / "lake") == content_without_executor(store, tmp_path)


def test_a_dask_cluster_exports_again_what_it_has_exported(sqlite_store, tmp_path, dask, make_event):
    """Dask remembers the results of equal calls; an export is never one."""
    executor = dask.get_executor()
    counts = []
    for name in ("a", "b"):
        sqlite_store.put([make_event(name)])
        (exported,) = export(sqlite_store, tmp_path / "lake", DAY, DAY, executor=executor)
        counts.append(exported.rows)

    assert counts == [1, 2]


def test_a_dask_worker_that_is_killed_costs_time_only(sqlite_store, tmp_path, dask):
    """Its tasks run again on another: the same bytes as without."""
    sqlite_store.put(list(simulate(BEFORE, DAY)))
    workers = list(dask.run(os.getpid).values())
    steps = []

    def kill_one(done, total):
        if not steps:
            os.kill(workers[0], signal.SIGKILL)
        steps.append((done, total))

    export(
        sqlite_store,
        tmp_path / "lake",
        BEFORE,
        DAY,
        parts=4,
        executor=dask.get_executor(),
        progress=kill_one,
    )

    assert steps[0] == (24, 8 * 24)
    assert content(tmp_path / "lake") == content_without_executor(sqlite_store, tmp_path)


def test_a_process_that_is_killed_is_said_and_the_next_run_completes(sqlite_store, tmp_path, processes):
    """Each day that lost its worker is named; its partition is old or new."""
    sqlite_store.put(list(simulate(BEFORE, DAY)))
    export(sqlite_store, tmp_path / "lake", BEFORE, DAY, parts=4)
    whole = content(tmp_path / "lake")
    worker = processes.submit(os.getpid).result()

    def kill_one(done, total):
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)

    with pytest.raises(LakeError, match="days were not exported.*its workers ended before it was done"):
        export(sqlite_store, tmp_path / "lake", BEFORE, DAY, executor=processes, progress=kill_one)

    assert content(tmp_path / "lake") == whole


def test_a_failing_store_is_the_same_error_from_another_process(tmp_path, processes):
    """A worker's error says what to do, as it does here."""
    with contextlib.closing(sqlite3.connect(tmp_path / "clicks.db")) as database:
        database.execute("create table ledger (day text, name text, number integer)")
    store = connect(f"sqlite:///{tmp_path / 'clicks.db'}")

    with pytest.raises(StoreError, match=r"clicks\.db failed: no such table: events"):
        export(store, tmp_path / "lake", BEFORE, DAY, executor=processes)


def test_progress_moves_with_every_part_in_whatever_order(sqlite_store, tmp_path, make_event):
    """A slow first day does not hide that the others are done."""
    sqlite_store.put([make_event()])
    steps, moved = [], threading.Event()

    class SlowAtFirst(ThreadPoolExecutor):
        first = True

        def submit(self, task, *arguments):
            if not self.first:
                return super().submit(task, *arguments)
            self.first = False
            return super().submit(lambda: moved.wait(30) and task(*arguments))

    def note(*step):
        steps.append(step)
        moved.set()

    with SlowAtFirst(4) as executor:
        export(sqlite_store, tmp_path / "lake", BEFORE, DAY, parts=2, executor=executor, progress=note)

    assert steps == [(24, 96), (48, 96), (72, 96), (96, 96)]


def test_a_store_travels_and_arrives_open(store, make_event):
    """What another process gets has the same URL and the same events."""
    store.put([make_event("a"), make_event("b")])

    arrived = pickle.loads(pickle.dumps(store))

    assert arrived.url == store.url
    assert arrived.put([make_event("a"), make_event("c")]) == 1
    arrived.close()
