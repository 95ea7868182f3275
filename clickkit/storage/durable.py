"""The store with the spool beside it: what was written is durable in one of them."""

import datetime as dt
import logging
import threading
import time
from collections import Counter
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
        self._uncounted: Counter[tuple[dt.date, str]] = Counter()
        self._counting = threading.Lock()
        self.drained = 0
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

    @property
    def store_is_away(self) -> bool:
        """Whether the last look at the store failed; events go to the spool then."""
        return time.monotonic() < self._away_until

    def count(self, name: str, number: int) -> None:
        """Add to today's ledger (UTC), within `retry_seconds`: `rejected` or `suppressed`."""
        today = dt.datetime.now(dt.UTC).date()
        with self._counting:
            self._uncounted[today, name] += number

    def close(self) -> None:
        """Stop draining; what is spooled stays for the next start."""
        self._closing.set()
        self._drainer.join()
        try:
            self._count()
        except StoreError as error:
            _log.error("not in the ledger: %s: %s", dict(self._uncounted), error)

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
        self.count("rejected", 1)
        _log.error("set aside: %s", reason)

    def _drain_until_closed(self) -> None:
        while not self._closing.wait(self._retry_seconds):
            try:
                drained = self._spool.drain(self._put)
                self.drained += drained
                self._count()
            except StoreError:
                self._away_until = time.monotonic() + self._retry_seconds
            except Exception:
                _log.exception("the spool could not be drained; it is tried again")
            else:
                if drained:
                    _log.warning("drained %s spooled events", drained)

    def _count(self) -> None:
        """Write into the ledger what was counted since the last time; what fails is kept."""
        with self._counting:
            waiting = dict(self._uncounted)
        for (day, name), number in waiting.items():
            self._store.count(day, **{name: number})
            with self._counting:
                self._uncounted[day, name] -= number
                self._uncounted += Counter()  # lets go of zeros
