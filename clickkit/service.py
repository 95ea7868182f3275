"""The collector as a service: store, spool and rejected events wired together."""

import datetime as dt
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from clickkit.capture.collector import Collector, Door
from clickkit.capture.request import RejectedEvent
from clickkit.capture.telemetry import SpoolState
from clickkit.storage.durable import DurableWriter
from clickkit.storage.rejected import RejectedEvents, rejected_event
from clickkit.storage.spool import Spool
from clickkit.storage.store import Store

_REJECTED = Path("rejected") / "events.ndjson"
_MEBIBYTE = 1024 * 1024


def open_rejected(folder: Path) -> RejectedEvents:
    """Open the events that a collector with this folder refused."""
    return RejectedEvents(folder / _REJECTED)


def make_collector(
    store: Store,
    folder: Path,
    *,
    door: Door | None = None,
    spool_bytes: int = 512 * _MEBIBYTE,
    retry_seconds: float = 1.0,
) -> Collector:
    """Return a collector that keeps its spool and its rejected events in a folder.

    It closes the store when its server ends.
    """
    rejected = open_rejected(folder)
    spool = Spool(folder / "spool", most_bytes=spool_bytes)
    writer = DurableWriter(store, spool, rejected, retry_seconds=retry_seconds)

    def reject(events: Sequence[RejectedEvent]) -> None:
        now = dt.datetime.now(dt.UTC)
        writer.count("rejected", len(events))
        rejected.add([rejected_event(now, event.field, event.reason, event.raw) for event in events])

    def look_at_spool() -> SpoolState:
        return SpoolState(spool.bytes, spool.most_bytes, writer.drained)

    def close() -> None:
        writer.close()
        store.close()

    return Collector(
        write=writer.write,
        reject=reject,
        suppress=partial(writer.count, "suppressed"),
        check=lambda: store.get(("health", "health")),
        spool=look_at_spool,
        close=close,
        door=door,
    )
