"""What the collector did since its start, in numbers that Prometheus reads."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from clickkit.capture.keeper import KeeperState
from clickkit.event import Event

CONTENT_TYPE = CONTENT_TYPE_LATEST.encode()

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_EVENTS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0)
_FIELDS = {field.encode_name for field in msgspec.structs.fields(Event)}


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
    """Counts of events by what became of them and of refused requests, sizes of batches, and seconds.

    `received` is the sum of accepted, rejected and suppressed events: those that have a final answer. A
    request that is refused as a whole, such as with 503, counts by its status, its events do not.
    """

    def __init__(self, state: Callable[[], KeeperState]) -> None:
        self.accepted = self.spooled = self.suppressed = 0
        self.rejected: Counter[str] = Counter()
        self.refused_requests: Counter[int] = Counter()
        self.batch_sizes = Histogram(_EVENTS)
        self.answer_seconds = Histogram(_SECONDS)
        self._state = state
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def reject(self, field: str) -> None:
        """Count an event refused at the door by its field; what names no field of an event is malformed."""
        name = field.partition(".")[0].partition("[")[0]
        self.rejected[name if name in _FIELDS else "malformed"] += 1

    def reject_stored(self, count: int) -> None:
        """Count events that the store refused."""
        self.rejected["store"] += count

    def exposition(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics, as prometheus_client asks for them."""
        state = self._state()
        received = self.accepted + self.rejected.total() + self.suppressed
        yield CounterMetricFamily(
            "clickkit_received", "Events that were accepted, rejected or suppressed.", received
        )
        yield CounterMetricFamily("clickkit_accepted", "Events acknowledged as durable.", self.accepted)
        yield _by_label(
            "clickkit_rejected",
            "Events refused for good, by the field at fault, or malformed, or store: refused by it.",
            "reason",
            self.rejected,
        )
        yield CounterMetricFamily(
            "clickkit_suppressed", "Events kept out by GPC or DNT; not stored.", self.suppressed
        )
        yield _by_label(
            "clickkit_refused_requests",
            "Requests of which nothing was taken, by the status of the answer.",
            "status",
            self.refused_requests,
        )
        yield CounterMetricFamily("clickkit_spooled", "Accepted events that went to the spool.", self.spooled)
        yield CounterMetricFamily("clickkit_drained", "Events put back from the spool.", state.drained)
        yield GaugeMetricFamily("clickkit_spool_bytes", "Bytes that wait in the spool.", state.spool_bytes)
        yield self.batch_sizes.family("clickkit_batch_size", "Events in one write.")
        yield self.answer_seconds.family("clickkit_answer_seconds", "Time from request to answer.")


def _by_label(name: str, meaning: str, label: str, counts: Mapping[str, int] | Mapping[int, int]) -> Metric:
    family = CounterMetricFamily(name, meaning, labels=[label])
    for value, count in counts.items():
        family.add_metric([str(value)], count)
    return family
