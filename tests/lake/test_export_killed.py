"""Exporters that are killed or meet one another: what readers see, and what the next run finds."""

import contextlib
import datetime as dt
import os
import random
import select
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq
import pytest

from clickkit import export
from clickkit.lake.files import open_files
from clickkit.lake.verify import verify

DAY = dt.date(2026, 11, 22)
FOLDER = "clicks/year=2026/month=11/day=22"
PART = f"{FOLDER}/part-00.parquet"
KILLS = 30
ROUNDS = 10
SEED = 4
DAY_SECONDS = 86_400


@pytest.fixture
def grow(sqlite_store, make_event):
    """Return a function that puts new clicks of the day, all over it; 4,000 are there already."""
    drawn = random.Random(SEED)
    midnight = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)

    def grow(clicks):
        stamps = [midnight + dt.timedelta(seconds=drawn.uniform(0, DAY_SECONDS - 1)) for _ in range(clicks)]
        sqlite_store.put([make_event(f"{drawn.getrandbits(64):x}", timestamp=stamp) for stamp in stamps])

    grow(4_000)
    return grow


@contextlib.contextmanager
def exporter(store, lake):
    """Run the program that exports in processes which may be killed."""
    command = [sys.executable, str(Path(__file__).with_name("exporter.py")), store.url, lake, str(DAY)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, cwd=Path(__file__).parents[2]
    ) as process:
        yield process
        process.stdin.close()


def start(process):
    """Start an export and return the id of its process."""
    process.stdin.write(b"\n")
    return int(process.stdout.readline())


def kill_after(process, seconds):
    """Start an export, kill it after a time when it still runs, and tell whether it was killed."""
    child = start(process)
    if not select.select([process.stdout], [], [], seconds)[0]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    status = int(process.stdout.readline())
    assert status in (0, signal.SIGKILL)
    return status == signal.SIGKILL


def names(lake):
    """Return the names of all files in the day's folder."""
    files = open_files(lake)
    found = files.filesystem.get_file_info(pyarrow.fs.FileSelector(files.locate(FOLDER)))
    return sorted(one.base_name for one in found)


def read_until(done, lake, complete):
    """Read the partition again and again: every complete export's rows are there, and none twice."""
    files = open_files(lake)
    reads = 0
    while not done.is_set():
        expected = complete[-1]
        ids = pq.read_table(pa.BufferReader(files.read(PART)), columns=["id"])["id"]
        assert len(ids) >= expected, "a hole"
        assert len(ids.unique()) == len(ids), "a double"
        reads += 1
    return reads


@contextlib.contextmanager
def reader(lake, complete):
    """Read the lake in a thread for the length of the block, and check what was read."""
    done = threading.Event()
    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(read_until, done, lake, complete)
        try:
            yield
        finally:
            done.set()
    assert reading.result() > 0


def check(store, lake, rows):
    """Check that the lake is whole and holds nothing else."""
    found = verify(store, lake, DAY)
    assert (found.differences, found.lake_rows) == ([], rows)
    assert names(lake) == ["_manifest.json", "part-00.parquet"]


def test_an_exporter_killed_at_any_moment_costs_time_only(sqlite_store, lake, grow):
    """No reader sees a hole or a double; the next run completes and leaves no orphan."""
    drawn = random.Random(SEED)
    (first,) = export(sqlite_store, lake, DAY, DAY)
    complete = [first.rows]
    killed = 0
    with exporter(sqlite_store, lake) as process, reader(lake, complete):
        kill_after(process, 60)
        grow(200)
        began = time.monotonic()
        kill_after(process, 60)
        whole = time.monotonic() - began
        for _ in range(KILLS):
            grow(200)
            killed += kill_after(process, drawn.uniform(0, whole))

            (exported,) = export(sqlite_store, lake, DAY, DAY)

            complete.append(exported.rows)
            check(sqlite_store, lake, exported.rows)

    assert complete[-1] == 4_000 + 200 * (1 + KILLS)
    assert killed > KILLS // 3


def test_two_exporters_at_once_both_end_well(sqlite_store, lake, grow):
    """A schedule that fires twice does no harm: the lake has what the store has."""
    (first,) = export(sqlite_store, lake, DAY, DAY)
    with exporter(sqlite_store, lake) as one, exporter(sqlite_store, lake) as other:
        for number in range(ROUNDS):
            grow(200)

            start(one), start(other)

            assert [int(process.stdout.readline()) for process in (one, other)] == [0, 0]
            check(sqlite_store, lake, first.rows + 200 * (number + 1))
