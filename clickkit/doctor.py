"""What clickkit needs on this machine, checked one by one."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from clickkit.browser import PROGRAMS
from clickkit.errors import ClickkitError
from clickkit.lake.files import open_files
from clickkit.lake.layout import ROOT
from clickkit.storage.connect import connect
from clickkit.storage.sqlite import SqliteStore


class Finding(msgspec.Struct, frozen=True):
    """One check: whether it is good, whether it must be, and what was found or how to mend it."""

    good: bool
    needed: bool
    text: str


def examine(home: Path, store: str, lake: str) -> Iterator[Finding]:
    """Yield what is found of the project folder, the store, the lake, and what tests need."""
    yield _project(home)
    yield _store(store)
    yield _lake(lake)
    yield _program("a browser, for the tests of the pages and demo --check", PROGRAMS, "apt install chromium")
    yield _program("Node.js, for the tests on DynamoDB", ("node",), "none needed: the tests bring one along")


def _project(home: Path) -> Finding:
    if not (home / "dashboards" / "tracker.ipynb").exists():
        return Finding(False, False, f"{home} is not the project folder: make demo needs to run there")
    writable = os.access(home / "data", os.W_OK)
    return Finding(writable, True, f"{home / 'data'} {'can' if writable else 'must'} be written to")


def _store(url: str) -> Finding:
    try:
        store = connect(url)
        if isinstance(store, SqliteStore) and not store.exists:
            return Finding(
                False, False, f"store {store.url} is not there yet: make demo, import or serve makes it"
            )
        store.get(("doctor", "doctor"))
    except ClickkitError as error:
        return Finding(False, True, str(error))
    return Finding(True, True, f"store {store.url} answers")


def _lake(url: str) -> Finding:
    try:
        files = open_files(url)
        parts = files.parts(ROOT)
    except ClickkitError as error:
        return Finding(False, True, str(error))
    if not parts:
        return Finding(False, False, f"lake {files.url} is empty: fill it with clickkit export")
    return Finding(True, True, f"lake {files.url} holds {len(parts)} parts, the last one {parts[-1]}")


def _program(purpose: str, names: tuple[str, ...], remedy: str) -> Finding:
    found = next(filter(None, map(shutil.which, names)), None)
    return Finding(found is not None, False, f"{purpose}: {found or f'not found ({remedy})'}")
