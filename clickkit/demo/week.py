"""The week before today: simulated into the store, and exported by papermill."""

import datetime as dt
import threading

from clickkit.demo.program import Program
from clickkit.demo.show import Say, Show, python
from clickkit.errors import ClickkitError
from clickkit.simulation import simulate
from clickkit.storage.connect import connect

_EXPORT = "01-daily-export.ipynb"
_DAYS = 7


def prepare_week(show: Show, say: Say, stop: threading.Event) -> None:
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
    output = show.data / "runs" / _EXPORT
    output.parent.mkdir(parents=True, exist_ok=True)
    command = python("papermill", str(show.home / "notebooks" / _EXPORT), str(output), "--no-progress-bar")
    command += ["-p", "day", str(yesterday), "-p", "days", str(_DAYS)]
    log = show.log("papermill")
    with Program("papermill", command, folder=show.dashboards, log=log, environment=show.told()) as exporting:
        status = exporting.finish(stop)
    if status:
        raise ClickkitError(f"the export failed; see {output} and {log}:\n{exporting.last_lines()}")
    if status == 0:
        say(f"exported: {_DAYS} days to {show.lake} by papermill (run kept in {output})")
