"""Under nbval every notebook asks the seeded sample in `data/`, in a folder of its own."""

import os
import tempfile
from functools import cache
from pathlib import Path

import pytest

from clickkit import connect, export
from clickkit.capture.file_import import import_file, parse_ndjson

SANITIZE = Path(__file__).with_name("sanitize.cfg")
SAMPLE = Path(__file__).parents[1] / "data" / "sample.ndjson"
FIRST, LAST = "2026-10-26", "2026-11-22"


@cache
def folder() -> tempfile.TemporaryDirectory:
    """Return the folder of this run, which ends with it."""
    return tempfile.TemporaryDirectory(prefix="clickkit-sample-")


@cache
def sample_environment() -> dict[str, str]:
    """Put the sample into a store and a lake; return the settings that name them."""
    home = Path(folder().name)
    store = connect(f"sqlite:///{home / 'clicks.db'}")
    import_file(SAMPLE, parse_ndjson, store, reject=lambda line: pytest.fail(f"{SAMPLE}: {line}"))
    export(store, home / "lake", FIRST, LAST)
    store.close()
    return {"CLICKKIT_STORE": store.url, "CLICKKIT_LAKE": str(home / "lake"), "CLICKKIT_DAY": LAST}


def pytest_configure(config):
    """Let nbval pass over what differs from commit to commit and from machine to machine."""
    config.option.nbval_sanitize_with = str(SANITIZE)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """Let the notebook's kernel, which starts with its first cell, find the sample."""
    os.environ.update(sample_environment())


def pytest_runtest_teardown():
    """Leave no setting behind for tests that are no notebooks."""
    for name in sample_environment():
        os.environ.pop(name, None)


def pytest_unconfigure():
    """Remove the sample's store and lake."""
    folder().cleanup()
