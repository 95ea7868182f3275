"""The lake by its plain definition: group by UTC day, first of each time and id, sort by both."""

import datetime as dt
import io
import tempfile
from collections import defaultdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clickkit import Device, Event, connect, export
from clickkit.event import SCHEMA
from clickkit.lake.export import export_nightly
from clickkit.lake.files import open_files
from clickkit.lake.layout import ROOT, part_name, partition
from clickkit.lake.part import write_part

MICROSECOND = dt.timedelta(microseconds=1)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MIDNIGHTS = [
    dt.datetime(year, month, day, tzinfo=dt.UTC)
    for year, month, day in [(1970, 1, 1), (2015, 7, 1), (2017, 1, 1), (2024, 2, 29), (2026, 11, 22)]
]
ENDS = [dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC)]
ZONES = [dt.UTC, dt.timezone(dt.timedelta(hours=14)), dt.timezone(-dt.timedelta(hours=9, minutes=30))]

moments = st.one_of(
    st.builds(
        lambda midnight, offset, zone: (midnight + offset * MICROSECOND).astimezone(zone),
        st.sampled_from(MIDNIGHTS),
        st.integers(-2, 2) | st.integers(-86_400_000_000, 86_400_000_000) | st.just(999_999),
        st.sampled_from(ZONES),
    ),
    st.sampled_from(ENDS),
)
clicks = st.builds(
    Event,
    id=st.sampled_from(["a", "A", "aa", "a#", "#", "ä", "😀", "\uffff", "a\x00", "\n", '"', "b", "c", "d"]),
    button=st.sampled_from(["Sign up", "Buy", "Größe"]),
    timestamp=moments,
    page_url=st.just("https://example.com/"),
    device=st.none() | st.just(Device(type="mobile")),
)
puts = st.lists(clicks, max_size=12)
exports = st.integers(0, len(MIDNIGHTS) - 1)
runs = st.lists(puts | exports, max_size=8)


def defined(received):
    """Return each day's events as the definition says."""
    days = defaultdict(dict)
    for event in received:
        days[event.timestamp.date()].setdefault((event.timestamp, event.id), event)
    return {day: [events[key] for key in sorted(events)] for day, events in days.items()}


def rows(events):
    """Return what is compared of events."""
    return [
        ((event.timestamp - EPOCH) // MICROSECOND, event.id, event.button, event.device and event.device.type)
        for event in events
    ]


def archived(files, day):
    """Return the same of a day's partition, whose bytes are those of its rows written at once."""
    content = files.read(f"{partition(day)}/{part_name(0)}")
    if content is None:
        return []
    table = pq.read_table(pa.BufferReader(content))
    again = io.BytesIO()
    write_part(part_name(0), table.to_batches(), SCHEMA, again)
    assert again.getvalue() == content
    kinds = [device and device["type"] for device in table["device"].to_pylist()]
    stamps = table["timestamp"].cast(pa.int64()).to_pylist()
    return list(zip(stamps, table["id"].to_pylist(), table["button"].to_pylist(), kinds, strict=True))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(runs)
def test_any_order_of_put_and_export_gives_the_lake_of_the_definition(run):
    """Repeats, late clicks, odd times, microseconds around midnights and leap seconds, empty days."""
    with tempfile.TemporaryDirectory() as folder:
        store, files = connect(f"sqlite:///{folder}/clicks.db"), open_files(Path(folder) / "lake")
        store.put([])
        received = []
        for step in run:
            if isinstance(step, list):
                store.put(step)
                received += step
                continue
            until = MIDNIGHTS[step].date()
            since = until - dt.timedelta(days=1)
            export(store, files.url, since, until)
            for day in (since, until):
                assert archived(files, day) == rows(defined(received).get(day, []))

        export_nightly(store, files.url, dt.date.max)

        expected = defined(received)
        assert {day: archived(files, day) for day in expected} == {
            day: rows(events) for day, events in expected.items()
        }
        assert files.parts(ROOT) == sorted(f"{partition(day)}/{part_name(0)}" for day in expected)
        store.close()
