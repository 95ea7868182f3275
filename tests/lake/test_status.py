"""A lake says what it holds, and is copied into fewer parts."""

import datetime as dt

import pyarrow.parquet as pq
import pytest

from clickkit import LakeError, export, read_lake
from clickkit.event import SCHEMA
from clickkit.lake.compact import compact
from clickkit.lake.files import open_files, publish
from clickkit.lake.status import lake_status, newest_partition
from clickkit.lake.verify import verify_lake

PART = "clicks/year=2026/month=11/day=22/part-00.parquet"


@pytest.fixture
def filled(sqlite_store, make_event):
    """Return a store with events on two days, one day apart."""
    stamps = [dt.datetime(2026, 11, day, 10, tzinfo=dt.UTC) for day in (20, 22)]
    sqlite_store.put([make_event(f"{n}", timestamp=stamp) for stamp in stamps for n in range(20)])
    return sqlite_store


def test_the_newest_partition_is_described_as_its_files_are(filled, lake):
    """By its manifest and the schema in its Parquet file; an empty lake has none."""
    before = newest_partition(lake)
    export(filled, lake, "2026-11-20", "2026-11-22")

    newest = newest_partition(lake)

    assert before is None
    assert newest.folder == "clicks/year=2026/month=11/day=22"
    assert (newest.manifest.rows, newest.manifest.parts[0].name) == (20, "part-00.parquet")
    assert newest.schema == SCHEMA


def test_days_rows_gaps_and_the_digest_are_those_of_the_manifests(filled, lake, make_event):
    """The same lake has the same digest; a click more changes it."""
    export(filled, lake, "2026-11-20", "2026-11-22")
    first = lake_status(lake)
    export(filled, lake, "2026-11-20", "2026-11-22")
    again = lake_status(lake)
    filled.put([make_event("late")])
    export(filled, lake, "2026-11-20", "2026-11-22")

    assert (first.first, first.last, first.days) == (dt.date(2026, 11, 20), dt.date(2026, 11, 22), 2)
    assert (first.rows, first.gaps) == (40, [dt.date(2026, 11, 21)])
    assert first.last_export.tzinfo is dt.UTC
    assert (again, lake_status(lake).rows) == (first, 41)
    assert lake_status(lake).digest != first.digest


def test_no_lake_is_said(tmp_path):
    """With the command that writes one."""
    for ask in (lake_status, verify_lake):
        with pytest.raises(LakeError, match="clickkit export"):
            ask(tmp_path)


def test_every_partition_is_held_against_its_manifest(filled, lake):
    """A part that somebody changed is named."""
    export(filled, lake, "2026-11-20", "2026-11-22")
    before = verify_lake(lake)
    files = open_files(lake)
    publish(files, PART, files.read(PART) + b"x")

    assert before == []
    assert verify_lake(lake) == [f"{PART} is not the file that the manifest describes: export the day again"]


def test_a_lake_of_many_parts_is_copied_into_one_part_a_day(filled, lake, tmp_path):
    """The copy has the bytes of an export with one part; nothing is copied over a lake."""
    export(filled, lake, "2026-11-20", "2026-11-22", parts=4)
    export(filled, tmp_path / "one", "2026-11-20", "2026-11-22")

    rows = compact(lake, tmp_path / "copy")

    assert rows == 40
    assert len(open_files(lake).parts("clicks")) == 8
    assert (tmp_path / "copy" / PART).read_bytes() == (tmp_path / "one" / PART).read_bytes()
    assert lake_status(tmp_path / "copy").digest == lake_status(tmp_path / "one").digest
    with pytest.raises(LakeError, match="has partitions already"):
        compact(lake, tmp_path / "one")


def test_a_day_that_lost_its_only_part_is_found(filled, tmp_path):
    """Its manifest is still there."""
    export(filled, tmp_path / "lake", "2026-11-20", "2026-11-22")
    (tmp_path / "lake" / PART).unlink()

    assert verify_lake(tmp_path / "lake") == [
        f"{PART} is in the manifest, but not in the lake: export the day again"
    ]


def rewrite(path, change):
    """Change a part's table."""
    pq.write_table(change(pq.read_table(path, partitioning=None)), path)


def test_a_copy_fills_what_an_older_part_lacks_and_loses_nothing(filled, tmp_path):
    """A column that events do not have stops it; so does a damaged part."""
    lake = tmp_path / "lake"
    export(filled, lake, "2026-11-20", "2026-11-22")
    rewrite(lake / PART, lambda table: table.drop_columns(["timezone"]))
    rows = compact(lake, tmp_path / "copy")

    assert rows == lake_status(lake).rows
    assert read_lake(tmp_path / "copy").filter("timezone is null").count("id").fetchall()[0][0] > 0
    rewrite(lake / PART, lambda table: table.append_column("price", table["x"]))
    with pytest.raises(LakeError, match="has the column price as double, which events do not have"):
        compact(lake, tmp_path / "other")
    (lake / PART).write_bytes(b"damaged")
    with pytest.raises(LakeError, match="is damaged or cannot be read"):
        compact(lake, tmp_path / "third")
