"""Files kept during an outage."""

import os

import pytest

from clickkit.errors import BusyError, StoreError
from clickkit.storage.spool import Spool


def test_batches_come_back_oldest_first_and_unchanged(make_event, tmp_path):
    """Also in the next process, from the same folder."""
    batches = [[make_event("a", properties={"k": [1, None]}), make_event("b")], [make_event("c")]]
    spool = Spool(tmp_path / "spool")
    for batch in batches:
        spool.put(batch)
    drained = []

    assert Spool(tmp_path / "spool").drain(drained.append) == 3
    assert drained == [[event for batch in batches for event in batch]]
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_batch_that_cannot_be_handed_over_stays(make_event, tmp_path):
    """The store may still be away."""
    spool = Spool(tmp_path / "spool")
    spool.put([make_event("a")])

    def fail(events):
        raise StoreError("away")

    with pytest.raises(StoreError):
        spool.drain(fail)

    drained = []
    spool.drain(drained.append)
    assert [event.id for batch in drained for event in batch] == ["a"]


def test_a_full_spool_keeps_nothing_of_the_batch(make_event, tmp_path):
    """It is bounded, and has room again when it was drained."""
    spool = Spool(tmp_path / "spool", most_bytes=1_000)
    events = [make_event(f"{n}") for n in range(3)]
    spool.put(events)

    with pytest.raises(BusyError, match="its limit"):
        spool.put(events * 3)
    assert len(list((tmp_path / "spool").iterdir())) == 1

    spool.drain(lambda events: None)
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

    assert spool.drain(lambda events: None) == 1
