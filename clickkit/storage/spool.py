"""Files kept during an outage: one fsynced file per batch, put back when the store is there again."""

import contextlib
import itertools
import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from clickkit.errors import BusyError, InvalidEventError
from clickkit.event import Event, decode_event, encode_event
from clickkit.folder import fsync_folder, locked_folder, make_folder, write_durably

_MEBIBYTE = 1024 * 1024
_DRAINED_EVENTS = 500
_STALE_SECONDS = 3_600

_log = logging.getLogger(__name__)


class Spooled(msgspec.Struct, frozen=True):
    """The oldest events that wait, and the files that hold them."""

    events: list[Event]
    paths: list[Path]


class Spool:
    """A bounded folder of batches that a store could not take, oldest first.

    `put` returns when a batch is on disk. Several processes may share a folder: one at a time drains it,
    holding `locked`. Beside the batches (`.ndjson`) lie events that the store refused after they had been
    acknowledged (`.refused`); renamed to `.ndjson` they are tried again.
    """

    def __init__(self, folder: Path, *, most_bytes: int = 512 * _MEBIBYTE) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._bytes = 0
        for path in folder.glob("*.tmp"):
            if _age(path) > _STALE_SECONDS:
                _remove(path)
        self._batches()

    def put(self, events: Sequence[Event]) -> None:
        """Write a batch beside, fsync it, and rename it to its place.

        Raises:
            BusyError: the spool is at its limit, or the disk is full; nothing was kept.
        """
        self._write(events, ".ndjson")

    def set_aside(self, event: Event) -> None:
        """Keep an acknowledged event that the store refuses, whole and on disk.

        Raises:
            BusyError: as `put`.
        """
        self._write([event], ".refused")

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others from draining, or from taking events out, for the length of the block.

        Raises:
            BlockingIOError: another one is at it.
        """
        with locked_folder(self._folder, wait=False) if self._folder.is_dir() else contextlib.nullcontext():
            yield

    def oldest(self) -> Spooled:
        """Return the oldest events, small batches together; none when nothing waits.

        A file that cannot be read as events is renamed to `.unreadable` and passed over.
        """
        spooled = Spooled([], [])
        for path in self._batches():
            if len(spooled.events) >= _DRAINED_EVENTS:
                break
            try:
                events = [decode_event(line) for line in path.read_bytes().splitlines()]
            except FileNotFoundError:
                continue  # another process has drained it
            except InvalidEventError as error:
                _log.error("%s is not what a spool writes and is left as .unreadable: %s", path, error)
                path.replace(path.with_suffix(".unreadable"))
                continue
            spooled.events.extend(events)
            spooled.paths.append(path)
        return spooled

    def remove(self, spooled: Spooled) -> None:
        """Let go of events that are durable elsewhere."""
        for path in spooled.paths:
            _remove(path)
        fsync_folder(self._folder)
        self._batches()

    @property
    def most_bytes(self) -> int:
        """The bytes that may lie in the folder."""
        return self._most_bytes

    @property
    def bytes(self) -> int:
        """The bytes that lie in the folder."""
        return self._bytes

    def _batches(self) -> list[Path]:
        """Return the batches, oldest first, and count the folder's bytes again: others may share it."""
        with self._lock:
            sizes = {path: _size(path) for path in self._folder.glob("*.[nru]*")}
            self._bytes = sum(sizes.values())
        return sorted(path for path in sizes if path.suffix == ".ndjson")

    def _write(self, events: Sequence[Event], suffix: str) -> None:
        content = b"".join(encode_event(event) + b"\n" for event in events)
        with self._lock:
            if self._bytes + len(content) > self._most_bytes:
                raise BusyError(
                    f"the spool {self._folder} holds {self._bytes:,} bytes, its limit: mend the store"
                )
            path = self._folder / f"{time.time_ns():020d}-{os.getpid()}-{next(self._numbers)}{suffix}"
            beside = path.with_suffix(".tmp")
            try:
                make_folder(self._folder)
                write_durably(beside, content)
                beside.rename(path)
                fsync_folder(self._folder)
            except OSError as error:
                _remove(beside)
                _remove(path)
                raise BusyError(f"the spool {self._folder} cannot be written: {error}") from error
            self._bytes += len(content)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
