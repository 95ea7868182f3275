"""Receipts of erasure: what was taken out of which days of a lake, without saying who.

_receipts/20261127T103000Z-1a2b3c4d.json
"""

import datetime as dt

import msgspec

from clickkit.errors import LakeError
from clickkit.lake.files import Files, publish

RECEIPTS = "_receipts"


class ErasedDay(msgspec.Struct, frozen=True):
    """What an erasure did to a day: its rows and its `day_digest` before and after."""

    rows_before: int
    rows_after: int
    digest_before: str
    digest_after: str | None = None


class Receipt(msgspec.Struct, frozen=True):
    """An erasure: when (UTC), why, what it did to each day of the lake, and what it removed elsewhere.

    `store`, `spool` and `rejected` count events. `path` is where the receipt stands in the lake; empty when
    nothing was found, and so none was left.
    """

    at: dt.datetime
    reason: str
    days: dict[dt.date, ErasedDay]
    store: int = 0
    spool: int = 0
    rejected: int = 0
    path: str = ""

    @property
    def rows(self) -> int:
        """The rows that went from the lake."""
        return sum(day.rows_before - day.rows_after for day in self.days.values())


def write_receipt(files: Files, receipt: Receipt) -> None:
    """Put a receipt at its path, in place of what it said before."""
    said = msgspec.to_builtins(receipt)
    del said["path"]
    publish(files, receipt.path, msgspec.json.format(msgspec.json.encode(said), indent=2) + b"\n")


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
