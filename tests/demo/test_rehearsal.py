"""The rehearsal of the whole show, as a presenter runs it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).with_name("clickkit"))


@pytest.mark.parametrize("store", ["sqlite", "dynamodb"])
def test_every_act_goes_well(browser, project, tmp_path, find_port, store, request):
    """Exit status 0, a line an act, the collector's fall and return, nothing lost, pictures of every page."""
    if store == "dynamodb":
        request.getfixturevalue("dynamodb_endpoint")
    ports = ["--port", str(find_port()), "--collector-port", str(find_port())]
    chosen = ["--store", "dynamodb"] if store == "dynamodb" else []

    done = subprocess.run(
        [PROGRAM, "demo", "--check", *ports, *chosen, "--folder", str(tmp_path)],
        cwd=project,
        env={name: value for name, value in os.environ.items() if not name.startswith("CLICKKIT_")},
        capture_output=True,
        text=True,
        timeout=400,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout
    assert "collector: ended by itself, started again" in done.stdout
    assert "collector: answers again" in done.stdout
    assert re.search(r"store: (\d+) clicks made, \1 stored, none lost or doubled", done.stdout)
    assert re.search(r"rehearsal: (\d+) of \1 acts went well", done.stdout)
    assert ("DynamoDB: http://127.0.0.1:" in done.stdout) == (store == "dynamodb")
    pictures = sorted((tmp_path / "rehearsal" / "pictures").iterdir())
    assert len(pictures) == 16
    assert all(picture.stat().st_size > 10_000 for picture in pictures)
