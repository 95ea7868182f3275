"""The examples of docs/ run, one after the other, and print what stands below them."""

import importlib
import re
from pathlib import Path

import pytest

from clickkit import connect, export
from clickkit.capture.file_import import import_file, parse_ndjson

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "analysis.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```(?:\s*```text\n(.*?)```)?", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def sample_lake(tmp_path_factory):
    """Return a lake of the sample."""
    home = tmp_path_factory.mktemp("docs")
    store = connect(f"sqlite:///{home / 'clicks.db'}")
    import_file(PROJECT / "data" / "sample.ndjson", parse_ndjson, store, reject=pytest.fail)
    export(store, home / "lake", "2026-10-26", "2026-11-22")
    store.close()
    return home / "lake"


def test_the_examples_print_what_stands_below_them(sample_lake, monkeypatch, capsys):
    """A reader copies them as they are; a name lives on to the next example."""
    monkeypatch.setenv("CLICKKIT_LAKE", str(sample_lake))
    names = {}

    for code, printed in EXAMPLES:
        exec(compile(code, "docs/analysis.md", "exec"), names)
        assert capsys.readouterr().out == printed, code


def test_every_function_that_is_named_exists():
    """In the tables, a name without its module belongs to the module before it."""
    for line in re.findall(r"^\| (`\w+\..*?) \|", PAGE, re.MULTILINE):
        module = None
        for name in re.findall(r"`([\w.]+)`", line):
            owner, _, function = name.rpartition(".")
            module = importlib.import_module(f"clickkit.analysis.{owner}") if owner else module
            assert hasattr(module, function), name


def test_examples_are_short():
    """Logic belongs into the package."""
    assert len(EXAMPLES) > 8
    assert not [code for code, _ in EXAMPLES if len(code.strip().splitlines()) > 12]
