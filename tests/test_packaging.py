"""One list of dependencies, and everything that is said of it agrees."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
FIXED = {
    "jupyterlab",
    "papermill",
    "voila",
    "ipywidgets",
    "boto3",
    "pandas",
    "pyarrow",
    "user-agents",
    "nbval",
}


def requirements():
    """Return every requirement of pyproject.toml by its plain name."""
    listed = [*PYPROJECT["dependencies"], *PYPROJECT["optional-dependencies"]["dev"]]
    return {re.match(r"[\w.-]+", line)[0]: line.split(";")[0].strip() for line in listed}


def test_conda_users_get_the_same_set():
    """environment.yml pins what conda brings like pyproject.toml, and takes the rest from it."""
    environment = yaml.safe_load((PROJECT / "environment.yml").read_text())["dependencies"]
    by_pip = next(entry["pip"] for entry in environment if isinstance(entry, dict))
    by_conda = {re.match(r"[\w-]+", entry)[0]: entry for entry in environment if isinstance(entry, str)}

    assert by_pip == ["--editable .[dev]"]
    assert by_conda.pop("python") == f"python{PYPROJECT['requires-python']}"
    assert by_conda.pop("pip") == "pip"
    assert set(by_conda) == FIXED
    assert by_conda == {name: line for name, line in requirements().items() if name in FIXED}


def test_the_lock_has_every_dependency_with_hashes_and_names_no_host():
    """`make` installs nothing that is not in it."""
    lock = (PROJECT / "requirements.lock").read_text()
    locked = {name.lower() for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}

    assert {name.lower().replace("_", "-") for name in requirements()} <= {
        name.replace("_", "-") for name in locked
    }
    assert len(re.findall(r"--hash=sha256:", lock)) > len(locked)
    assert "://" not in lock


def test_the_lock_satisfies_this_pyproject():
    """A changed dependency needs `make lock`."""
    lock = (PROJECT / "requirements.lock").read_text()
    locked = {
        canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.M)
    }

    for line in [*PYPROJECT["dependencies"], *PYPROJECT["optional-dependencies"]["dev"]]:
        wanted = Requirement(line)
        assert wanted.specifier.contains(locked[canonicalize_name(wanted.name)]), line


def test_make_alone_prints_its_targets():
    """The Makefile explains itself."""
    done = subprocess.run(["make"], cwd=PROJECT, capture_output=True, text=True, check=True)

    for target in ("setup", "demo", "test", "lab", "lambda-zip"):
        assert f"make {target}" in done.stdout


def test_style_and_types():
    """ruff and mypy strict find nothing."""
    for command in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]):
        done = subprocess.run([sys.executable, "-m", *command], cwd=PROJECT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
