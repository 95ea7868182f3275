"""The presenter's page: the tracker, the way of a click through the pipeline, and the lake's answer."""

import datetime as dt
import html
import os
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import msgspec
import pyarrow as pa
import traitlets
from duckdb import DuckDBPyRelation

from clickkit.analysis import charts, metrics
from clickkit.analysis.question import day
from clickkit.capture.asset import read_asset
from clickkit.capture.sites import SITES, Site
from clickkit.capture.tracker import Captured, Tracker
from clickkit.errors import LakeError, StoreError
from clickkit.event import Event
from clickkit.lake.export import ExportedDay, export
from clickkit.lake.reader import read_lake
from clickkit.lake.status import PartitionStatus, lake_status, newest_partition
from clickkit.qr_code import qr_code
from clickkit.storage.attributes import item_attributes
from clickkit.storage.store import Store

_FOLDER = Path(__file__).parent
_CHART_DAYS = 8
_DYNAMODB = "DynamoDB"


def _asset(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


class Pipeline(anywidget.AnyWidget):
    """The stages of the pipeline with counts and durations, the last stored item, the lake and charts."""

    _esm = _asset("dashboard_parts.js") + _asset("dashboard.js")
    _css = read_asset("theme.css") + _asset("dashboard.css")

    stages = traitlets.Dict().tag(sync=True)
    held_by = traitlets.Unicode().tag(sync=True)
    item = traitlets.Unicode().tag(sync=True)
    item_failed = traitlets.Unicode().tag(sync=True)
    export_state = traitlets.Dict().tag(sync=True)
    partition = traitlets.Dict().tag(sync=True)
    charts: traitlets.List[str] = traitlets.List().tag(sync=True)

    def __init__(self, store: Store, lake: str | os.PathLike[str]) -> None:
        super().__init__(held_by=_DYNAMODB if store.url.startswith("dynamodb:") else "SQLite")
        self._store = store
        self._lake = lake
        self._captured = 0
        self.export_state = _export_state("Nothing exported from this page yet.")
        self._showing = threading.Lock()
        self._working = ThreadPoolExecutor(1)  # one thing after the other, while clicks are served
        self.on_msg(self._receive)

    def show(self, captured: Captured) -> None:
        """Show a click that was stored: one more at each stage up to the store, and its item."""
        self._captured += 1
        took = {
            "event": captured.event.button or captured.event.event,
            "capture": _milliseconds(captured.arrived_ms),
            "process": _milliseconds(captured.enriched_ms),
            "store": _milliseconds(captured.durable_ms),
        }
        self._show_stages({name: {"count": self._captured, "note": note} for name, note in took.items()})
        self._show_item(captured.event)

    def _show_item(self, event: Event) -> None:
        """Read an item back and show it with DynamoDB's types, which only DynamoDB itself gives along."""
        try:
            item = self._store.get(event.key) or {}
        except StoreError as error:
            self.item_failed = f"The item could not be read back: {error}"
            return
        typed = item if self.held_by == _DYNAMODB else item_attributes(item)
        self.item_failed = ""
        self.item = msgspec.json.format(msgspec.json.encode(typed), indent=2).decode()

    def _show_stages(self, changed: dict[str, dict[str, Any]]) -> None:
        with self._showing:  # clicks and exports come from different threads
            self.stages = self.stages | changed

    def _receive(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message.get("kind") == "opened":
            self._working.submit(self._open)
        elif message.get("kind") == "export" and not self.export_state["running"]:
            self.export_state = _export_state("Reading the store …", running=True)
            self._working.submit(self._export)

    def _open(self) -> None:
        """Show what the lake holds when the page is opened."""
        try:
            self._show_lake()
        except Exception as error:  # a thread that fails must not fail silently
            self.export_state = _export_state(str(error), failed=True)

    def _export(self) -> None:
        """Export today."""
        today, start = dt.datetime.now(dt.UTC).date(), time.perf_counter()
        try:
            (exported,) = export(self._store, self._lake, today, today, progress=self._progress)
            self._show_export(exported, time.perf_counter() - start)
        except Exception as error:  # a thread that fails must not fail silently
            self.export_state = _export_state(str(error), failed=True)

    def _progress(self, done: int, total: int) -> None:
        self.export_state = _export_state("Writing the lake …", running=True, done=done, total=total)

    def _show_export(self, exported: ExportedDay, seconds: float) -> None:
        self._show_stages({"export": {"count": exported.rows, "note": _milliseconds(seconds * 1000)}})
        self._show_lake()
        if exported.rows:
            noun = "click" if exported.rows == 1 else "clicks"
            text = f"{exported.rows:,} {noun}, {exported.bytes / 1024:.0f} KB: {exported.files[0]}"
        else:
            text = f"The store has no clicks on {exported.day}, so there was nothing to write."
        self.export_state = _export_state(text, done=1, total=1)

    def _show_lake(self) -> None:
        """Show the lake's newest files, and draw what it holds of the last days, today first."""
        self.partition = _partition(self._lake)
        today = dt.datetime.now(dt.UTC).date()
        try:
            held = lake_status(self._lake)
            events = read_lake(self._lake, today - dt.timedelta(days=_CHART_DAYS - 1), today)
        except LakeError:
            self._show_stages({"archive": {"count": 0, "note": "none yet"}})
            self.charts = []
            return
        days = "1 day" if held.days == 1 else f"{held.days:,} days"
        self._show_stages({"archive": {"count": held.rows, "note": days}})
        self.charts = [figure.svg() for figure in _figures(events, today)]


def _figures(events: DuckDBPyRelation, today: dt.date) -> Iterator[charts.Figure]:
    """Yield today's clicks by button, when there are any, and the clicks of every day."""
    of_today = events.filter(f"{day('timestamp')} = date '{today}'")
    clicks = of_today.count("id").fetchall()[0][0]
    if clicks:
        title = f"Today: {clicks:,} clicks by button"
        yield charts.bars(metrics.by_button(of_today), x="clicks", y="button", title=title, width=300)
    yield charts.columns(
        metrics.by_day(events),
        x="date",
        y="clicks",
        colour="source",
        order=metrics.SOURCES,
        title="Clicks by day (UTC)",
        width=300,
    )


def _partition(lake: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what the page says of the lake's newest day: a sentence, and what there is to show."""
    try:
        newest = newest_partition(lake)
    except LakeError as error:
        return {"message": str(error), "failed": True}
    if newest is None:
        return {"message": "The lake is empty so far. “Export today” writes its first files."}
    return _describe(newest)


def _describe(newest: PartitionStatus) -> dict[str, Any]:
    manifest = newest.manifest
    is_today = manifest.day == dt.datetime.now(dt.UTC).date()
    return {
        "message": "Today's partition." if is_today else "The newest partition; today is not exported yet.",
        "folder": newest.folder,
        "rows": manifest.rows,
        "files": [msgspec.to_builtins(part) for part in manifest.parts],
        "columns": _columns(newest.schema),
    }


def _columns(fields: Iterable[pa.Field]) -> list[dict[str, Any]]:
    """Return names and types, and of a struct its fields likewise."""
    return [
        {"name": field.name, "type": "struct", "fields": _columns(field.type)}
        if pa.types.is_struct(field.type)
        else {"name": field.name, "type": str(field.type), "fields": []}
        for field in fields
    ]


def _export_state(
    message: str, *, running: bool = False, done: int = 0, total: int = 1, failed: bool = False
) -> dict[str, Any]:
    return {"message": message, "running": running, "done": done, "total": total, "failed": failed}


def _milliseconds(value: float) -> str:
    return f"{value:.1f} ms" if value < 10 else f"{value:.0f} ms"


def tracker_dashboard(
    store: Store,
    lake: str | os.PathLike[str],
    *,
    public_url: str = "",
    sites: tuple[Site, ...] = SITES,
) -> ipywidgets.Widget:
    """Return the tracker beside its pipeline, as one widget; with a public URL, its QR code above them."""
    pipeline = Pipeline(store, lake)
    shown = [Tracker(store, sites=sites, on_captured=pipeline.show), pipeline]
    page = ipywidgets.Box([_invitation(public_url), *shown] if public_url else shown)
    page.add_class("ck-page-grid")
    return page


def _invitation(public_url: str) -> ipywidgets.Widget:
    """Return a QR code beside the address in large type, for the audience's phones."""
    scheme, separator, rest = public_url.removesuffix("/").rpartition("://")
    address = f"<span>{html.escape(scheme + separator)}</span>{html.escape(rest)}"
    text = f'<h2>Click along on your phone</h2><p class="ck-address">{address}</p>'
    card = f'<section class="clickkit ck-card ck-invitation">{qr_code(public_url)}<div>{text}</div></section>'
    invitation = ipywidgets.HTML(card)
    invitation.add_class("ck-wide")
    return invitation
