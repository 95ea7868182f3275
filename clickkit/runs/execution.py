"""Running a notebook by papermill, as a program of its own."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clickkit.errors import ClickkitError
from clickkit.runs.notebook import failure_of, read_notebook

_ENGINE = "clickkit"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class RunFailedError(ClickkitError):
    """A notebook ended with an error; `reason` is its last line."""

    def __init__(self, notebook: Path, output: Path, reason: str) -> None:
        super().__init__(f"{notebook} failed: {reason}; the cell that failed is marked in {output}")
        self.reason = reason


def execute(
    notebook: Path,
    output: Path,
    parameters: Mapping[str, Any],
    *,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a notebook with parameters, and keep the run in another file.

    `environment` is that of the run; None: this process's own. Relative paths in the notebook are those of
    the folder that the program was started in.

    Raises:
        RunFailedError: a cell failed, or the kernel did.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    output.unlink(missing_ok=True)
    command = [sys.executable, "-m", "papermill", str(notebook), str(output)]
    command += ["--engine", _ENGINE, "--no-progress-bar", "--log-level", "ERROR"]
    if parameters:
        command += ["--parameters_yaml", json.dumps(parameters)]  # JSON is YAML
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
    )
    if done.returncode:
        reason = failure_of(read_notebook(output)) if output.exists() else ""
        raise RunFailedError(notebook, output, reason or _last_line(done.stderr))


def _last_line(said: str) -> str:
    lines = [line.strip() for line in _COLOURS.sub("", said).splitlines() if line.strip()]
    return lines[-1] if lines else "papermill said nothing"
