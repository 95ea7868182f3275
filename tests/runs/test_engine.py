"""Papermill keeps what a run was made from."""

import hashlib
import platform

from clickkit import __version__
from clickkit.lake.digest import lake_state
from clickkit.runs.notebook import pinned_output, read_notebook, record_of


def test_the_record_stands_in_the_metadata_with_all_parameters(pinned):
    """Also those that nobody gave, as their defaults may change."""
    record = record_of(read_notebook(pinned / "out.ipynb"))

    assert record.parameters == {"since": "2026-11-20", "until": None, "lake": "lake", "button": "Buy"}
    assert record.state == lake_state(pinned / "lake")
    assert (record.lake, record.seed) == (str(pinned / "lake"), 7)
    assert record.versions.clickkit == __version__
    assert record.versions.lock == hashlib.sha256(b"duckdb==2.0\n").hexdigest()
    assert record.versions.python == platform.python_version()


def test_the_last_cell_shows_it(pinned):
    """With the parameters, which the kernel does not know."""
    shown = pinned_output(read_notebook(pinned / "out.ipynb"))["data"]

    text = "".join(shown["text/plain"])
    assert 'Parameters  since = "2026-11-20", until = null, lake = "lake", button = "Buy"' in text
    assert "Seed        7" in text
    assert "<tr><td>2026-11-22</td><td>10</td><td>" in "".join(shown["text/html"])
