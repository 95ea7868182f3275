"""What Prometheus reads."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from clickkit.capture.keeper import KeeperState
from clickkit.capture.telemetry import CONTENT_TYPE, Histogram, Telemetry


@pytest.fixture
def telemetry():
    """Return telemetry of a keeper whose spool holds 7 bytes, and that put 5 events back."""
    return Telemetry(lambda: KeeperState(store_is_away=True, spool_bytes=7, spool_most_bytes=9, drained=5))


def read(telemetry):
    """Return the samples as Prometheus' own parser has them."""
    families = text_string_to_metric_families(telemetry.exposition().decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_every_event_with_a_final_answer_is_received(telemetry):
    """Received is accepted plus rejected plus suppressed; what is spooled is accepted, too."""
    telemetry.accepted, telemetry.spooled, telemetry.suppressed = 10, 4, 2
    telemetry.reject("button")
    telemetry.reject_stored(3)

    samples = read(telemetry)

    assert samples["clickkit_received_total",] == 16
    assert samples["clickkit_accepted_total",] == 10
    assert samples["clickkit_spooled_total",] == 4
    assert samples["clickkit_suppressed_total",] == 2
    assert samples["clickkit_drained_total",] == 5
    assert samples["clickkit_spool_bytes",] == 7


def test_a_rejected_event_counts_by_its_field_or_as_malformed_or_by_the_store(telemetry):
    """A sender cannot make new labels, and what the store refused is not called malformed."""
    for field in ("location.latitude", "properties[0]", "", "$.evil", "button"):
        telemetry.reject(field)
    telemetry.reject_stored(2)

    rejected = {
        name[1]: value for name, value in read(telemetry).items() if name[0] == "clickkit_rejected_total"
    }

    assert rejected == {"location": 1, "properties": 1, "malformed": 2, "button": 1, "store": 2}


def test_a_refused_request_counts_by_its_status_and_its_events_do_not(telemetry):
    """An operator sees who is turned away, and why."""
    for status in (401, 413, 503, 503):
        telemetry.refused_requests[status] += 1

    samples = read(telemetry)

    assert samples["clickkit_refused_requests_total", "401"] == 1
    assert samples["clickkit_refused_requests_total", "413"] == 1
    assert samples["clickkit_refused_requests_total", "503"] == 2
    assert samples["clickkit_received_total",] == 0


def test_a_histogram_counts_what_is_at_or_below_each_bound():
    """As Prometheus has it: a bucket holds the smaller ones."""
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 2.0, 3.0):
        histogram.observe(value)

    (family,) = [histogram.family("sizes", "Sizes.")]

    values = {(sample.name, *sample.labels.values()): sample.value for sample in family.samples}
    assert values == {
        ("sizes_bucket", "1.0"): 2,
        ("sizes_bucket", "2.0"): 3,
        ("sizes_bucket", "+Inf"): 4,
        ("sizes_count",): 4,
        ("sizes_sum",): 6.5,
    }


def test_the_content_type_is_the_text_format_s():
    """With its version, as prometheus_client writes it."""
    assert CONTENT_TYPE.startswith(b"text/plain; version=")
