"""Files kept during an outage."""

import os
import time

import pytest

from clickkit.errors import BusyError
from clickkit.storage.spool import Spool


def test_batches_come_back_oldest_first_and_unchanged(make_event, tmp_path):
    """Also in the next process, from the same folder."""
    batches = [[make_event("a", properties={"k": [1, None]}), make_event("b")], [make_event("c")]]
    spool = Spool(tmp_path / "spool")
    for batch in batches:
        spool.put(batch)

    again = Spool(tmp_path / "spool")
    spooled = again.oldest()
    again.remove(spooled)

    assert spooled.events == [event for batch in batches for event in batch]
    assert list((tmp_path / "spool").iterdir()) == []


def test_what_is_not_removed_comes_again(make_event, tmp_path):
    """The store may still be away."""
    spool = Spool(tmp_path / "spool")
    spool.put([make_event("a")])

    assert [event.id for event in spool.oldest().events] == ["a"]
    assert [event.id for event in spool.oldest().events] == ["a"]


def test_two_processes_may_share_a_folder(make_event, tmp_path):
    """Each sees what the other has put and removed, in its count of bytes too."""
    one, other = Spool(tmp_path / "spool"), Spool(tmp_path / "spool")
    one.put([make_event("a")])

    other.remove(other.oldest())

    assert one.oldest().events == []
    assert (one.bytes, other.bytes) == (0, 0)


def test_a_file_that_cannot_be_read_blocks_nothing(make_event, tmp_path):
    """It is left there under another name, and what follows is drained."""
    spool = Spool(tmp_path / "spool")
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "0-1-0.ndjson").write_bytes(b"{\n")
    spool.put([make_event("a")])

    assert [event.id for event in spool.oldest().events] == ["a"]
    assert (tmp_path / "spool" / "0-1-0.unreadable").read_bytes() == b"{\n"


def test_an_event_that_was_set_aside_stays_whole_and_counts(make_event, tmp_path):
    """It had been acknowledged; renamed it is tried again."""
    spool, event = Spool(tmp_path / "spool"), make_event("a", referrer="x" * 2_000)
    spool.set_aside(event)
    (path,) = (tmp_path / "spool").glob("*.refused")

    assert (spool.oldest().events, spool.bytes) == ([], path.stat().st_size)
    path.rename(path.with_suffix(".ndjson"))
    assert spool.oldest().events == [event]


def test_leavings_of_a_killed_run_are_cleared_away(tmp_path):
    """After an hour nobody is still writing them."""
    for name, age in (("old", 7_200), ("young", 60)):
        path = tmp_path / f"{name}.tmp"
        path.write_bytes(b"half")
        os.utime(path, (time.time() - age, time.time() - age))

    Spool(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["young.tmp"]


def test_a_full_spool_keeps_nothing_of_the_batch(make_event, tmp_path):
    """It is bounded, and has room again when it was drained."""
    spool = Spool(tmp_path / "spool", most_bytes=1_000)
    events = [make_event(f"{n}") for n in range(3)]
    spool.put(events)

    with pytest.raises(BusyError, match="its limit"):
        spool.put(events * 3)
    assert len(list((tmp_path / "spool").iterdir())) == 1

    spool.remove(spool.oldest())
    assert spool.bytes == 0
    spool.put(events)


def test_a_disk_that_is_full_keeps_nothing_of_the_batch(make_event, tmp_path):
    """A folder that cannot be made stands for every error of the disk."""
    (tmp_path / "spool").write_text("in the way")

    with pytest.raises(BusyError, match="cannot be written"):
        Spool(tmp_path / "spool").put([make_event()])


def test_a_batch_is_synced_before_put_returns(make_event, tmp_path, monkeypatch):
    """A power cut after the answer loses nothing: the new folder's name, the file and its name are synced."""
    synced = []
    fsync = os.fsync

    def record(descriptor):
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)

    Spool(tmp_path / "spool").put([make_event()])

    assert [path.endswith(".tmp") for path in synced] == [False, True, False]
    assert synced[::2] == [str(tmp_path), str(tmp_path / "spool")]


def test_half_a_batch_is_never_drained(make_event, tmp_path):
    """What was being written when the power went is no batch."""
    spool = Spool(tmp_path / "spool")
    spool.put([make_event("a")])
    (tmp_path / "spool" / "0-1-1.tmp").write_bytes(b'{"id": "half')

    assert [event.id for event in spool.oldest().events] == ["a"]
