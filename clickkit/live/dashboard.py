"""The live dashboard as a widget: it shows what a store gets within a second."""

import datetime as dt
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from clickkit.analysis.drawing.world import world_json
from clickkit.capture.asset import read_asset
from clickkit.errors import StoreError
from clickkit.live.collector_health import CollectorHealth
from clickkit.live.counts import Names
from clickkit.live.latency import Latency
from clickkit.live.reader import Arrival, LiveReader, microseconds
from clickkit.storage.store import Store

TICK_SECONDS = 0.4
PATIENCE_SECONDS = 20.0
"""How long the task goes on without a sign of life from a page."""

_FOLDER = Path(__file__).parent
_TOP = 8
_RATE_SECONDS = 10
_MOST_UNSEEN = 50

_log = logging.getLogger(__name__)


def _asset(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Live(anywidget.AnyWidget):
    """What a store gets today, updated more than once a second while a page looks at it.

    The page sends a sign of life every few seconds; without one for `patience_seconds` the task ends, and
    the next one starts it again, so a page that is closed leaves nothing that runs. While the store is
    away, the last numbers stay, with their time and the reason.
    """

    _esm = f"const WORLD = {world_json()};\n{_asset('live_parts.js')}{_asset('live.js')}"
    _css = read_asset("theme.css") + _asset("live.css")

    state = traitlets.Dict().tag(sync=True)
    paused = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        store: Store,
        *,
        collector: str = "",
        now: Callable[[], dt.datetime] = _utc_now,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        super().__init__()
        self._now = now
        self._reader = LiveReader(store, now)
        self._health = CollectorHealth(collector) if collector else None
        self._to_collector, self._to_page = Latency(), Latency()
        self._unseen: dict[int, list[Arrival]] = {}
        self._sequence = 0
        self._shown: dict[str, Any] = {}
        self._patience_seconds = patience_seconds
        self._alive_at = time.monotonic()
        self._starting = threading.Lock()
        self._task: threading.Thread | None = None
        self.on_msg(self._receive)

    @property
    def is_running(self) -> bool:
        """Whether the task reads the store."""
        return self._task is not None

    def _receive(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        """Take a sign of life from a page: `alive`, or `shown` with the sequence that it has drawn."""
        self._alive_at = time.monotonic()
        if message.get("kind") == "shown":
            self._measure(message.get("sequence"))
        else:
            self.send({"kind": "alive"})
        with self._starting:
            if self._task is None:
                self._task = threading.Thread(target=self._run, daemon=True, name="live-dashboard")
                self._task.start()

    def _measure(self, sequence: object) -> None:
        now = microseconds(self._now())
        for one in [one for one in self._unseen if one == sequence]:
            arrivals = self._unseen.pop(one, [])
            self._to_page.add((now - received) / 1000 for _, received in arrivals)

    def _run(self) -> None:
        """Read and show until no page gives a sign of life."""
        try:
            while time.monotonic() - self._alive_at < self._patience_seconds:
                if not self.paused:
                    self.update()
                time.sleep(TICK_SECONDS)
        finally:
            self._task = None  # whatever ended it, the next sign of life begins anew

    def update(self) -> None:
        """Read what is new and show it; what goes wrong is shown too, and the next call tries again."""
        problem = {"status": "live", "reason": ""}
        arrivals: list[Arrival] = []
        try:
            arrivals = self._reader.read()
            self._to_collector.add((received - clicked) / 1000 for clicked, received in arrivals)
            self._shown = self._numbers(self._now())
        except StoreError as error:
            problem = {"status": "away", "reason": str(error)}
        except Exception as error:  # a task that fails must not fail silently
            problem = {"status": "failed", "reason": f"{type(error).__name__}: {error}"}
            if problem["reason"] != self.state.get("reason"):
                _log.exception("the live dashboard failed")
        self._sequence += 1
        if arrivals:
            self._unseen[self._sequence] = arrivals
        self._unseen.pop(self._sequence - _MOST_UNSEEN, None)
        health = self._health.latest() if self._health else None
        collector = {"state": health.state, "text": health.text} if health else None
        self.state = self._shown | problem | {"sequence": self._sequence, "collector": collector}

    def _numbers(self, now: dt.datetime) -> dict[str, Any]:
        counts, recent, moment = self._reader.counts, self._reader.recent, microseconds(now)
        seconds = recent.per_second(moment)
        by_code: Counter[str] = Counter()
        for (code, _), clicks in counts.countries.items():
            if code is not None and code.isascii() and code.isalpha():
                by_code[code] += clicks
        return {
            "as_of": now.strftime("%H:%M:%S"),
            "day": str(self._reader.day),
            "is_whole": self._reader.is_whole,
            "missing": self._reader.missing,
            "clicks": counts.clicks,
            "events": counts.events,
            "sessions": recent.sessions(moment),
            "rate": sum(seconds[-_RATE_SECONDS:]) / _RATE_SECONDS,
            "seconds": seconds,
            "buttons": _top(counts.buttons, ""),
            "devices": _top(counts.devices, "unknown"),
            "countries": _top(counts.countries, "not shared"),
            "by_code": dict(by_code),
            "to_collector": self._to_collector.p50_p95(),
            "to_page": self._to_page.p50_p95(),
            "newest": [_newest(row) for row in recent.newest()],
        }


def _top(counter: Counter[Names], missing: str) -> list[tuple[str, int]]:
    """Return the names that are counted most; of a code and a name, the name."""
    order = sorted(counter.items(), key=lambda item: (-item[1], [part or "" for part in item[0]]))
    return [(names[-1] or names[0] or missing, number) for names, number in order[:_TOP]]


def _newest(row: dict[str, Any]) -> dict[str, str]:
    device, location = row["device"] or {}, row["location"] or {}
    parts = (device.get("type"), device.get("platform"), device.get("browser"))
    place = ", ".join(filter(None, (location.get("city"), location.get("country"))))
    return {
        "id": row["id"],
        "time": row["timestamp"].strftime("%H:%M:%S"),
        "button": row["button"],
        "place": place or "not shared",
        "device": " · ".join(filter(None, parts)) or "unknown",
    }


def live_dashboard(store: Store, collector: str = "") -> Live:
    """Return what happens in a store while it happens, as one widget.

    `collector` is the URL of a collector whose health is shown too; empty means none.
    """
    return Live(store, collector=collector)
