"""Folders whose names outlive a power cut."""

import os
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder and its parents, each entry durable; one that is there is left alone."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        fsync_folder(folder.parent)


def fsync_folder(folder: Path) -> None:
    """Make durable which names a folder has; Windows, which cannot open one, does so by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
