"""After `forget` everything is as if the visitor had never been, and nothing names them."""

import datetime as dt
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clickkit import (
    Event,
    LakeError,
    SettingsError,
    StoreError,
    connect,
    erasure,
    export,
    export_nightly,
    forget,
    read_lake,
    verify,
)
from clickkit.erasure import find
from clickkit.event import encode_event
from clickkit.lake.compact import compact
from clickkit.lake.digest import day_digest
from clickkit.lake.erase import erase_rows
from clickkit.lake.files import open_files, publish
from clickkit.lake.layout import MANIFEST, ROOT, decode_manifest, partition
from clickkit.lake.receipts import RECEIPTS, ErasedDay, read_receipts
from clickkit.lake.status import lake_status
from clickkit.lake.verify import verify_lake
from clickkit.storage.rejected import RejectedEvents, rejected_event
from clickkit.storage.spool import Spool

VISITOR = "visitor-to-forget"
DAYS = [dt.date(2026, 11, day) for day in (19, 20, 21, 22)]


def click(number, day, visitor, hour=12):
    """Make a click of a visitor; none says no visitor."""
    stamp = dt.datetime.combine(day, dt.time(hour, number % 60, number // 60), dt.UTC)
    return Event(
        id=f"e{number}", button="Buy", timestamp=stamp, page_url="https://example.com/", visitor_id=visitor
    )


# The first day is others' alone, the second and third are shared, the fourth is the visitor's alone.
OTHERS = [click(n, DAYS[n % 3], None if n % 7 == 0 else f"other-{n % 5}") for n in range(90)]
THEIRS = [click(100 + n, day, VISITOR) for n, day in enumerate([DAYS[1]] * 3 + [DAYS[2]] * 2 + [DAYS[3]] * 4)]


def collect(store, lake, folder, events, parts=1):
    """Put and export events, and leave the same of them in spool and rejected events."""
    store.put(events)
    export(store, lake, DAYS[0], DAYS[-1], parts=parts)
    (folder / "spool").mkdir(parents=True)
    Spool(folder / "spool").put([click(200, DAYS[0], "other-1"), click(201, DAYS[0], VISITOR)])
    raws = [encode_event(event)[:-2] for event in (OTHERS[1], THEIRS[0], THEIRS[1])]
    kept = RejectedEvents(folder / "rejected" / "events.ndjson")
    kept.add([rejected_event(dt.datetime(2026, 11, 22, tzinfo=dt.UTC), "", "cut off", raw) for raw in raws])


def contents(lake):
    """Return the bytes of every part and manifest of a lake."""
    files = open_files(lake)
    return {path: files.read(path) for path in files.names(ROOT)}


def stored(store, days=DAYS):
    """Return the visitors of all events in the store."""
    return [name for day in days for batch in store.scan(day) for name in batch["visitor_id"].to_pylist()]


def assert_forgotten(store, lake, folder):
    """Check that nothing names the visitor: in the store, in decoded parts, and in raw bytes of all files."""
    assert VISITOR not in stored(store)
    files = open_files(lake)
    for path in files.names(ROOT) + files.names(RECEIPTS):
        content = files.read(path)
        assert VISITOR.encode() not in content, path
        if path.endswith(".parquet"):
            assert VISITOR not in pq.read_table(pa.BufferReader(content))["visitor_id"].to_pylist()
            assert VISITOR not in str(pq.ParquetFile(pa.BufferReader(content)).metadata.to_dict())
    assert [
        path for path in folder.rglob("*") if path.is_file() and VISITOR.encode() in path.read_bytes()
    ] == []


@pytest.fixture
def folder(tmp_path):
    """Return the collector's folder."""
    return tmp_path / "data"


@pytest.fixture
def collected(store, lake, folder):
    """Return a store and a lake with everybody's events."""
    collect(store, lake, folder, OTHERS + THEIRS)
    return store, lake


@pytest.fixture
def collected_here(store, tmp_path, folder):
    """Return the same with a lake in a folder."""
    collect(store, tmp_path / "lake", folder, OTHERS + THEIRS)
    return store, tmp_path / "lake"


@pytest.fixture
def without(tmp_path):
    """Return a function that makes the lake of the others alone, and returns its contents."""

    def without(parts=1):
        with closing(connect(f"sqlite:///{tmp_path / 'without' / 'clicks.db'}")) as store:
            collect(store, tmp_path / "without" / "lake", tmp_path / "without", OTHERS, parts)
        return contents(tmp_path / "without" / "lake")

    return without


def test_everything_else_is_as_if_the_visitor_had_never_been(collected, folder, without):
    """Parts and manifests have the bytes of a lake that never had them; other days were not touched."""
    store, lake = collected
    untouched = [f"{partition(DAYS[0])}/{name}" for name in ("part-00.parquet", MANIFEST)]
    versions = [open_files(lake).version(path) for path in untouched]

    forget(store, lake, VISITOR, folder=folder)

    expected, found = without(), contents(lake)
    assert {path: found[path] for path in expected} == expected
    assert [open_files(lake).version(path) for path in untouched] == versions
    assert found.keys() - expected.keys() == {
        f"{partition(DAYS[3])}/{name}" for name in ("part-00.parquet", MANIFEST)
    }
    assert_forgotten(store, lake, folder)
    assert sorted(filter(None, stored(store))) == sorted(filter(None, [one.visitor_id for one in OTHERS]))
    assert [event.visitor_id for event in Spool(folder / "spool").oldest().events] == ["other-1"]
    (kept,) = RejectedEvents(folder / "rejected" / "events.ndjson").read()
    assert OTHERS[1].id in kept.text


def test_the_receipt_says_what_went_and_not_of_whom(collected_here, folder):
    """Counts, and each day's digest before and after, by which a difference is explained later."""
    store, lake = collected_here
    files = open_files(lake)

    def states():
        paths = [f"{partition(day)}/{MANIFEST}" for day in DAYS]
        manifests = [decode_manifest(files.read(path), path) for path in paths]
        return [(manifest.rows, day_digest(manifest)) for manifest in manifests]

    before = states()
    receipt = forget(store, lake, VISITOR, folder=folder)

    assert [rows for rows, _ in before] == [30, 33, 32, 4]
    assert receipt.days == {
        day: ErasedDay(old[0], new[0], old[1], new[1])
        for day, old, new in zip(DAYS[1:], before[1:], states()[1:], strict=True)
    }
    assert (receipt.reason, receipt.rows, receipt.store, receipt.spool, receipt.rejected) == (
        *("erasure", 9, 9, 1, 2),
    )
    assert read_receipts(files) == [receipt]
    said = json.loads(files.read(receipt.path))
    assert set(said) == {"at", "reason", "days", "store", "spool", "rejected"}
    assert said["days"]["2026-11-22"]["rows_after"] == 0


def test_store_lake_and_ledger_agree_afterwards(collected, folder, tmp_path):
    """No false alarm; status, verify, compact and readers do not stumble over receipts and empty parts."""
    store, lake = collected
    forget(store, lake, VISITOR, folder=folder)

    found = [verify(store, lake, day) for day in DAYS]

    assert [one.differences for one in found] == [[]] * 4
    assert [(one.ledger.stored, one.ledger.forgotten, one.store_rows) for one in found] == [
        *((30, 0, 30), (33, 3, 30), (32, 2, 30), (4, 4, 0)),
    ]
    assert verify_lake(lake) == []
    assert (lake_status(lake).days, lake_status(lake).rows) == (4, 90)
    assert len(read_lake(lake).df()) == 90
    assert compact(lake, tmp_path / "copy") == 90
    copy = open_files(tmp_path / "copy")
    assert contents(tmp_path / "copy").items() <= contents(lake).items()
    assert read_receipts(copy) == read_receipts(open_files(lake))


def test_a_later_export_does_not_bring_them_back(collected, folder):
    """The night goes over the days that changed once more, and leaves every byte as it is."""
    store, lake = collected
    forget(store, lake, VISITOR, folder=folder)
    before = contents(lake)

    nightly = export_nightly(store, lake, DAYS[-1] + dt.timedelta(days=9))
    export(store, lake, DAYS[0], DAYS[-1])

    assert [one.day for one in nightly][:3] == DAYS[1:]
    assert contents(lake) == before


def test_a_late_click_of_another_visitor_is_exported_afterwards(collected_here, folder):
    """The ledger still tells that the day has changed."""
    store, lake = collected_here
    forget(store, lake, VISITOR, folder=folder)
    later = DAYS[-1] + dt.timedelta(days=9)
    export_nightly(store, lake, later)

    store.put([click(n, DAYS[1], "late") for n in (301, 302, 303)])
    export_nightly(store, lake, later)

    assert verify(store, lake, DAYS[1]).lake_rows == 33


def test_a_day_of_several_parts_loses_only_its_rows(sqlite_store, lake, folder, without):
    """Parts that do not have the visitor keep their bytes; the others get those of an export."""
    collect(sqlite_store, lake, folder, OTHERS + THEIRS, parts=3)

    forget(sqlite_store, lake, VISITOR, folder=folder)

    expected, found = without(parts=3), contents(lake)
    assert {path: found[path] for path in expected} == expected
    assert_forgotten(sqlite_store, lake, folder)
    assert verify_lake(lake) == []


def test_a_day_begun_again_is_in_the_receipt_as_it_was_at_first(sqlite_store, tmp_path, folder, monkeypatch):
    """Another run writes one of its two parts when the other is already rewritten."""
    lake = tmp_path / "lake"
    more = [click(300 + n, DAYS[1], VISITOR, hour=10) for n in range(8)]  # both parts have some
    collect(sqlite_store, lake, folder, OTHERS + THEIRS + more, parts=2)
    files, heard = open_files(lake), []
    before = decode_manifest(files.read(f"{partition(DAYS[1])}/{MANIFEST}"), MANIFEST)

    def erase_meddled(files, day, visitor, note):
        def meddle(erased):
            note(erased)
            heard.append(day)
            if heard == [DAYS[1]]:
                part = lake / files.parts(partition(day))[0]
                shutil.copyfile(part, part.with_suffix(".new"))
                part.with_suffix(".new").replace(part)

        erase_rows(files, day, visitor, meddle)

    monkeypatch.setattr(erasure, "erase_rows", erase_meddled)
    receipt = forget(sqlite_store, lake, VISITOR, folder=folder)

    assert heard.count(DAYS[1]) == 2
    assert receipt.rows == len(THEIRS + more)
    assert receipt.days[DAYS[1]].digest_before == day_digest(before)
    assert_forgotten(sqlite_store, lake, folder)


def test_what_would_go_is_counted_and_nothing_is_changed(collected_here, folder):
    """A look before the leap."""
    store, lake = collected_here
    before, ledger = contents(lake), store.ledger()

    found = find(store, lake, VISITOR, folder=folder)

    counts = {DAYS[1]: 3, DAYS[2]: 2, DAYS[3]: 4}
    assert (found.store, found.lake, found.spool, found.rejected) == (counts, counts, 1, 2)
    assert (contents(lake), store.ledger(), open_files(lake).names(RECEIPTS)) == (before, ledger, [])


def test_a_visitor_whom_nobody_knows_leaves_no_receipt(collected_here, folder):
    """Nothing was done, so there is nothing to say."""
    store, lake = collected_here
    before, ledger = contents(lake), store.ledger()

    receipt = forget(store, lake, "nobody", folder=folder)

    assert (receipt.path, receipt.days, receipt.store) == ("", {}, 0)
    assert (contents(lake), store.ledger(), open_files(lake).names(RECEIPTS)) == (before, ledger, [])


def test_a_visitor_who_is_only_in_the_store_needs_no_lake(store, tmp_path, folder):
    """It was never exported; the receipt begins the lake, which agrees on its parts as ever."""
    lake = tmp_path / "lake"
    store.put([*OTHERS, *THEIRS])

    assert forget(store, lake, VISITOR, folder=folder).store == 9

    export(store, lake, DAYS[0], DAYS[-1], parts=2)
    assert_forgotten(store, tmp_path, folder)


def test_a_visitor_who_is_only_in_the_lake_is_removed_there(collected, folder, tmp_path):
    """As when the store has expired the day, or the lake is another copy."""
    _, lake = collected
    other = connect(f"sqlite:///{tmp_path / 'other.db'}")
    other.put([])

    receipt = forget(other, lake, VISITOR, folder=folder)

    assert (receipt.store, receipt.rows) == (0, 9)
    assert verify_lake(lake) == []
    assert_forgotten(other, lake, folder)
    other.close()


class Stop(Exception):
    """Somebody pressed Ctrl-C."""


def test_an_erasure_that_was_stopped_is_finished_by_the_next(collected, folder, without):
    """Between any two days, in any store and lake; the receipts together explain every day."""
    store, lake = collected
    total, stops = 2 * len(DAYS), (4, 5, 6, 7)
    files = open_files(lake)
    before = {
        day: day_digest(decode_manifest(files.read(f"{partition(day)}/{MANIFEST}"), "")) for day in DAYS
    }

    for stop in stops:

        def stopping(done, known_total, stop=stop):
            assert done <= known_total == total
            if done == stop:
                raise Stop

        with pytest.raises(Stop):
            forget(store, lake, VISITOR, folder=folder, progress=stopping)
    forget(store, lake, VISITOR, folder=folder)

    expected, found = without(), contents(lake)
    assert {path: found[path] for path in expected} == expected
    assert_forgotten(store, lake, folder)
    receipts = read_receipts(files)
    erased = {day: one for receipt in receipts for day, one in receipt.days.items()}
    assert {day: one.digest_before for day, one in erased.items()} == {day: before[day] for day in DAYS[1:]}
    assert sum(receipt.rows for receipt in receipts) == 9


def test_an_erasure_that_is_killed_at_any_step_is_finished_by_the_next(tmp_path, folder, without):
    """SIGKILL before each file that takes its place or goes; then once more, and nothing is left."""
    original = tmp_path / "original"
    with closing(connect(f"sqlite:///{original / 'clicks.db'}")) as store:
        collect(store, original / "lake", original, OTHERS + THEIRS, parts=2)
    (original / "spool" / "0-1-1.tmp").write_bytes(encode_event(THEIRS[0]))
    leaving = original / "lake" / partition(DAYS[0]) / "_1.tmp"
    leaving.write_bytes(VISITOR.encode())
    expected = without(parts=2)
    command = [sys.executable, str(Path(__file__).with_name("eraser.py"))]
    steps = 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        ended = signal.SIGKILL
        while ended == signal.SIGKILL:
            steps += 1
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(original, folder)
            store_url, lake = f"sqlite:///{folder / 'clicks.db'}", folder / "lake"
            print(store_url, lake, folder, VISITOR, steps, sep="\t", file=process.stdin, flush=True)
            ended = int(process.stdout.readline())

            with closing(connect(store_url)) as store:
                forget(store, lake, VISITOR, folder=folder)

                found = contents(lake)
                assert {path: found[path] for path in expected} == expected
                assert_forgotten(store, lake, folder)
                assert verify_lake(lake) == []
        process.stdin.close()

    assert ended == 0
    assert steps > 12


class VisitedStore:
    """A store in which something happens when a day was read, before its rows are used."""

    def __init__(self, store, day, visit):
        self._store, self._day, self._visit = store, day, visit

    def __getattr__(self, name):
        """Be the store in all else."""
        return getattr(self._store, name)

    def scan(self, day, *shards):
        """Read; the first time of the day, let the visit happen before the rows are handed out."""
        batches = list(self._store.scan(day, *shards))
        if day == self._day and self._visit:
            visit, self._visit = self._visit, None
            visit()
        yield from batches


@pytest.mark.parametrize("exported", [True, False], ids=["exported-before", "never-exported"])
def test_an_export_on_its_way_does_not_bring_them_back(sqlite_store, lake, folder, exported):
    """When they are forgotten, it has published two days, has read the third, and comes to the fourth."""
    sqlite_store.put(OTHERS + THEIRS[:-1])
    if exported:
        export(sqlite_store, lake, DAYS[0], DAYS[-1])
    sqlite_store.put([click(400 + n, one, VISITOR, hour=9) for n, one in enumerate(DAYS)])
    visited = VisitedStore(sqlite_store, DAYS[2], lambda: forget(sqlite_store, lake, VISITOR, folder=folder))

    export(visited, lake, DAYS[0], DAYS[-1])

    assert VISITOR not in read_lake(lake, columns=["visitor_id"]).df()["visitor_id"].to_list()
    assert [verify(sqlite_store, lake, day).differences for day in DAYS] == [[]] * 4
    assert export_nightly(sqlite_store, lake, DAYS[-1] + dt.timedelta(days=9))


def test_an_export_that_meets_an_unfinished_erasure_says_so(sqlite_store, tmp_path, folder):
    """It never puts back what the store has forgotten, and never drops what it cannot account for."""
    lake = tmp_path / "lake"
    collect(sqlite_store, lake, folder, OTHERS + THEIRS)
    sqlite_store.remove([event.key for event in THEIRS])

    with pytest.raises(LakeError, match=r"3 of 4 days .* that no clickkit forget is at work or was cut off"):
        export(sqlite_store, lake, DAYS[0], DAYS[-1])
    forget(sqlite_store, lake, VISITOR, folder=folder)

    export(sqlite_store, lake, DAYS[0], DAYS[-1])
    assert_forgotten(sqlite_store, lake, folder)


def test_a_damaged_day_is_named_and_the_others_are_done(sqlite_store, tmp_path, folder):
    """Exporting the day again mends it, and forgetting again finds nothing more."""
    lake = tmp_path / "lake"
    collect(sqlite_store, lake, folder, OTHERS + THEIRS)
    files = open_files(lake)
    publish(files, f"{partition(DAYS[1])}/part-00.parquet", b"PAR1")

    with pytest.raises(
        LakeError, match=r"1 of 4 days may still have the visitor, .*: 2026-11-20: .* damaged"
    ):
        forget(sqlite_store, lake, VISITOR, folder=folder)
    export(sqlite_store, lake, DAYS[1], DAYS[1])
    forget(sqlite_store, lake, VISITOR, folder=folder)

    assert_forgotten(sqlite_store, lake, folder)
    assert verify_lake(lake) == []


def test_a_wrong_argument_is_refused_before_anything_is_done(sqlite_store, tmp_path, folder):
    """An empty id would be that of all who have none; a wrong path must not look like success."""
    sqlite_store.put(OTHERS)

    with pytest.raises(SettingsError, match="id is empty"):
        forget(sqlite_store, tmp_path / "lake", "", folder=folder)
    with pytest.raises(StoreError, match="no SQLite store"):
        forget(connect(f"sqlite:///{tmp_path / 'none.db'}"), tmp_path / "lake", "v", folder=folder)


visitors = st.sampled_from([None, "a", "b", "aa", "ä", 'a"', "other"])
clicks = st.builds(click, st.integers(0, 999), st.sampled_from(DAYS), visitors, st.integers(0, 23))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(clicks, max_size=25, unique_by=lambda event: event.key), visitors.filter(bool), st.integers(1, 3)
)
def test_whoever_is_forgotten_the_others_are_what_they_would_be_alone(events, visitor, parts):
    """Any events, any visitor, any number of parts: the partitions of the rest are those of the rest."""
    rest = [event for event in events if event.visitor_id != visitor]
    lakes = []
    with tempfile.TemporaryDirectory() as name:
        for number, put in enumerate((events, rest)):
            folder = Path(name) / str(number)
            with closing(connect(f"sqlite:///{folder / 'clicks.db'}")) as store:
                store.put(put)
                export(store, folder / "lake", DAYS[0], DAYS[-1], parts=parts)
                if put is events:
                    receipt = forget(store, folder / "lake", visitor, folder=folder)
                lakes.append(contents(folder / "lake"))

    assert receipt.store == receipt.rows == len(events) - len(rest)
    parts_of_rest = {path for path in lakes[1] if path.endswith(".parquet")}
    assert {path: lakes[0][path] for path in parts_of_rest} == {
        path: lakes[1][path] for path in parts_of_rest
    }
    for path in lakes[0].keys() - lakes[1].keys():
        if path.endswith(".parquet"):
            assert pq.read_metadata(pa.BufferReader(lakes[0][path])).num_rows == 0
