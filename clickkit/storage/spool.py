"""Files kept during an outage: one fsynced file per batch, put back when the store is there again."""

import contextlib
import itertools
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from clickkit.errors import BusyError
from clickkit.event import Event, decode_event, encode_event
from clickkit.folder import fsync_folder, make_folder

_MEBIBYTE = 1024 * 1024
_DRAINED_EVENTS = 500


class Spool:
    """A bounded folder of batches that a store could not take, oldest first.

    `put` returns when a batch is on disk. Several processes may share a folder: a batch that two of
    them drain is put twice, which a store takes for once.
    """

    def __init__(self, folder: Path, *, most_bytes: int = 512 * _MEBIBYTE) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._bytes = sum(path.stat().st_size for path in self._files())

    def put(self, events: Sequence[Event]) -> None:
        """Write a batch beside, fsync it, and rename it to its place.

        Raises:
            BusyError: the spool is at its limit, or the disk is full; nothing was kept.
        """
        content = b"".join(encode_event(event) + b"\n" for event in events)
        with self._lock:
            if self._bytes + len(content) > self._most_bytes:
                raise BusyError(
                    f"the spool {self._folder} holds {self._bytes:,} bytes, its limit: mend the store"
                )
            path = self._folder / f"{time.time_ns():020d}-{os.getpid()}-{next(self._numbers)}.ndjson"
            beside = path.with_suffix(".tmp")
            try:
                make_folder(self._folder)
                _write_durably(beside, content)
                beside.rename(path)
                fsync_folder(self._folder)
            except OSError as error:
                _remove(beside)
                _remove(path)
                raise BusyError(f"the spool {self._folder} cannot be written: {error}") from error
            self._bytes += len(content)

    def drain(self, put: Callable[[Sequence[Event]], object]) -> int:
        """Hand over all events, oldest first, and remove them when `put` has returned; return how many.

        Small batches are handed over together. Whatever `put` raises ends the drain; what was not handed
        over stays.
        """
        drained = 0
        waiting = deque(self._files())
        while waiting:
            paths: list[Path] = []
            events: list[Event] = []
            while waiting and len(events) < _DRAINED_EVENTS:
                paths.append(waiting.popleft())
                events += [decode_event(line) for line in paths[-1].read_bytes().splitlines()]
            put(events)
            drained += len(events)
            self._forget(paths)
        return drained

    @property
    def most_bytes(self) -> int:
        """The bytes that may wait."""
        return self._most_bytes

    @property
    def bytes(self) -> int:
        """The bytes that wait."""
        return self._bytes

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.ndjson"))

    def _forget(self, paths: Sequence[Path]) -> None:
        with self._lock:
            for path in paths:
                self._bytes -= path.stat().st_size if path.exists() else 0
                _remove(path)
            fsync_folder(self._folder)


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
