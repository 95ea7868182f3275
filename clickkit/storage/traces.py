"""What a collector's folder holds of one visitor: events that wait in the spool, and rejected ones."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import unquote_plus

import msgspec

from clickkit.errors import InvalidEventError, StoreError
from clickkit.event import decode_event
from clickkit.folder import fsync_folder, locked_folder, write_durably

SPOOL, REJECTED = "spool", "rejected"
"""The folders in a collector's folder."""

_IsTheirs = Callable[[bytes], bool]


class Traces(msgspec.Struct, frozen=True):
    """How many spooled and how many rejected events are a visitor's."""

    spool: int
    rejected: int


class _Kept(msgspec.Struct):
    text: str


def find_traces(folder: Path, visitor_id: str) -> Traces:
    """Count what the files of a collector's folder hold of a visitor.

    A spooled event is theirs when its `visitorId` says so. A rejected one, which may be anything, is when
    its text has the id as a JSON string, or as a number, wherever it stands; what is still packed, as gzip
    or base64, is not seen.

    Raises:
        StoreError: the files cannot be read.
    """
    return _each(folder, visitor_id, _count)


def remove_traces(folder: Path, visitor_id: str) -> Traces:
    """Remove from those files what `find_traces` counts, and return the same.

    Each file is written beside, fsynced and renamed, while no collector drains the spool or adds a rejected
    event; batches may be spooled meanwhile.

    Raises:
        StoreError: the files cannot be read or written; running it again goes on.
    """
    return _each(folder, visitor_id, _remove)


def _each(folder: Path, visitor_id: str, work: Callable[[Path, _IsTheirs], int]) -> Traces:
    spooled, rejected = partial(_is_spooled, visitor_id), partial(_is_rejected, visitor_id)
    return Traces(_below(folder / SPOOL, spooled, work), _below(folder / REJECTED, rejected, work))


def _below(folder: Path, is_theirs: _IsTheirs, work: Callable[[Path, _IsTheirs], int]) -> int:
    try:
        if not folder.is_dir():
            return 0
        with locked_folder(folder):
            return sum(work(path, is_theirs) for path in sorted(folder.iterdir()) if path.is_file())
    except OSError as error:
        raise StoreError(f"{folder} failed: {error}; check its rights and the disk's room") from error


def _count(path: Path, is_theirs: _IsTheirs) -> int:
    with suppress(FileNotFoundError), path.open("rb") as lines:  # a batch was half-written a moment ago
        theirs = sum(map(is_theirs, lines))
        return theirs if path.suffix != ".tmp" else 0
    return 0


def _remove(path: Path, is_theirs: _IsTheirs) -> int:
    if path.suffix == ".tmp":
        return _remove_half_written(path, is_theirs)
    if theirs := _count(path, is_theirs):
        with path.open("rb") as lines:
            kept = b"".join(line for line in lines if not is_theirs(line))
        if kept:
            beside = path.with_suffix(".tmp")
            write_durably(beside, kept)
            beside.replace(path)
        else:
            path.unlink()
        fsync_folder(path.parent)
    return theirs


def _remove_half_written(path: Path, is_theirs: _IsTheirs) -> int:
    """Remove a file that has them and was never given its name: nobody was told that it is kept."""
    with suppress(FileNotFoundError), path.open("rb") as lines:
        if any(map(is_theirs, lines)):
            path.unlink()
    return 0


def _is_spooled(visitor_id: str, line: bytes) -> bool:
    try:
        return decode_event(line).visitor_id == visitor_id
    except InvalidEventError:
        return _names(line.decode(errors="backslashreplace"), visitor_id)


def _is_rejected(visitor_id: str, line: bytes) -> bool:
    try:
        text = msgspec.json.decode(line, type=_Kept).text
    except (msgspec.DecodeError, UnicodeDecodeError):  # cut off: JSON within JSON
        text = line.decode(errors="backslashreplace").replace('\\"', '"')
    return _names(text, visitor_id)


def _names(text: str, visitor_id: str) -> bool:
    """Tell whether a text, which may be JSON, a form or half of either, has the id as a value."""
    spellings = {json.dumps(visitor_id), json.dumps(visitor_id, ensure_ascii=False)}
    texts = [text, unquote_plus(text)]
    with suppress(msgspec.DecodeError, UnicodeError, RecursionError):  # another spelling of the same
        texts.append(msgspec.json.encode(msgspec.json.decode(text)).decode())
    if any(one in said for one in spellings for said in texts):
        return True
    if visitor_id.isdigit() and re.search(rf"[:\[,]\s*{visitor_id}\s*[,\]}}]", text):
        return True
    last = text[text.rfind('"') :]  # where it may have been cut off, in the middle of the id
    return len(last) > 1 and any(one.startswith(last) for one in spellings)
