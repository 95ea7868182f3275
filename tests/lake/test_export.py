"""From the store to the lake, exactly."""

import datetime as dt
import hashlib

import msgspec
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from clickkit import LakeError, SettingsError, StoreError, connect, export, export_nightly, simulate
from clickkit.event import SCHEMA
from clickkit.lake.files import open_files, publish
from clickkit.lake.layout import Manifest

PART = "clicks/year=2026/month=11/day=22/part-00.parquet"
MANIFEST = "clicks/year=2026/month=11/day=22/_manifest.json"
DAY = dt.date(2026, 11, 22)


def dataset(files):
    """Open a lake with plain pyarrow."""
    return ds.dataset(
        files.locate("clicks"), filesystem=files.filesystem, format="parquet", partitioning="hive"
    )


def test_each_day_becomes_a_partition_of_sorted_rows(store, lake, make_event):
    """Rows are sorted by timestamp and id, and belong to the UTC day."""
    stamps = {"c": (22, 23), "a": (22, 9), "b": (22, 9), "d": (23, 0)}
    store.put(
        [
            make_event(name, timestamp=dt.datetime(2026, 11, day, hour, tzinfo=dt.UTC))
            for name, (day, hour) in stamps.items()
        ]
    )

    exported = export(store, lake, "2026-11-21", "2026-11-23")

    files = open_files(lake)
    assert [(one.day.day, one.rows, one.files) for one in exported] == [
        (21, 0, []),
        (22, 3, [PART]),
        (23, 1, ["clicks/year=2026/month=11/day=23/part-00.parquet"]),
    ]
    table = pq.read_table(files.locate(PART), filesystem=files.filesystem, partitioning=None)
    assert table["id"].to_pylist() == ["a", "b", "c"]
    assert table.schema.equals(SCHEMA)
    assert dataset(files).to_table(columns=["day"])["day"].to_pylist() == [22, 22, 22, 23]


def test_exporting_again_gives_the_same_bytes(store, lake):
    """An export may run any number of times, from either store."""
    store.put(list(simulate(DAY, DAY)))
    files = open_files(lake)
    export(store, lake, DAY, DAY)
    before = (files.read(PART), files.read(MANIFEST))

    export(store, lake, DAY, DAY)

    assert (files.read(PART), files.read(MANIFEST)) == before


def test_every_store_gives_the_same_bytes(sqlite_store, dynamodb_url, tmp_path):
    """The lake does not depend on the engine behind it, nor on the order of arrival."""
    events = list(simulate(DAY, DAY))
    sqlite_store.put(events)
    dynamodb = connect(dynamodb_url)
    dynamodb.put(events[::-1])

    export(sqlite_store, tmp_path / "a", DAY, DAY)
    export(dynamodb, tmp_path / "b", DAY, DAY)

    assert (tmp_path / "a" / PART).read_bytes() == (tmp_path / "b" / PART).read_bytes()
    dynamodb.close()


def test_a_late_click_changes_its_own_day_only(store, lake, make_event):
    """Late clicks belong to their day."""
    files = open_files(lake)
    store.put([make_event("a"), make_event("z", timestamp=dt.datetime(2026, 11, 23, tzinfo=dt.UTC))])
    export(store, lake, "2026-11-22", "2026-11-23")
    next_day = files.read(PART.replace("day=22", "day=23"))

    store.put([make_event("late")])
    export(store, lake, "2026-11-22", "2026-11-23")

    assert msgspec.json.decode(files.read(MANIFEST), type=Manifest).rows == 2
    assert files.read(PART.replace("day=22", "day=23")) == next_day


def test_the_manifest_says_what_the_partition_is(store, lake):
    """Rows, bytes and checksum of each part are those of the file."""
    store.put(list(simulate(DAY, DAY)))

    (exported,) = export(store, lake, DAY, DAY)

    files = open_files(lake)
    manifest, content = msgspec.json.decode(files.read(MANIFEST), type=Manifest), files.read(PART)
    (part,) = manifest.parts
    assert (manifest.day, manifest.rows, part.rows) == (DAY, exported.rows, exported.rows)
    assert (part.bytes, part.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert manifest.columns["timestamp"] == "timestamp[us, tz=UTC]"


def test_a_store_that_lacks_archived_clicks_never_replaces_a_partition(store, lake, make_event, tmp_path):
    """An expired or mistaken store must not erase what the lake has."""
    store.put([make_event("a"), make_event("b")])
    export(store, lake, DAY, DAY)
    files = open_files(lake)
    before = files.read(PART)
    other = connect(f"sqlite:///{tmp_path / 'other.db'}")

    for events in (
        [make_event("elsewhere", timestamp=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))],
        [make_event("b")],
    ):
        other.put(events)
        with pytest.raises(LakeError, match="it was left as it is"):
            export(other, lake, DAY, DAY)

    assert files.read(PART) == before
    other.close()


