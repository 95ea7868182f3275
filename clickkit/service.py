"""The collector as a service: store, spool and rejected events wired together."""

import datetime as dt
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from clickkit.capture.collector import Collector, Door
from clickkit.capture.keeper import KeeperState, Outcome
from clickkit.capture.request import RefusedInput
from clickkit.event import Event
from clickkit.folder import make_folder, shared_folder
from clickkit.storage.durable import DurableWriter
from clickkit.storage.rejected import RejectedEvents, rejected_event
from clickkit.storage.spool import Spool
from clickkit.storage.store import Store
from clickkit.storage.traces import REJECTED, SPOOL

_REJECTED = "events.ndjson"
_MEBIBYTE = 1024 * 1024


def open_rejected(folder: Path) -> RejectedEvents:
    """Open the events that a collector with this folder refused."""
    return RejectedEvents(folder / REJECTED / _REJECTED)


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
    keeper = DurableKeeper(store, folder, spool_bytes=spool_bytes, retry_seconds=retry_seconds)
    return Collector(keeper, door=door)


class DurableKeeper:
    """A collector's `Keeper`: a store, and in a folder the spool and the rejected events."""

    def __init__(
        self, store: Store, folder: Path, *, spool_bytes: int = 512 * _MEBIBYTE, retry_seconds: float = 1.0
    ) -> None:
        self._store = store
        self._spool = Spool(folder / SPOOL, most_bytes=spool_bytes)
        self._rejected = open_rejected(folder)
        self._writer = DurableWriter(store, self._spool, self._rejected, retry_seconds=retry_seconds)
        self._in_use = _shown_in_use(folder)

    def write(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Write to the store, or to the spool while the store is away.

        Raises:
            BusyError: neither takes the events; the same may be written again.
        """
        return self._writer.write(events)

    def reject(self, rejected: Sequence[RefusedInput]) -> None:
        """Keep what was refused at the door, and count it in the ledger.

        Raises:
            OSError: the disk is full or the folder cannot be written.
        """
        now = dt.datetime.now(dt.UTC)
        self._writer.count("rejected", len(rejected))
        self._rejected.add([rejected_event(now, one.field, one.reason, one.raw) for one in rejected])

    def suppress(self, count: int) -> None:
        """Count in the ledger what a privacy signal kept out."""
        self._writer.count("suppressed", count)

    def state(self) -> KeeperState:
        """Return what is known of store and spool, asking neither."""
        return KeeperState(
            store_is_away=self._writer.store_is_away,
            spool_bytes=self._spool.bytes,
            spool_most_bytes=self._spool.most_bytes,
            drained=self._writer.drained,
        )

    def close(self) -> None:
        """Stop draining and close the store."""
        self._writer.close()
        self._store.close()
        self._in_use.close()


def _shown_in_use(folder: Path) -> ExitStack:
    """Show that a collector uses a folder; one that cannot be made hinders nothing but its spool."""
    shown = ExitStack()
    with suppress(OSError):
        make_folder(folder)
        shown.enter_context(shared_folder(folder))
    return shown
