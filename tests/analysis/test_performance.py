"""Percentiles are those of the values, and their intervals cover the truth."""

import datetime as dt

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from clickkit import Device, export, read_lake
from clickkit.analysis.performance import DELAY_MS, error_rate, latency_over_time, percentiles
from clickkit.errors import SettingsError

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
RUNS = 2000


@pytest.fixture
def events(sqlite_store, make_event, tmp_path):
    """Return twenty clicks that took 10 to 200 ms, the last five on the next day, and three errors."""
    desktop = Device(type="desktop")
    clicks = [
        make_event(
            f"c{number:02d}",
            duration_ms=10.0 * number,
            timestamp=NOON + dt.timedelta(days=number > 15),
            received_at=NOON + dt.timedelta(days=number > 15, milliseconds=number),
            session_id=f"s{number % 4}",
            **({"device": desktop} if number <= 10 else {}),
        )
        for number in range(1, 21)
    ]
    errors = [
        make_event(name, event="error", button=None, timestamp=NOON, session_id=session)
        for name, session in (("e1", "s1"), ("e2", "s1"), ("e3", "s2"))
    ]
    sqlite_store.put(clicks + errors)
    export(sqlite_store, tmp_path / "lake", "2026-11-21", "2026-11-22")
    return read_lake(tmp_path / "lake")


def test_percentiles_are_values_with_limits_of_their_rank(events):
    """Of 20 values the median's limits are the 6th and the 15th, which cover it with 95.86 %."""
    assert percentiles(events).fetchall() == [
        ("all", 0.5, 100.0, 60.0, 150.0, 20, pytest.approx(0.958611, abs=1e-6)),
        ("all", 0.75, 150.0, 110.0, 190.0, 20, pytest.approx(0.961823, abs=1e-6)),
        ("all", 0.95, 190.0, 170.0, None, 20, pytest.approx(0.984098, abs=1e-6)),
        ("all", 0.99, 200.0, 190.0, None, 20, pytest.approx(0.983141, abs=1e-6)),
    ]


def test_percentiles_by_segment_and_of_an_expression(events):
    """Ten a device; the delay is from happening to receipt; a segment may be null."""
    by_device = percentiles(events, by="device.type", at=[0.5]).fetchall()
    assert by_device == [
        ("desktop", 0.5, 50.0, 20.0, 90.0, 10, pytest.approx(0.978516, abs=1e-6)),
        ("mobile", 0.5, 150.0, 120.0, 190.0, 10, pytest.approx(0.978516, abs=1e-6)),
    ]
    delays = percentiles(events, value=DELAY_MS, by="location.city", at=[0.5])
    assert delays.fetchall()[0][:6] == (None, 0.5, 10.0, 6.0, 15.0, 20)


def test_without_values_there_is_no_percentile(events):
    """A row of nothing would be a number that nobody measured."""
    assert percentiles(events.filter("event = 'error'")).fetchall() == []


@pytest.mark.parametrize("count", [30, 200])
def test_the_intervals_cover_the_true_percentile(count):
    """In 2,000 runs as often as they say, give or take three binomial standard errors."""
    random = np.random.default_rng(6)
    values = random.lognormal(4, 1, size=(RUNS, count))
    table = pa.table({"run": np.repeat(np.arange(RUNS), count), "duration_ms": values.ravel()})
    truth = {0.5: np.exp(4), 0.75: np.exp(4 + 0.6744897501960817), 0.95: np.exp(4 + 1.6448536269514722)}

    found = percentiles(duckdb.connect().from_arrow(table), by="run", at=list(truth)).df()

    for share, true in truth.items():
        rows = found[found["percentile"] == share]
        covered = ((rows["low"].fillna(0) <= true) & (true <= rows["high"].fillna(np.inf))).mean()
        said = rows["coverage"].iloc[0]
        assert said >= 0.95
        assert abs(covered - said) < 3 * np.sqrt(said * (1 - said) / RUNS)


def test_latency_over_time(events):
    """A row a day and percentile; days without values have none."""
    second = NOON.replace(hour=0) + dt.timedelta(days=1)

    assert latency_over_time(events, at=[0.5]).fetchall() == [
        (NOON.replace(hour=0), 0.5, 80.0, 40.0, 120.0, 15, "p50"),
        (second, 0.5, 180.0, None, None, 5, "p50"),
    ]
    assert {row[-1] for row in latency_over_time(events, at=[0.075, 0.999]).fetchall()} == {"p7.5", "p99.9"}
    assert [row[0].hour for row in latency_over_time(events, every="hour", at=[0.5]).fetchall()] == [12, 12]


def test_error_rate(events):
    """Two of the first day's four sessions had an error, one of them two."""
    first, second = error_rate(events).fetchall()

    assert first[1:4] == (4, 2, 0.5)
    assert first[4:] == pytest.approx([0.150039, 0.849961], abs=1e-6)
    assert second[1:4] == (4, 0, 0.0)
    assert error_rate(events, unit=None).fetchall()[0][1:4] == (18, 3, pytest.approx(3 / 18))


def test_a_length_of_time_is_one_of_five(events):
    """And nothing else reaches the SQL."""
    with pytest.raises(SettingsError, match="every 'fortnight'"):
        latency_over_time(events, every="fortnight")
