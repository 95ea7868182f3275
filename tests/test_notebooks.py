"""Notebooks and dashboards ask, call and show; papermill runs them like an operator does."""

import ast
import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from clickkit import export, read_lake, simulate

PROJECT = Path(__file__).parents[1]
NOTEBOOKS = sorted([*PROJECT.glob("notebooks/*.ipynb"), *PROJECT.glob("dashboards/*.ipynb")])
FORBIDDEN = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.Try, ast.AsyncFunctionDef)
EXPORT = PROJECT / "notebooks" / "01-daily-export.ipynb"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_keeps_the_rules(path):
    """The question first, then imports, then parameters; no logic; short cells."""
    cells = nbformat.read(path, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]

    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    assert cells[0].source.splitlines()[0].endswith("?")
    assert all(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.parse(code[0].source).body)
    assert code[1].metadata.get("tags") == ["parameters"]
    for node in ast.parse(code[1].source).body:
        assert isinstance(node, ast.Assign)
        ast.literal_eval(node.value)
    for cell in code:
        tree = ast.parse(cell.source)
        assert not [node for node in ast.walk(tree) if isinstance(node, FORBIDDEN)], cell.source
        assert len(cell.source.splitlines()) <= 12
        assert "environ" not in cell.source
        texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        assert not [text for text in texts if isinstance(text, str) and text.startswith("/")]


@pytest.mark.parametrize("path", sorted(PROJECT.glob("notebooks/*.ipynb")), ids=lambda path: path.name)
def test_committed_outputs_come_from_one_run_from_the_top(path):
    """What a reader sees is what the cells gave, in order."""
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]

    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert any(cell.outputs for cell in code)


def papermill(folder, *parameters, **environment):
    """Run the export notebook as an operator does, in a folder of its own."""
    command = [sys.executable, "-m", "papermill", str(EXPORT), "out.ipynb", "--no-progress-bar"]
    for name, value in parameters:
        command += ["-p", name, str(value)]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CLICKKIT_")}
    return subprocess.run(
        command, cwd=folder, env=plain | environment, capture_output=True, text=True, timeout=120
    )


def test_the_export_notebook_twice_gives_the_same_bytes(sqlite_store, tmp_path):
    """Relative paths are those of the folder that papermill is called in."""
    day = dt.date(2015, 5, 18)
    sqlite_store.put(list(simulate(day, day)))
    arguments = (("day", day), ("store", "sqlite:///clicks.db"), ("lake", "lake"))
    part = tmp_path / "lake/clicks/year=2015/month=05/day=18/part-00.parquet"

    assert papermill(tmp_path, *arguments).returncode == 0
    first = part.read_bytes()
    part.unlink()
    assert papermill(tmp_path, *arguments).returncode == 0

    assert part.read_bytes() == first
    assert (
        str(read_lake(tmp_path / "lake").count("id").fetchall()[0][0]) in (tmp_path / "out.ipynb").read_text()
    )


def test_with_the_store_unreachable_it_fails_and_the_partition_is_untouched(sqlite_store, tmp_path):
    """The error names the store and what to do; the run is kept for reading."""
    day = dt.date(2015, 5, 18)
    sqlite_store.put(list(simulate(day, day)))
    export(sqlite_store, tmp_path / "lake", day, day)
    part = tmp_path / "lake/clicks/year=2015/month=05/day=18/part-00.parquet"
    before = part.read_bytes()
    away = "dynamodb://clicks?endpoint=http://127.0.0.1:9&region=eu-north-1"

    done = papermill(tmp_path, ("day", day), ("store", away), ("lake", "lake"))

    assert done.returncode != 0
    assert f"DynamoDB store {away} failed" in done.stderr
    assert "check that it is running" in done.stderr
    assert part.read_bytes() == before


def test_the_default_day_is_yesterday_in_utc(sqlite_store, tmp_path):
    """Store and lake may come from the environment."""
    yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(1)
    sqlite_store.put(list(simulate(yesterday, yesterday)))
    settings = {"CLICKKIT_STORE": sqlite_store.url, "CLICKKIT_LAKE": str(tmp_path / "lake")}

    assert papermill(tmp_path, **settings).returncode == 0

    assert read_lake(tmp_path / "lake").query(
        "e", "select distinct cast(timestamp as date) from e"
    ).fetchall() == [(yesterday,)]


def test_a_day_without_clicks_is_no_failure(sqlite_store, tmp_path, make_event):
    """A quiet day must not wake anybody."""
    sqlite_store.put([make_event()])

    done = papermill(tmp_path, ("day", "2020-01-01"), ("store", "sqlite:///clicks.db"), ("lake", "lake"))

    assert done.returncode == 0, done.stderr
