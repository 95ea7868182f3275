"""What the collector did since its start, in numbers that Prometheus reads."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from clickkit.event import Event

CONTENT_TYPE = b"text/plain; version=1.0.0; charset=utf-8"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_EVENTS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0)
_FIELDS = {field.encode_name for field in msgspec.structs.fields(Event)}


class SpoolState(msgspec.Struct, frozen=True):
    """The bytes that wait in the spool, the most it may hold, and the events drained since the start."""

    bytes: int
    most_bytes: int
    drained: int


class Histogram:
    """How often a value was at or below each bound."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def family(self, name: str, meaning: str) -> HistogramMetricFamily:
        """Return the counts, each with those of the smaller bounds, as Prometheus has them."""
        bounds = [*map(str, self._bounds), "+Inf"]
        buckets = list(zip(bounds, accumulate(self._counts), strict=True))
        return HistogramMetricFamily(name, meaning, buckets=buckets, sum_value=self._sum)


class Telemetry:
    """Counts of events by what became of them, sizes of written batches, and seconds per answer.

    `received` is the sum of accepted, rejected, suppressed and busy events.
    """

    def __init__(self, spool: Callable[[], SpoolState]) -> None:
        self.accepted = self.spooled = self.suppressed = self.busy = 0
        self.rejected: Counter[str] = Counter()
        self.batch_sizes = Histogram(_EVENTS)
        self.answer_seconds = Histogram(_SECONDS)
        self._spool = spool
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def reject(self, field: str) -> None:
        """Count a rejected event by its field; whatever names no field of an event is malformed."""
        name = field.partition(".")[0].partition("[")[0]
        self.rejected[name if name in _FIELDS else "malformed"] += 1

    def exposition(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics, as prometheus_client asks for them."""
        spool = self._spool()
        rejected = CounterMetricFamily(
            "clickkit_rejected", "Events refused for good, by field.", labels=["reason"]
        )
        for reason, count in self.rejected.items():
            rejected.add_metric([reason], count)
        received = self.accepted + self.rejected.total() + self.suppressed + self.busy
        yield CounterMetricFamily("clickkit_received", "Events that came in.", received)
        yield CounterMetricFamily("clickkit_accepted", "Events acknowledged as durable.", self.accepted)
        yield rejected
        yield CounterMetricFamily(
            "clickkit_suppressed", "Events kept out by GPC or DNT; not stored.", self.suppressed
        )
        yield CounterMetricFamily("clickkit_busy", "Events answered with 503; nothing was kept.", self.busy)
        yield CounterMetricFamily("clickkit_spooled", "Accepted events that went to the spool.", self.spooled)
        yield CounterMetricFamily("clickkit_drained", "Events put back from the spool.", spool.drained)
        yield GaugeMetricFamily("clickkit_spool_bytes", "Bytes that wait in the spool.", spool.bytes)
        yield self.batch_sizes.family("clickkit_batch_size", "Events in one write.")
        yield self.answer_seconds.family("clickkit_answer_seconds", "Time from request to answer.")
