"""Percentiles of the last clicks."""

from clickkit.live.latency import Latency


def test_nearest_rank_of_the_last_thousand():
    """Of 1 to 1,000 the median is 500 and the 95th percentile 950; older ones are forgotten."""
    latency = Latency()
    assert latency.p50_p95() is None

    latency.add(range(-5_000, 1_001))

    assert latency.p50_p95() == [500, 950]


def test_a_clock_that_is_ahead_counts_as_zero():
    """Nothing arrives before it happens."""
    latency = Latency()
    latency.add([-40.0, 3.0])

    assert latency.p50_p95() == [0, 3]
