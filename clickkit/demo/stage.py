"""The demonstration: a simulated week, its export, the collector and the tracker, on this machine only."""

import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

import msgspec

from clickkit.errors import ClickkitError, SettingsError
from clickkit.lake.files import open_files
from clickkit.settings import Settings
from clickkit.simulation import simulate
from clickkit.storage.connect import connect, is_on_this_machine

_EXPORT = "01-daily-export.ipynb"
_DAYS = 7
_START_TIMEOUT_SECONDS = 90
_STOP_TIMEOUT_SECONDS = 10


def run_demo(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    port: int,
    collector_port: int,
    browser: bool,
    say: Callable[[str], None],
) -> None:
    """Prepare the data, start collector and Voila, and serve until Ctrl-C.

    `say` prints a line; `ready: http://127.0.0.1:PORT/` is the last one before serving. Both servers
    listen on this machine only; when a port is taken, the next free one is used.

    Raises:
        SettingsError: this is not the project's folder, or the store or lake is not on this machine.
        ClickkitError: the export failed, or a server ended by itself.
    """
    for url in (settings.store, settings.lake):
        if not is_on_this_machine(url):
            raise SettingsError(f"the demo simulates clicks, so it keeps away from {url}: unset CLICKKIT_…")
    notebook = settings.home / "dashboards" / "tracker.ipynb"
    if not notebook.exists():
        raise SettingsError(f"no {notebook}: run the demo in clickkit's project folder")
    stop = _stop_at_signals()
    run = partial(_process, settings, environment)
    prepare(settings, run, say, stop)
    if stop.is_set():
        return
    port = _free_port(port)
    collector_port = _free_port(collector_port, taken=port)
    page, collector = f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{collector_port}"
    serve = ["clickkit.cli", "serve", "--port", str(collector_port)]
    show = ["voila", str(notebook), "--no-browser", f"--port={port}"]
    with run("collector", serve) as serving, run("voila", show) as showing:
        _wait_until_up(f"{collector}/health", serving, stop)
        _wait_until_up(f"{page}voila/static/voila.js", showing, stop)
        say(f"collector: {collector}/clicks")
        say("Ctrl-C ends it; what was clicked stays.")
        say(f"ready: {page}")
        if browser:
            threading.Thread(target=webbrowser.open, args=[page], daemon=True).start()
        while not stop.wait(0.5):
            _require_running(serving)
            _require_running(showing)
    say("ended; the next start finds the same data.")


def prepare(settings: Settings, run: "Run", say: Callable[[str], None], stop: threading.Event) -> None:
    """Simulate the week before today into the store, and export it by the papermill notebook.

    Both may run any number of times: what is there already is not stored twice.

    Raises:
        ClickkitError: the export failed.
    """
    yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    store = connect(settings.store)
    events = list(simulate(yesterday - dt.timedelta(days=_DAYS - 1), yesterday))
    new = store.put(events)
    store.close()
    say(f"simulated: {len(events):,} clicks of the last {_DAYS} days, marked as simulated ({new:,} new)")
    runs = settings.home / "data" / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    notebook, output = settings.home / "notebooks" / _EXPORT, runs / _EXPORT
    parameters = {"day": str(yesterday), "days": str(_DAYS)}
    papermill = ["papermill", str(notebook), str(output), "--no-progress-bar"]
    for name, value in parameters.items():
        papermill += ["-p", name, value]
    with run("papermill", papermill) as exporting:
        while exporting.process.poll() is None and not stop.wait(0.1):
            pass
        if stop.is_set():
            return
        if exporting.process.returncode:
            raise ClickkitError(
                f"the export failed; see {output} and {exporting.log}:\n{exporting.last_lines()}"
            )
    say(f"exported: {_DAYS} days to {open_files(settings.lake).url} by papermill (run kept in {output})")


class _Running(msgspec.Struct, frozen=True):
    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_lines(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


Run = Callable[[str, list[str]], AbstractContextManager[_Running]]


@contextmanager
def _process(
    settings: Settings, environment: Mapping[str, str], name: str, module: list[str]
) -> Iterator[_Running]:
    """Run `python -m module …` in the dashboards' folder, with a log, and end it at the end."""
    dashboards = settings.home / "dashboards"
    paths = [str(dashboards), environment.get("JUPYTER_PATH", "")]
    told = {
        **environment,
        "CLICKKIT_STORE": connect(settings.store).url,
        "CLICKKIT_LAKE": open_files(settings.lake).url,
        "JUPYTER_PATH": os.pathsep.join(filter(None, paths)),
    }
    log = settings.home / "data" / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=dashboards,
            env=told,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for this program, which ends the others in order
        )
        try:
            yield _Running(name, process, log)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _stop_at_signals() -> threading.Event:
    stop = threading.Event()

    def handle(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), handle)
    return stop


def _free_port(wanted: int, taken: int = 0) -> int:
    """Return the first port from `wanted` on that nobody listens on, else any that is free."""
    for port in (*range(wanted, min(wanted + 20, 65_536)), 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            if (found := int(probe.getsockname()[1])) != taken:
                return found
    raise SettingsError("no port is free on this machine: end some programs")


def _wait_until_up(url: str, running: _Running, stop: threading.Event) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_SECONDS
    while not stop.wait(0.1):
        _require_running(running)
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError) as error:
            if time.monotonic() > deadline:
                raise ClickkitError(
                    f"{running.name} did not answer at {url}: {error}; see {running.log}"
                ) from error


def _require_running(running: _Running) -> None:
    if running.process.poll() is not None:
        raise ClickkitError(f"{running.name} ended by itself; see {running.log}:\n{running.last_lines()}")
