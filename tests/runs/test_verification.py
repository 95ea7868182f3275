"""A pinned run is the same, or what changed is named."""

import datetime as dt
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import nbformat
import pytest

from clickkit import SettingsError, connect, export
from clickkit.lake.digest import lake_state
from clickkit.lake.files import open_files, publish
from clickkit.runs.verification import verify_run

PROGRAM = str(Path(sys.executable).with_name("clickkit"))
DAY = dt.date(2026, 11, 21)


def clickkit(folder, *arguments):
    """Run `clickkit` in a folder."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CLICKKIT_")}
    return subprocess.run([PROGRAM, *arguments], cwd=folder, env=plain, capture_output=True, text=True)


def check(folder):
    """Verify the run in a folder against the lake in it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CLICKKIT_")}
    return verify_run(folder / "out.ipynb", environment=environment, lake=str(folder / "lake"), folder=folder)


def click_late(folder, make_event, name):
    """Store one more click of a day of the lake, and export that day again."""
    store = connect(f"sqlite:///{folder / 'clicks.db'}")
    store.put([make_event(name, button="Buy", timestamp=dt.datetime(2026, 11, 21, 23, tzinfo=dt.UTC))])
    export(store, folder / "lake", DAY, DAY)
    store.close()


def digest_of(folder):
    """Return the digest of the day."""
    return next(day.digest for day in lake_state(folder / "lake").days if day.day == DAY)


def test_an_untouched_run_is_the_same(pinned):
    """Said in one line, with exit status 0; run and lake are left as they are."""
    before = (pinned / "out.ipynb").read_bytes()

    done = clickkit(pinned, "runs", "verify", "out.ipynb")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("same: out.ipynb, 3 days, 30 rows, digest ")
    assert (pinned / "out.ipynb").read_bytes() == before


def test_after_one_late_click_the_day_and_the_cells_are_named(copied, make_event):
    """With rows before and now; exit status 1."""
    click_late(copied, make_event, "late")

    done = clickkit(copied, "runs", "verify", "out.ipynb", "--lake", "lake")

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [
        "changed: out.ipynb",
        "  day 2026-11-21 changed: 10 → 11 rows",
        '  cell [4] events.filter(f"button = \'{button}\'").count("id… gives another text/html, text/plain:',
        "    -0         30",
        "    +0         31",
        '  cell [5] charts.bars(metrics.by_button(events), x="click… draws another picture (image/png)',
    ]


def test_what_an_erasure_changed_is_explained_by_its_receipt(copied, make_event):
    """The receipt is named; a day that it does not explain has none."""
    before = digest_of(copied)
    shutil.rmtree(copied / "lake" / "clicks")
    store = connect(f"sqlite:///{copied / 'erased.db'}")
    stamps = {day: dt.datetime(2026, 11, day, 12, tzinfo=dt.UTC) for day in (20, 21, 22)}
    kept = {20: 9, 21: 7, 22: 10}
    store.put(
        [
            make_event(f"{day}-{n}", button="Buy", timestamp=stamps[day])
            for day, number in kept.items()
            for n in range(number)
        ]
    )
    export(store, copied / "lake", "2026-11-20", "2026-11-22")
    store.close()
    erased = {
        "rows_before": 10,
        "rows_after": 7,
        "digest_before": before,
        "digest_after": digest_of(copied),
    }
    receipt = {
        "at": "2026-11-27T10:30:00Z",
        "reason": "erasure",
        "days": {str(DAY): erased},
        "store": 3,
        "spool": 0,
        "rejected": 0,
    }
    files = open_files(copied / "lake")
    publish(files, "_receipts/20261127T103000Z-4f2a.json", msgspec.json.encode(receipt))

    found = check(copied)
    first, second, *_ = found.changes

    assert not found.is_explained
    assert first == "day 2026-11-20 changed: 10 → 9 rows"
    assert second == (
        "day 2026-11-21 changed: 10 → 7 rows; explained by the receipt "
        "_receipts/20261127T103000Z-4f2a.json (erasure of 2026-11-27 10:30 UTC): 3 rows erased"
    )


def test_a_changed_lock_and_an_edited_parameter_are_named(copied):
    """The run is repeated with the parameters that were recorded."""
    (copied / "requirements.lock").write_text("duckdb==2.1\n")
    run = nbformat.read(copied / "out.ipynb", as_version=4)
    run.cells[3].source = run.cells[3].source.replace("2026-11-20", "2026-11-21")
    nbformat.write(run, copied / "out.ipynb")

    lock, parameter = check(copied).changes

    assert lock.startswith("lock changed: ")
    assert parameter == "parameter since changed: 2026-11-20 → 2026-11-21"


def test_a_lake_without_its_days_is_said(copied):
    """Each day is gone, and the second run says why it fails."""
    shutil.rmtree(copied / "lake")

    changes = check(copied).changes

    assert changes[:3] == [f"day 2026-11-{day} is gone: 10 → 0 rows" for day in (20, 21, 22)]
    assert changes[3].startswith("run again, it fails: LakeError: no lake at ")


def test_a_run_by_plain_papermill_can_be_verified(asked, tmp_path):
    """Its record stands in the output of the last cell."""
    command = [sys.executable, "-m", "papermill", "ask.ipynb", str(tmp_path / "plain.ipynb")]
    subprocess.run([*command, "-p", "lake", "lake"], cwd=asked, check=True, capture_output=True)

    done = clickkit(asked, "runs", "verify", str(tmp_path / "plain.ipynb"))

    assert done.stdout.startswith("same: "), done.stdout + done.stderr
    assert "clickkit" not in nbformat.read(tmp_path / "plain.ipynb", as_version=4).metadata


def test_a_notebook_that_is_no_pinned_run_is_refused(make_notebook, tmp_path):
    """With what makes it one."""
    nbformat.write(make_notebook("1"), tmp_path / "never.ipynb")

    with pytest.raises(SettingsError, match=r"is no pinned run: end the notebook with clickkit\.pin"):
        verify_run(tmp_path / "never.ipynb", environment={}, folder=tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"nbformat": 3, "cells": []}'])
def test_a_file_that_is_no_notebook_is_refused(tmp_path, content):
    """Whatever stands in it."""
    (tmp_path / "odd.ipynb").write_text(content)

    with pytest.raises(SettingsError, match="name an .ipynb file"):
        verify_run(tmp_path / "odd.ipynb", environment={}, folder=tmp_path)
