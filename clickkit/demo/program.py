"""A program of the show: started with a log, waited for, started again when it falls, and ended."""

import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import httpx

from clickkit.errors import ClickkitError

_START_TIMEOUT_SECONDS = 90
_STOP_TIMEOUT_SECONDS = 10
_SHORT_LIFE_SECONDS = 20
_MOST_FALLS = 3
_LAST_LINES = 15


def _at_once() -> bool:
    return True


class Program:
    """A process that runs from the block's beginning to its end, with what it says in a log.

    `answers` tells whether it does what it is there for.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        folder: Path,
        log: Path,
        environment: Mapping[str, str],
        answers: Callable[[], bool] = _at_once,
    ) -> None:
        self.name = name
        self.log = log
        self.answers = answers
        self._command = [str(part) for part in command]
        self._folder = folder
        self._environment = environment
        self._falls = 0

    def __enter__(self) -> "Program":
        """Start it, with an empty log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        self._start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Ask it to end, and end it if it does not within ten seconds."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> None:
        self._started_at = time.monotonic()
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for the stage, which ends the programs in order
            )

    @property
    def status(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._process.poll()

    def wait(self, stop: threading.Event) -> None:
        """Wait until it answers, or until the event is set.

        Raises:
            ClickkitError: it ended by itself, or did not answer for 90 seconds.
        """
        deadline = time.monotonic() + _START_TIMEOUT_SECONDS
        while not self.answers() and not stop.wait(0.05):
            if self.status is not None:
                raise ClickkitError(f"{self.name} ended by itself; see {self.log}:\n{self.last_lines()}")
            if time.monotonic() > deadline:
                raise ClickkitError(
                    f"{self.name} did not answer for {_START_TIMEOUT_SECONDS} s; see {self.log}"
                )

    def finish(self, stop: threading.Event) -> int | None:
        """Wait until it has ended, and return its exit status; None when the event was set before."""
        while self.status is None and not stop.wait(0.1):
            pass
        return self.status

    def revive(self) -> bool:
        """Start it again when it has ended by itself; tell whether it had.

        Raises:
            ClickkitError: it ended for the third time, and twice within 20 seconds of its start.
        """
        if self.status is None:
            return False
        lived = time.monotonic() - self._started_at
        self._falls = self._falls + 1 if lived < _SHORT_LIFE_SECONDS else 1
        if self._falls == _MOST_FALLS:
            raise ClickkitError(
                f"{self.name} ended by itself {_MOST_FALLS} times; see {self.log}:\n{self.last_lines()}"
            )
        self._start()
        return True

    def kill(self) -> None:
        """End it as a crash would: at once, without a word to it."""
        self._process.kill()

    def last_lines(self, number: int = _LAST_LINES) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-number:])


def answers_http(url: str) -> bool:
    """Tell whether anything speaks HTTP at a URL, whatever its answer is; no proxy is asked."""
    try:
        httpx.get(url, timeout=2, trust_env=False)
    except httpx.HTTPError:
        return False
    return True
