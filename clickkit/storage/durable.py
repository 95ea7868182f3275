"""The store with the spool beside it: what was written is durable in one of them."""

import datetime as dt
import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Sequence

from clickkit.errors import BusyError, StoreError, StoreRefusedError
from clickkit.event import Event, encode_event
from clickkit.storage.rejected import RejectedEvents, rejected_event
from clickkit.storage.spool import Spool
from clickkit.storage.store import REFUSED, SPOOL, STORE, Store

_PROBE = ("health", "health")
_LOOK_SECONDS = 5
_SAY_SECONDS = 60

_log = logging.getLogger(__name__)


class DurableWriter:
    """Writes events to a store, or to a spool while the store is away, and drains the spool afterwards.

    Once the store failed, a thread looks every `retry_seconds` whether it is back, and drains what was
    spooled, also in a run before; until then everything goes to the spool at once. An event that the
    store refuses for good blocks nothing: it is told to the sender, or, when it had been acknowledged
    from the spool, set aside there whole.
    """

    def __init__(
        self, store: Store, spool: Spool, rejected: RejectedEvents, *, retry_seconds: float = 1.0
    ) -> None:
        self._store = store
        self._spool = spool
        self._rejected = rejected
        self._retry_seconds = retry_seconds
        self._uncounted: Counter[tuple[dt.date, str]] = Counter()
        self._counting = threading.Lock()
        self._closing = threading.Event()
        self.drained = 0
        self.store_is_away = False
        self._looked_at = self._said_away_at = -math.inf
        self._drainer = threading.Thread(target=self._drain_until_closed, name="spool-drain", daemon=True)
        self._drainer.start()

    def write(self, events: Sequence[Event]) -> list[str]:
        """Return, for each event, where it is durable now: `store` or `spool`; or `refused`.

        Raises:
            BusyError: the store is away and the spool is full; the events are to be sent again.
        """
        outcomes = [] if self.store_is_away else self._put(events)
        rest = events[len(outcomes) :]
        if rest:
            self._spool.put(rest)
        return outcomes + [SPOOL] * len(rest)

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
        """Put events, and return what became of them: of fewer than all when the store went away.

        When the store refuses a batch, its halves are tried, down to the event that is the reason.
        """
        try:
            self._store.put(events)
        except StoreRefusedError as error:
            if len(events) == 1:
                self._refuse(events[0], str(error))
                return [REFUSED]
            middle = len(events) // 2
            outcomes = self._put(events[:middle])
            return outcomes + self._put(events[middle:]) if len(outcomes) == middle else outcomes
        except StoreError as error:
            _log.error("spooling until the store is back: %s", error)
            self.store_is_away = True
            return []
        return [STORE] * len(events)

    def _refuse(self, event: Event, reason: str) -> None:
        """Show an event among the rejected ones; whoever calls keeps it, if it was acknowledged."""
        self.count("rejected", 1)
        _log.error("refused: %s", reason)
        now = dt.datetime.now(dt.UTC)
        try:
            self._rejected.add([rejected_event(now, "", reason, encode_event(event))])
        except OSError as error:
            _log.error("a refused event could not be shown among the rejected ones: %s", error)

    def _drain_until_closed(self) -> None:
        while not self._closing.wait(self._retry_seconds):
            try:
                self._look_for_store()
                self._drain()
                self._count()
            except StoreError as error:
                self.store_is_away = True
                self._say_away(error)
            except (BusyError, OSError) as error:
                _log.error("the spool could not be drained, it is tried again: %s", error)
            except Exception:
                _log.exception("the spool could not be drained, it is tried again")

    def _say_away(self, error: StoreError) -> None:
        """Log once a minute that the store is away: alarms hear it for as long as it lasts."""
        if time.monotonic() - self._said_away_at >= _SAY_SECONDS:
            self._said_away_at = time.monotonic()
            _log.warning("the store is still away: %s", error)

    def _look_for_store(self) -> None:
        """Ask the store whether it is there, when it was not, or when nobody asked for a while."""
        if self.store_is_away or time.monotonic() - self._looked_at > _LOOK_SECONDS:
            self._store.put([])
            self._store.get(_PROBE)
            self.store_is_away = False
            self._looked_at = time.monotonic()

    def _drain(self) -> None:
        """Put back what is spooled, oldest first, until the store goes away or the writer is closed."""
        try:
            while not self._closing.is_set():
                with self._spool.locked():
                    if not self._drain_oldest():
                        return
        except BlockingIOError:
            _log.info("another process drains the spool, or takes events out of it")

    def _drain_oldest(self) -> bool:
        """Put back the oldest batches; tell whether there were any, and the store took them."""
        spooled = self._spool.oldest()
        outcomes = self._put(spooled.events) if spooled.events else []
        if not outcomes or len(outcomes) < len(spooled.events):
            return False
        for event, outcome in zip(spooled.events, outcomes, strict=True):
            if outcome == REFUSED:
                self._spool.set_aside(event)
        self._spool.remove(spooled)
        self.drained += len(outcomes)
        return True

    def _count(self) -> None:
        """Write into the ledger what was counted since the last time; what fails is kept."""
        with self._counting:
            waiting = dict(self._uncounted)
        for (day, name), number in waiting.items():
            self._store.count(day, **{name: number})
            with self._counting:
                self._uncounted[day, name] -= number
                self._uncounted += Counter()  # lets go of zeros
