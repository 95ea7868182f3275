"""With which code a run was made: clickkit's, the lock, Python, and the packages that clickkit needs."""

import functools
import hashlib
import importlib.metadata
import platform
import re
import subprocess
from pathlib import Path

import msgspec

_PACKAGE = Path(__file__).parents[1]
_LOCK = "requirements.lock"
_GIT_TIMEOUT_SECONDS = 10


class Versions(msgspec.Struct, frozen=True):
    """What a run was made with.

    `source` is the SHA-256 of clickkit's own files, `commit` its Git commit and `is_dirty` whether files
    differ from that; `lock` is the SHA-256 of `requirements.lock`. None: there is no such thing here.
    """

    clickkit: str
    source: str
    commit: str | None
    is_dirty: bool
    lock: str | None
    python: str
    packages: dict[str, str]


def find_versions(folder: Path) -> Versions:
    """Return the versions of this process, with the lock of the project that a folder belongs to."""
    commit, is_dirty = _git()
    return Versions(
        clickkit=importlib.metadata.version("clickkit"),
        source=_source(),
        commit=commit,
        is_dirty=is_dirty,
        lock=_lock(folder),
        python=platform.python_version(),
        packages=_packages(),
    )


@functools.cache
def _source() -> str:
    """Return the SHA-256 over the names and contents of the package's files."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            name, content = path.relative_to(_PACKAGE).as_posix().encode(), path.read_bytes()
            digest.update(b"%d %d " % (len(name), len(content)) + name + content)
    return digest.hexdigest()


def _git() -> tuple[str | None, bool]:
    """Return the commit of clickkit and whether its tree is dirty; an installed copy has none."""
    if not _ask_git("ls-files", "__init__.py"):  # also when the repository around it is another one
        return None, False
    said = _ask_git("status", "--porcelain=v2", "--branch", "--untracked-files=no")
    commit = re.search(r"^# branch\.oid ([0-9a-f]{40,64})$", said, re.MULTILINE)
    is_dirty = any(not line.startswith("#") for line in said.splitlines())
    return (commit[1], is_dirty) if commit else (None, False)


def _ask_git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(_PACKAGE), *arguments],
            capture_output=True,
            text=True,
            timeout=_GIT_TIMEOUT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _lock(folder: Path) -> str | None:
    """Return the SHA-256 of the nearest lock upwards, else of clickkit's own."""
    for candidate in (folder, *folder.parents, _PACKAGE.parent):
        if (candidate / _LOCK).is_file():
            return hashlib.sha256((candidate / _LOCK).read_bytes()).hexdigest()
    return None


def _packages() -> dict[str, str]:
    """Return the versions of the packages that clickkit needs, without its extras."""
    needed = {
        re.match(r"[\w.-]+", line)[0]  # type: ignore[index]
        for line in importlib.metadata.requires("clickkit") or []
        if "extra ==" not in line
    }
    found = {}
    for name in sorted(needed):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:  # needed on another system only
            continue
    return found
