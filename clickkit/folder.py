"""Folders whose names outlive a power cut, and locks that end with their process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no such locks; one export at a time there
    fcntl = None  # type: ignore[assignment]


def make_folder(folder: Path) -> None:
    """Make a folder and its parents, each entry durable; one that is there is left alone."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        fsync_folder(folder.parent)


def write_durably(path: Path, content: bytes) -> None:
    """Write a file and wait until its content is on the disk; its name is not yet."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def fsync_folder(folder: Path) -> None:
    """Make durable which names a folder has; Windows, which cannot open one, does so by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock(descriptor: int, *, wait: bool = True) -> None:
    """Lock an open file or folder for this process alone; the lock ends with the descriptor.

    Raises:
        BlockingIOError: another one has it, and `wait` is false.
    """
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


@contextmanager
def locked_folder(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Keep others out of a folder for the length of the block.

    Raises:
        BlockingIOError: another one has it, and `wait` is false.
    """
    if os.name == "nt":
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        lock(descriptor, wait=wait)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def shared_folder(folder: Path) -> Iterator[None]:
    """Show others, for the length of the block, that a folder is in use: `is_in_use` tells them."""
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def is_in_use(folder: Path) -> bool:
    """Tell whether somebody shares or locks a folder; on Windows nobody knows."""
    try:
        with locked_folder(folder, wait=False):
            return False
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
