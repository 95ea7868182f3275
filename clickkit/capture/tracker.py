"""The tracker as a notebook widget: buttons, consent, and what became of each click."""

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

import anywidget
import msgspec
import traitlets

from clickkit.capture.asset import read_asset
from clickkit.capture.client_hints import ClientHints, hints_of_navigator
from clickkit.capture.enrichment import enrich, warm_up
from clickkit.capture.sites import SITES, Site
from clickkit.event import Event, check_event, to_item
from clickkit.storage.store import Store


class Captured(msgspec.Struct, frozen=True):
    """A stored click and the milliseconds it took to arrive, to be enriched and to become durable."""

    event: Event
    arrived_ms: float
    enriched_ms: float
    durable_ms: float


class Tracker(anywidget.AnyWidget):
    """Buttons of web sites; each click is enriched, put into a store, and then shown as stored.

    The browser makes `id` and `timestamp`. The position is asked for only after consent. A click that
    could not be stored, or that nobody answered for 10 seconds, stays in the page, which offers to send
    it again under the same id. `on_captured` is called after each click that is new in the store.
    """

    _esm = read_asset("tracker.js") + read_asset("tracker_widget.js")
    _css = read_asset("theme.css") + read_asset("tracker.css") + read_asset("tracker_widget.css")

    sites: traitlets.List[dict[str, str]] = traitlets.List().tag(sync=True)

    def __init__(
        self,
        store: Store,
        *,
        sites: tuple[Site, ...] = SITES,
        on_captured: Callable[[Captured], None] = lambda captured: None,
    ) -> None:
        super().__init__(sites=[msgspec.to_builtins(site) | {"icon": site.drawing()} for site in sites])
        self._store = store
        self._on_captured = on_captured
        self.on_msg(self._receive)
        warm_up()

    def _receive(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message.get("kind") != "click" or not isinstance(message.get("event"), dict):
            return
        fields = message["event"]
        try:
            captured, new = self._capture(
                fields, message.get("userAgent"), hints_of_navigator(message.get("hints"))
            )
        except Exception as error:  # whatever it is, the page must hear of it
            self.send({"kind": "failed", "id": fields.get("id"), "reason": str(error)})
            return
        self.send(
            {
                "kind": "stored",
                "id": captured.event.id,
                "event": to_item(captured.event),
                "store": self._store.url,
                "enriched": captured.enriched_ms,
                "durable": captured.durable_ms,
            }
        )
        if new:
            self._on_captured(captured)

    def _capture(
        self, fields: dict[str, Any], user_agent: str | None, hints: ClientHints | None
    ) -> tuple[Captured, int]:
        received_at, start = dt.datetime.now(dt.UTC), time.perf_counter()
        event = enrich(check_event(fields), received_at=received_at, user_agent=user_agent, hints=hints)
        enriched = time.perf_counter()
        new = self._store.put([event])
        durable = time.perf_counter()
        sent_at = event.sent_at or event.timestamp
        captured = Captured(
            event=event,
            arrived_ms=max(0.0, (received_at - sent_at).total_seconds() * 1000),
            enriched_ms=(enriched - start) * 1000,
            durable_ms=(durable - enriched) * 1000,
        )
        return captured, new
