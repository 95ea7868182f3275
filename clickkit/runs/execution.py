"""Running a notebook by papermill, as a program of its own."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clickkit.errors import RunError, SettingsError
from clickkit.runs.notebook import failure_of, read_notebook
from clickkit.runs.record import KEY

_ENGINE = "clickkit"
_TIMEOUT_SECONDS = 3600
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def execute(
    notebook: Path,
    output: Path,
    parameters: Mapping[str, Any],
    *,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a notebook with parameters, and keep the run in another file.

    When an earlier run is there, one that fails leaves it, and is kept beside as `….failed.ipynb`.
    `environment` is that of the run; None: this process's own. Relative paths in the notebook are those of
    the folder that the program was started in.

    Raises:
        RunError: a cell failed, or the kernel did, or the run took longer than an hour.
        SettingsError: the notebook cannot be read, or would be overwritten.
    """
    read_notebook(notebook)
    if output.exists() and output.samefile(notebook):
        raise SettingsError(f"{output} is the notebook itself: name another file for the run")
    if output.exists() and not is_run(output):
        raise SettingsError(f"{output} is no run of a notebook: name another file, or move it away")
    output.parent.mkdir(parents=True, exist_ok=True)
    failed = output.with_suffix(".failed.ipynb")
    failed.unlink(missing_ok=True)
    command = [sys.executable, "-m", "papermill", str(notebook), str(failed)]
    command += ["--engine", _ENGINE, "--no-progress-bar", "--log-level", "ERROR"]
    if parameters:
        command += ["--parameters_yaml", json.dumps(parameters)]  # JSON is YAML
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        reason = f"it took longer than {_TIMEOUT_SECONDS:,} s"
        raise RunError(_message(notebook, failed, reason), reason) from error
    if done.returncode:
        failure = failure_of(read_notebook(failed)) if failed.exists() else ""
        reason = failure or _last_line(done.stderr)
        if failed.exists() and not output.exists():
            failed = failed.replace(output)
        raise RunError(_message(notebook, failed, reason), reason)
    failed.replace(output)


def is_run(path: Path) -> bool:
    """Tell whether a notebook is what a run left, which another run may replace."""
    return not {"papermill", KEY}.isdisjoint(read_notebook(path).get("metadata", {}))


def _message(notebook: Path, output: Path, reason: str) -> str:
    where = (
        f"the cell that failed is marked in {output}"
        if output.exists()
        else "it did not start: check its kernel"
    )
    return f"{notebook} failed: {reason}; {where}"


def _last_line(said: str) -> str:
    lines = [line.strip() for line in _COLOURS.sub("", said).splitlines() if line.strip()]
    return lines[-1] if lines else "papermill said nothing"