def test_a_damaged_part_is_mended(store, lake, make_event):
    """The store still has the day, so exporting it again is the repair."""
    store.put([make_event("a")])
    export(store, lake, DAY, DAY)
    files = open_files(lake)
    good = files.read(PART)
    for damaged in (good[: len(good) // 2], b"", good[:4] + bytes(100) + good[104:]):
        publish(files, PART, damaged)

        export(store, lake, DAY, DAY)

        assert files.read(PART) == good


class LeavingStore:
    """A store that goes away while a day is read."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        """Be the store in all else."""
        return getattr(self._store, name)

    def scan(self, *day_and_shards):
        """Yield the first batch, then fail."""
        yield next(self._store.scan(*day_and_shards))
        raise StoreError("went away")


def test_a_failing_store_leaves_the_partition_untouched(sqlite_store, lake, make_event):
    """Nothing is published before the whole day was read."""
    sqlite_store.put([make_event("a")])
    export(sqlite_store, lake, DAY, DAY)
    files = open_files(lake)
    before = (files.read(PART), files.read(MANIFEST))

    sqlite_store.put([make_event("b")])
    with pytest.raises(StoreError, match="went away"):
        export(LeavingStore(sqlite_store), lake, DAY, DAY)

    assert (files.read(PART), files.read(MANIFEST)) == before


def test_progress_counts_up_to_its_total(sqlite_store, tmp_path, make_event):
    """Long work shows how far it is."""
    sqlite_store.put([make_event()])
    steps = []

    export(
        sqlite_store, tmp_path / "lake", "2026-11-22", "2026-11-23", progress=lambda *step: steps.append(step)
    )

    assert steps == [(10, 48), (24, 48), (48, 48)]  # hours of data


def test_a_wrong_day_is_refused_before_anything_is_read(sqlite_store, tmp_path):
    """Arguments are checked first."""
    with pytest.raises(SettingsError, match="not a day"):
        export(sqlite_store, tmp_path / "lake", "22.11.2026", "2026-11-22")


def test_exports_that_begin_a_lake_together_agree_on_its_parts(sqlite_store, lake):
    """Else one would write the day as a whole, the other in four, and every click would be there twice."""
    sqlite_store.put(list(simulate(DAY, DAY, visitors=20)))

    def meanwhile(day):
        with pytest.raises(LakeError, match="was made with --parts 1, not 4"):
            export(sqlite_store, lake, DAY, DAY, parts=4)
        return True

    (exported,) = export(sqlite_store, lake, DAY, DAY, may_start=meanwhile)

    assert dataset(open_files(lake)).count_rows() == exported.rows > 0


class VisitedStore(LeavingStore):
    """A store of which another export is quicker, with a click that came while the first one read."""

    def __init__(self, store, lake, late):
        super().__init__(store)
        self._visit = (lake, late)

    def scan(self, *day_and_shards):
        """Read; the first time, let the other export pass before the rows are handed out."""
        batches = list(self._store.scan(*day_and_shards))
        if self._visit:
            (lake, late), self._visit = self._visit, None
            self._store.put([late])
            export(self._store, lake, DAY, DAY)
        yield from batches


def test_an_export_that_was_overtaken_takes_the_late_click_along(sqlite_store, lake, make_event):
    """It is no click that the store does not have."""
    sqlite_store.put([make_event("b")])
    export(sqlite_store, lake, DAY, DAY)
    early = make_event("a", timestamp=dt.datetime(2026, 11, 22, 1, tzinfo=dt.UTC))

    (exported,) = export(VisitedStore(sqlite_store, lake, early), lake, DAY, DAY)

    table = pq.read_table(open_files(lake).locate(PART), filesystem=open_files(lake).filesystem)
    assert (exported.rows, table["id"].to_pylist()) == (2, ["a", "b"])


def test_a_damaged_agreement_is_named(sqlite_store, tmp_path, make_event):
    """It says what belongs there."""
    sqlite_store.put([make_event()])
    export(sqlite_store, tmp_path, DAY, DAY)
    (tmp_path / "clicks" / "_lake.json").write_text('{"parts":"x"}')

    with pytest.raises(LakeError, match=r"_lake.json is damaged: .*write \{\"parts\":N\}"):
        export(sqlite_store, tmp_path, DAY, DAY)


def test_the_first_days_of_the_calendar_have_a_night_too(sqlite_store, tmp_path):
    """There is no day before the first."""
    sqlite_store.put([])

    exported = export_nightly(sqlite_store, tmp_path, "0001-01-02")

    assert [one.day.day for one in exported] == [1, 2]
