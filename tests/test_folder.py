"""Folders that are made outlive a power cut; capture/test_power_loss.py cuts it."""

import os

import pytest

from clickkit.folder import is_in_use, locked_folder, make_folder, shared_folder


def test_every_new_name_is_synced_from_the_top(tmp_path, monkeypatch):
    """A folder whose parent forgets it takes all its files with it."""
    synced, fsync = [], os.fsync

    def record(descriptor):
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)

    make_folder(tmp_path / "data" / "spool")
    make_folder(tmp_path / "data" / "spool")

    assert (tmp_path / "data" / "spool").is_dir()
    assert synced == [str(tmp_path), str(tmp_path / "data")]


def test_a_file_in_the_way_is_an_error(tmp_path):
    """Nothing is written in a place that does not exist."""
    (tmp_path / "data").write_text("in the way")

    with pytest.raises(OSError, match="data"):
        make_folder(tmp_path / "data" / "spool")


def test_a_folder_that_is_shared_is_in_use(tmp_path):
    """By several at once, as long as the last of them is there."""
    assert not is_in_use(tmp_path / "none")
    with shared_folder(tmp_path):
        with shared_folder(tmp_path):
            assert is_in_use(tmp_path)
        assert is_in_use(tmp_path)

    assert not is_in_use(tmp_path)


def test_a_lock_that_another_has_is_waited_for_or_refused(tmp_path):
    """Whoever can do something else meanwhile does not wait."""
    with locked_folder(tmp_path), pytest.raises(BlockingIOError), locked_folder(tmp_path, wait=False):
        pass
