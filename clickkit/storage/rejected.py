"""Events that were refused, kept with their reasons for whoever looks for the bug in the page."""

import datetime as dt
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from clickkit.folder import locked_folder

_MEBIBYTE = 1024 * 1024
_MOST_BYTES = 4_096


class RejectedEvent(msgspec.Struct, frozen=True):
    """A refused event: when, which field (empty: the whole), why, and its first 4,096 bytes."""

    at: dt.datetime
    field: str
    reason: str
    text: str


class RejectedEvents:
    """A capped file of refused events: when it is full, the older half is let go."""

    def __init__(self, path: Path, *, most_bytes: int = 16 * _MEBIBYTE) -> None:
        self._path = path
        self._older = path.with_suffix(".older" + path.suffix)
        self._most_bytes = most_bytes
        self._lock = threading.Lock()

    def add(self, events: Sequence[RejectedEvent]) -> None:
        """Append refused events.

        Raises:
            OSError: the disk is full or the folder cannot be written.
        """
        lines = b"".join(msgspec.json.encode(event) + b"\n" for event in events)
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with locked_folder(self._path.parent):  # `remove_traces` may be rewriting the files
                self._append(lines)

    def _append(self, lines: bytes) -> None:
        if self._path.exists() and self._path.stat().st_size + len(lines) > self._most_bytes // 2:
            self._path.replace(self._older)
        with self._path.open("a+b") as file:
            if file.tell() and not _ends_a_line(file):
                lines = b"\n" + lines
            file.write(lines)

    def read(self) -> Iterator[RejectedEvent]:
        """Yield what is kept, oldest first; a line that was cut off by a crash is passed over."""
        for path in (self._older, self._path):
            for line in path.read_bytes().splitlines() if path.exists() else ():
                try:
                    yield msgspec.json.decode(line, type=RejectedEvent)
                except msgspec.DecodeError:
                    continue


def _ends_a_line(file: BinaryIO) -> bool:
    """Tell whether a file ends with a whole line: a crash or a full disk may have cut the last one off."""
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def rejected_event(at: dt.datetime, field: str, reason: str, raw: bytes) -> RejectedEvent:
    """Make the record of a refused event from what the sender sent."""
    return RejectedEvent(at, field, reason, raw[:_MOST_BYTES].decode(errors="backslashreplace"))
