"""The report as a page: choose days, see the lake's answers, take the events along."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anywidget
import duckdb
import msgspec
import pyarrow as pa
import traitlets

from clickkit.capture.asset import read_asset
from clickkit.errors import ClickkitError, LakeError
from clickkit.lake.download import csv_pieces, parquet_pieces
from clickkit.report.answer import make_report
from clickkit.report.range import Asked, Range, copy_statement, days_held, range_of, read_range

_FOLDER = Path(__file__).parent
_FORMATS = {
    "csv": (csv_pieces, "text/csv;charset=utf-8"),
    "parquet": (parquet_pieces, "application/vnd.apache.parquet"),
}


class _AskedAgainError(Exception):
    """A newer question waits: the older one needs no answer."""


class ReportDashboard(anywidget.AnyWidget):
    """The lake's answers for a range of days, and its events as CSV or Parquet.

    Questions are answered in a thread, the newest one first; whatever fails is said on the page, which goes
    on. A file is made piece by piece as the page asks for it, and never held. More than `most_rows` events
    are refused, with the SQL that writes them without a browser.
    """

    _esm = (_FOLDER / "dashboard.js").read_text(encoding="utf-8")
    _css = read_asset("theme.css") + (_FOLDER / "dashboard.css").read_text(encoding="utf-8")

    held = traitlets.Dict().tag(sync=True)
    progress = traitlets.Dict().tag(sync=True)
    report = traitlets.Dict().tag(sync=True)

    def __init__(self, lake: str | os.PathLike[str], *, most_rows: int = 1_000_000) -> None:
        super().__init__()
        self._lake = lake
        self._most_rows = most_rows
        self._lock = threading.Lock()
        self._waiting: Asked | None = None
        self._answering = False
        self._range: Range | None = None
        self._pieces: Iterator[bytes] = iter(())
        self._say("")
        self.on_msg(self._receive)

    def _receive(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message["kind"] == "ask":
            self._ask(msgspec.convert(message["asked"], Asked))
        elif message["kind"] == "download":
            threading.Thread(target=self._download, args=[message], daemon=True).start()
        elif message["kind"] == "next":
            threading.Thread(target=self._send_piece, args=[message], daemon=True).start()

    def _ask(self, asked: Asked) -> None:
        with self._lock:
            self._waiting = asked
            self._say("Looking which days the lake holds …", running=True)
            if self._answering:
                return
            self._answering = True
        threading.Thread(target=self._answer_all, daemon=True).start()

    def _answer_all(self) -> None:
        """Answer until no question waits; a thread that fails must not fail silently."""
        while (asked := self._take()) is not None:
            try:
                self._answer(asked)
            except _AskedAgainError:
                continue
            except Exception as error:
                self.report = {}
                self._say(_in_words(error), failed=True)

    def _take(self) -> Asked | None:
        with self._lock:
            asked, self._waiting = self._waiting, None
            self._answering = asked is not None
        return asked

    def _answer(self, asked: Asked) -> None:
        self._range = None
        try:
            days = days_held(self._lake)
        except ClickkitError:
            self.held = {}
            raise
        self.held = {"first": str(days[0]), "last": str(days[-1])}
        wanted = range_of(asked, days)
        answer = make_report(self._lake, wanted, days, self._show_progress)
        self._range = wanted
        self.report = msgspec.to_builtins(answer) | {"days": asked.days}
        self._say(f"Shown: {wanted.since} to {wanted.until}.")

    def _show_progress(self, message: str, done: int, total: int) -> None:
        if self._waiting is not None:
            raise _AskedAgainError
        self._say(f"{message} …", running=True, done=done, total=total)

    def _say(
        self, message: str, *, running: bool = False, done: int = 0, total: int = 1, failed: bool = False
    ) -> None:
        self.progress = {
            "message": message,
            "running": running,
            "done": done,
            "total": total,
            "failed": failed,
        }

    def _download(self, message: dict[str, Any]) -> None:
        """Begin a file; the page asks for the next piece when it has one, so that none piles up."""
        shown, to_page = self._range, {"view": message["view"]}
        try:
            if shown is None:
                raise LakeError("There is nothing to download yet: choose days that the lake holds.")
            events = read_range(self._lake, shown)
            rows = events.count("*").fetchall()[0][0]
            if rows > self._most_rows:
                statement = copy_statement(self._lake, shown)
                text = (
                    f"{rows:,} events are too many for a browser, which takes {self._most_rows:,}: choose "
                    "fewer days, or write them with DuckDB:"
                )
                self.send({"kind": "refused", "message": text, "statement": statement, **to_page})
                return
            make, media_type = _FORMATS[message["format"]]
            self._pieces = make(events)
            name = f"{shown.name}.{message['format']}"
            self.send({"kind": "begin", "name": name, "type": media_type, "rows": rows, **to_page})
        except Exception as error:
            self.send({"kind": "refused", "message": _in_words(error), "statement": "", **to_page})

    def _send_piece(self, message: dict[str, Any]) -> None:
        to_page = {"view": message["view"]}
        try:
            piece = next(self._pieces, None)
            if piece is None:
                self.send({"kind": "end", **to_page})
            else:
                self.send({"kind": "piece", **to_page}, [piece])
        except Exception as error:
            self._pieces = iter(())
            self.send({"kind": "refused", "message": _in_words(error), "statement": "", **to_page})


def _in_words(error: Exception) -> str:
    """Return an error's message with what to do about it."""
    if isinstance(error, duckdb.Error | pa.ArrowException | OSError):
        return (
            f"A part of the lake cannot be read: {error}. `clickkit lake verify` names what is damaged; "
            "export its day again, then press Refresh."
        )
    return f"{error}"


def report_dashboard(lake: str | os.PathLike[str], *, most_rows: int = 1_000_000) -> ReportDashboard:
    """Return the page of a lake's answers as one widget; downloads of more than `most_rows` are refused."""
    return ReportDashboard(lake, most_rows=most_rows)
