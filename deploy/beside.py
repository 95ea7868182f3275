"""Packages that stay apart from the others: each set in a virtual environment of its own, by its lock."""

import subprocess
import sys
from pathlib import Path

from clickkit.folder import locked_folder

_FOLDER = Path(__file__).parents[1] / ".venv"


def install(name: str, lock: Path) -> Path:
    """Return the virtual environment of this name; the first call, and one after a new lock, makes it.

    Raises:
        RuntimeError: its packages cannot be installed.
    """
    folder = _FOLDER / name
    folder.mkdir(exist_ok=True)
    made, ready = folder / "venv", folder / ".ready"
    uv = Path(sys.executable).with_name("uv")
    with locked_folder(folder):  # another process may install them, too
        if ready.exists() and ready.stat().st_mtime >= lock.stat().st_mtime:
            return made
        sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", made, lock]
        for command in ([uv, "venv", "--quiet", "--clear", "--python", sys.executable, made], sync):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"{lock.name} cannot be installed: {done.stderr.strip()[-300:]}")
        ready.touch()
    return made
