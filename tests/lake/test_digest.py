"""A digest tells what days of a lake hold."""

import datetime as dt
import hashlib

import pytest

from clickkit import LakeError, export
from clickkit.lake.digest import day_digest, lake_state
from clickkit.lake.layout import Manifest, Part
from clickkit.lake.status import lake_status


@pytest.fixture
def filled(sqlite_store, make_event):
    """Return a store with 20 events on 2026-11-20 and 20 on 2026-11-22."""
    stamps = [dt.datetime(2026, 11, day, 10, tzinfo=dt.UTC) for day in (20, 22)]
    sqlite_store.put([make_event(f"{n}", timestamp=stamp) for stamp in stamps for n in range(20)])
    return sqlite_store


def test_the_digest_of_a_day_is_that_of_its_parts_in_order():
    """Others compute it from the manifest alone."""
    parts = [Part("part-00.parquet", 1, 10, "aa"), Part("part-01.parquet", 2, 20, "bb")]

    digest = day_digest(Manifest(dt.date(2026, 11, 22), 3, parts, {}))

    assert digest == hashlib.sha256(b"aabb").hexdigest()


def test_of_a_whole_lake_it_is_the_digest_that_the_status_says(filled, lake):
    """One lake, one digest, wherever it is shown."""
    export(filled, lake, "2026-11-20", "2026-11-22")

    state = lake_state(lake)

    assert state.digest == lake_status(lake).digest
    assert [(day.day, day.rows) for day in state.days] == [
        (dt.date(2026, 11, 20), 20),
        (dt.date(2026, 11, 22), 20),
    ]
    assert state.rows == 40


def test_a_late_click_changes_its_own_day_and_no_range_without_it(filled, tmp_path, make_event):
    """Last month's answer stays the same when this month goes on."""
    export(filled, tmp_path / "lake", "2026-11-20", "2026-11-22")
    before, early = lake_state(tmp_path / "lake"), lake_state(tmp_path / "lake", until="2026-11-21")
    filled.put([make_event("late")])
    export(filled, tmp_path / "lake", "2026-11-20", "2026-11-22")

    after = lake_state(tmp_path / "lake", "2026-11-20", "2026-11-22")

    assert (after.days[0], after.days[1].rows) == (before.days[0], 21)
    assert after.digest != before.digest
    assert lake_state(tmp_path / "lake", until="2026-11-21") == early


def test_a_range_without_days_is_said(filled, tmp_path):
    """With the days that there are."""
    export(filled, tmp_path / "lake", "2026-11-20", "2026-11-22")

    with pytest.raises(LakeError, match="holds 2026-11-20 to 2026-11-22"):
        lake_state(tmp_path / "lake", "2026-12-01")
