"""Receipts of erasure: what was taken out of which days of a lake, without saying who.

_receipts/20261127T103000Z-4f2a.json
"""

import datetime as dt

import msgspec

from clickkit.errors import LakeError
from clickkit.lake.files import Files

RECEIPTS = "_receipts"


class ErasedDay(msgspec.Struct, frozen=True):
    """What an erasure did to a day: its rows and its `day_digest` before and after; gone: no digest after."""

    rows_before: int
    rows_after: int
    digest_before: str
    digest_after: str | None = None


class Receipt(msgspec.Struct, frozen=True):
    """An erasure: when, why, and what it did to each day of the lake.

    `path` is where it stands in the lake.
    """

    at: dt.datetime
    reason: str
    days: dict[dt.date, ErasedDay]
    path: str = ""


def read_receipts(files: Files) -> list[Receipt]:
    """Return all receipts of a lake, the oldest first.

    Raises:
        LakeError: one is damaged.
    """
    receipts = []
    for path in files.names(RECEIPTS):
        content = files.read(path)
        if content is None or not path.endswith(".json"):
            continue
        try:
            receipt = msgspec.json.decode(content, type=Receipt)
        except msgspec.DecodeError as error:
            raise LakeError(f"{files.url}/{path} is damaged: {error}; restore it from a backup") from error
        receipts.append(msgspec.structs.replace(receipt, path=path))
    return sorted(receipts, key=lambda receipt: (receipt.at, receipt.path))
