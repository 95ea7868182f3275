"""The week before today: simulated into the store, and exported by papermill."""

import datetime as dt
import subprocess
import threading
from collections.abc import Callable

from clickkit.demo.show import Show, python
from clickkit.errors import ClickkitError
from clickkit.simulation import simulate
from clickkit.storage.connect import connect

_EXPORT = "01-daily-export.ipynb"
_DAYS = 7


def prepare_week(show: Show, say: Callable[[str], None], stop: threading.Event) -> None:
    """Simulate the week before today into the store, and export it by the papermill notebook.

    Both may run any number of times: what is there already is not stored twice.

    Raises:
        ClickkitError: the store is away, or the export failed.
    """
    yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    store = connect(show.store)
    events = list(simulate(yesterday - dt.timedelta(days=_DAYS - 1), yesterday))
    new = store.put(events)
    store.close()
    say(f"simulated: {len(events):,} clicks of the last {_DAYS} days, marked as simulated ({new:,} new)")
    if not stop.is_set():
        _export(show, yesterday, say, stop)


def _export(show: Show, last: dt.date, say: Callable[[str], None], stop: threading.Event) -> None:
    runs, log = show.data / "runs", show.log("papermill")
    for folder in (runs, log.parent):
        folder.mkdir(parents=True, exist_ok=True)
    output = runs / _EXPORT
    command = python("papermill", str(show.home / "notebooks" / _EXPORT), str(output), "--no-progress-bar")
    command += ["-p", "day", str(last), "-p", "days", str(_DAYS)]
    with (
        log.open("wb") as said,
        subprocess.Popen(
            command,
            cwd=show.dashboards,
            env=show.told(),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        ) as papermill,
    ):
        while papermill.poll() is None and not stop.wait(0.1):
            pass
        if stop.is_set():
            papermill.terminate()
            return
    if papermill.returncode:
        last_lines = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise ClickkitError(f"the export failed; see {output} and {log}:\n{last_lines}")
    say(f"exported: {_DAYS} days to {show.lake} by papermill (run kept in {output})")
