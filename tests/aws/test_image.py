"""The image and the system of containers, as far as they can be proved without a container engine."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import yaml


@pytest.fixture(scope="module")
def instructions(project):
    """Return the instructions of the Dockerfile, a line each."""
    text = (project / "deploy" / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]


def test_the_image_is_small_pinned_and_runs_as_nobody_special(instructions):
    """What a linter of Dockerfiles asks for: stages, exact versions, no cache, a user, a health check."""
    said = [
        (name, shlex.split(rest)) for name, rest in instructions if name not in ("RUN", "CMD", "ENTRYPOINT")
    ]
    bases = [words[0] for name, words in said if name == "FROM"]
    assert len(bases) == 2
    assert all(re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", base) for base in bases)
    assert [words for name, words in said if name == "USER"] == [["10001:10001"]]
    assert any(name == "HEALTHCHECK" for name, _ in said)
    assert not any(name == "ADD" for name, _ in said)
    installs = [rest for name, rest in instructions if name == "RUN" and "pip install" in rest]
    assert installs
    assert all("--no-cache-dir" in rest and "--require-hashes" in rest for rest in installs)
    forms = [rest for name, rest in instructions if name in ("CMD", "ENTRYPOINT")]
    assert all(isinstance(json.loads(form), list) for form in forms)


def test_what_is_copied_is_there(instructions, project):
    """Paths are those of the project's folder."""
    copied = [rest.split()[0] for name, rest in instructions if name == "COPY" and "--from" not in rest]

    assert copied == ["deploy/collector.lock", "clickkit"]
    assert all((project / path).exists() for path in copied)


@pytest.fixture(scope="module")
def installed(project, leave_out, tmp_path_factory):
    """Do what the image does, in an empty folder: its packages by their lock, and clickkit beside them."""
    folder = tmp_path_factory.mktemp("image") / "clickkit"
    uv = Path(sys.executable).with_name("uv")
    install = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", folder]
    for command in ([uv, "venv", "--quiet", folder], [*install, project / "deploy" / "collector.lock"]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            leave_out(f"the image's packages cannot be installed: {done.stderr.strip()[-300:]}")
    (packages,) = folder.glob("lib/python3.*/site-packages")
    shutil.copytree(project / "clickkit", packages / "clickkit")
    return folder / "bin" / "python"


def test_its_packages_are_enough_to_collect(installed, tmp_path, find_port, wait_until):
    """Served by what the image starts, a click is stored; no notebook package is there."""
    port = find_port()
    command = [installed, "-m", "clickkit.cli", "serve", "--port", str(port), "--folder", tmp_path / "data"]
    store = f"sqlite:///{tmp_path / 'clicks.db'}"
    collector = subprocess.Popen([*command, "--store", store], cwd=tmp_path)
    click = {"id": "a", "button": "Buy", "timestamp": "2026-11-23T10:00:00Z", "pageUrl": "https://a.example/"}
    try:
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}/health"), "the collector")
        answer = httpx.post(f"http://127.0.0.1:{port}/clicks", json=click, timeout=30).json()
    finally:
        collector.terminate()
        collector.wait()

    assert answer == {"accepted": 1, "rejected": [], "durability": "store"}
    found = subprocess.run([installed, "-c", "import jupyterlab"], capture_output=True, cwd=tmp_path)
    assert found.returncode != 0


@pytest.mark.parametrize("module", ["clickkit.function_url", "clickkit.lambda_handler", "awslambdaric"])
def test_its_packages_are_enough_for_lambda(installed, tmp_path, module):
    """Both handlers and the runtime that calls them."""
    done = subprocess.run([installed, "-c", f"import {module}"], capture_output=True, text=True, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")


def test_containers_are_pinned_closed_and_known_to_each_other(project):
    """Only the collector has a port, on this machine; what starts after another is told so."""
    services = yaml.safe_load((project / "compose.yaml").read_text())["services"]

    assert {name for name, one in services.items() if "ports" in one} == {"collector"}
    assert all(port.startswith("127.0.0.1:") for port in services["collector"]["ports"])
    ours = {name for name, one in services.items() if one["image"] == "clickkit"}
    assert all(services[name]["read_only"] and services[name]["cap_drop"] == ["ALL"] for name in ours)
    assert all(re.search(r":\d[\w.]*$", one["image"]) for name, one in services.items() if name not in ours)
    for one in services.values():
        assert set(one.get("depends_on", [])) <= services.keys()


def _answers(url):
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
