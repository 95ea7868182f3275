"""Receipts of erasure are read from any lake."""

import datetime as dt

import pytest

from clickkit import LakeError
from clickkit.lake.files import open_files, publish
from clickkit.lake.receipts import ErasedDay, read_receipts

RECEIPT = b"""{"at": "2026-11-27T10:30:00Z", "reason": "erasure", "store": 3, "spool": 0, "rejected": 0,
"days": {"2026-11-21": {"rows_before": 3, "rows_after": 1, "digest_before": "a", "digest_after": "b"}}}"""


def test_receipts_are_read_the_oldest_first(lake):
    """By their time, whatever their names."""
    files = open_files(lake)
    publish(files, "_receipts/a.json", RECEIPT)
    publish(files, "_receipts/b.json", RECEIPT.replace(b"-27T", b"-26T"))

    second, first = reversed(read_receipts(files))

    assert (first.path, second.path) == ("_receipts/b.json", "_receipts/a.json")
    assert second.at == dt.datetime(2026, 11, 27, 10, 30, tzinfo=dt.UTC)
    assert second.days == {dt.date(2026, 11, 21): ErasedDay(3, 1, "a", "b")}


def test_a_lake_without_receipts_has_none(lake):
    """Nobody was erased."""
    assert read_receipts(open_files(lake)) == []


def test_a_damaged_receipt_is_named(tmp_path):
    """Nothing is explained by halves."""
    files = open_files(tmp_path)
    publish(files, "_receipts/a.json", b"{")

    with pytest.raises(LakeError, match=r"_receipts/a\.json is damaged"):
        read_receipts(files)
