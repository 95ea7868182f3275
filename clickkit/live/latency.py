"""How long clicks take, from the visitor's finger to this page."""

import math
from collections import deque
from collections.abc import Iterable, Sequence

_LAST = 1000


class Latency:
    """Milliseconds of the last 1,000 clicks."""

    def __init__(self) -> None:
        self._milliseconds: deque[float] = deque(maxlen=_LAST)

    def add(self, milliseconds: Iterable[float]) -> None:
        """Add measurements; one below zero, from a clock that is ahead, counts as zero."""
        self._milliseconds.extend(max(0.0, one) for one in milliseconds)

    def p50_p95(self) -> list[float] | None:
        """Return median and 95th percentile, or None without a measurement."""
        measured = sorted(self._milliseconds)
        return [percentile(measured, 0.5), percentile(measured, 0.95)] if measured else None


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile: the smallest value that `share` of all do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
