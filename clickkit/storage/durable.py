"""The store with the spool beside it: what was written is durable in one of them."""

import datetime as dt
import logging
import threading
import time
from collections.abc import Sequence

from clickkit.errors import BusyError, StoreError, StoreRefusedError
from clickkit.event import Event, encode_event
from clickkit.storage.rejected import RejectedEvents, rejected_event
from clickkit.storage.spool import Spool
from clickkit.storage.store import Store

STORE, SPOOL, REFUSED = "store", "spool", "refused"

_log = logging.getLogger(__name__)


class DurableWriter:
    """Writes events to a store, or to a spool while the store is away, and drains the spool afterwards.

    A thread looks every `retry_seconds` whether spooled events can go back, also those of a run before.
    An event that the store refuses is set aside among the rejected ones and blocks nothing.
    """

    def __init__(
        self, store: Store, spool: Spool, rejected: RejectedEvents, *, retry_seconds: float = 1.0
    ) -> None:
        self._store = store
        self._spool = spool
        self._rejected = rejected
        self._retry_seconds = retry_seconds
        self._away_until = 0.0
        self._closing = threading.Event()
        self._drainer = threading.Thread(target=self._drain_until_closed, name="spool-drain", daemon=True)
        self._drainer.start()

    def write(self, events: Sequence[Event]) -> list[str]:
        """Return, for each event, where it is durable now: `store`, `spool`, or `refused` and set aside.

        Raises:
            BusyError: the store is away and the spool is full, or a refused event cannot be set aside;
                the same events may be written again.
        """
        if time.monotonic() >= self._away_until:
            try:
                return self._put(events)
            except StoreError as error:
                _log.error("spooling for %s s: %s", self._retry_seconds, error)
                self._away_until = time.monotonic() + self._retry_seconds
        self._spool.put(events)
        return [SPOOL] * len(events)

    def close(self) -> None:
        """Stop draining; what is spooled stays for the next start."""
        self._closing.set()
        self._drainer.join()

    def _put(self, events: Sequence[Event]) -> list[str]:
        """Put events into the store; when it refuses the batch, find out which, one by one."""
        try:
            self._store.put(events)
        except StoreRefusedError as error:
            if len(events) > 1:
                return [outcome for event in events for outcome in self._put([event])]
            self._set_aside(events[0], str(error))
            return [REFUSED]
        return [STORE] * len(events)

    def _set_aside(self, event: Event, reason: str) -> None:
        """Keep an event that the store refuses; on a full disk it is not taken at all."""
        now = dt.datetime.now(dt.UTC)
        try:
            self._rejected.add_durably([rejected_event(now, "", reason, encode_event(event))])
        except OSError as error:
            raise BusyError(f"a refused event cannot be kept: {error}; make room on the disk") from error
        _log.error("set aside: %s", reason)

    def _drain_until_closed(self) -> None:
        while not self._closing.wait(self._retry_seconds):
            try:
                drained = self._spool.drain(self._put)
            except StoreError:
                self._away_until = time.monotonic() + self._retry_seconds
            except Exception:
                _log.exception("the spool could not be drained; it is tried again")
            else:
                if drained:
                    _log.warning("drained %s spooled events", drained)
