"""Lambda's runtime on this machine: Python, what AWS installs beside it, a package, and nothing else."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

HAS = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
"""What AWS gives with its Python, and the package leaves out."""


def fill(folder: Path) -> None:
    """Copy into an empty folder what Lambda's Python has installed; nothing of it is compiled."""
    for name in HAS:
        found = Path(find_spec(name).origin)
        if found.name == "__init__.py":
            shutil.copytree(found.parent, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(found, folder)


def command(program: str, package: Path, runtime: Path) -> list[str]:
    """Return the command that runs a program with these two folders alone, and writes no file beside them."""
    paths = [str(package), str(runtime)]
    return [sys.executable, "-I", "-S", "-B", "-c", f"import sys\nsys.path[:0] = {paths}\n{program}"]
