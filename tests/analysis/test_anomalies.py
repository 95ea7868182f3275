"""Anomalies are rare on clean days, found on broken ones, and not made of what is unknown."""

import datetime as dt

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from clickkit.analysis.anomalies import anomalies
from clickkit.errors import SettingsError

MONDAY = dt.date(2026, 1, 5)
WEEK = np.array([100, 110, 120, 100, 90, 50, 40])
RUNS = 500


def daily(counts, start=MONDAY):
    """Return a relation of `run, date, clicks`: one row of counts a run, None for no row."""
    rows = [
        {"run": run, "date": start + dt.timedelta(days=day), "clicks": count}
        for run, series in enumerate(counts)
        for day, count in enumerate(series)
        if count is not None
    ]
    return duckdb.connect().from_arrow(pa.Table.from_pylist(rows))


def verdicts(found):
    """Return the last column."""
    return [row[-1] for row in found.fetchall()]


def test_expected_is_the_weekday_at_the_level_of_the_last_week():
    """Weeks all alike, then one day of half: by hand, Poisson's spread and t with 0.37 · 7 = 2.59 degrees."""
    counts = [int(count) for count in WEEK] * 2 + [50]

    *usual, last = anomalies(daily([counts]), count="clicks").fetchall()

    assert {row[-1] for row in usual} == {"too little history"}
    assert usual[0] == ("all", MONDAY, 100, None, None, None, 0, False, "too little history")
    # root(100.375) = 10.01873; spread = root(1 + pi/14) * 0.5 * root(1 + pi/4) = 0.73926; t = 6.85879
    assert last[:3] == ("all", dt.date(2026, 1, 19), 50)
    assert last[3:6] == pytest.approx([100, 24.11, 227.31], abs=0.005)
    assert last[6:] == (14, False, "usual")


def test_a_broken_day_is_low_and_a_doubled_one_high():
    """With six weeks of history half of a day is seen, and what stands after it is judged as before."""
    counts = [int(count) for count in WEEK] * 7
    counts[44], counts[46] = 20, 260

    found = verdicts(anomalies(daily([counts]), count="clicks"))

    assert found[14:44] == ["usual"] * 30
    assert found[44:] == ["low", "usual", "high", "usual", "usual"]


def test_no_row_is_absent_and_a_row_of_zero_is_a_count():
    """An absent day is judged by nobody, and is no history to others."""
    counts = [int(count) for count in WEEK] * 5
    counts[30], counts[31] = None, 0

    found = anomalies(daily([counts]), count="clicks").fetchall()

    assert found[30][2] is None
    assert found[30][3] == pytest.approx(120)
    assert [row[-2:] for row in found[29:33]] == [
        (False, "usual"),
        (True, "absent"),
        (True, "low"),
        (False, "usual"),
    ]
    assert found[32][6] == 31


def test_days_that_are_not_over_are_incomplete_unless_high_already():
    """And days up to the one that should be complete are absent when they have no row."""
    counts = [int(count) for count in WEEK] * 4 + [10, 400]
    last = MONDAY + dt.timedelta(days=27)

    found = verdicts(anomalies(daily([counts]), count="clicks", complete_until=last))
    assert found[27:] == ["usual", "incomplete", "high"]

    silent = anomalies(daily([counts[:28]]), count="clicks", complete_until=last + dt.timedelta(days=2))
    assert verdicts(silent)[27:] == ["usual", "absent", "absent"]


def test_two_of_the_same_weekday_are_needed():
    """Fourteen days of history do not help a Monday that was seen once."""
    counts = [int(count) for count in WEEK] * 4
    counts[7] = counts[0] = None

    found = anomalies(daily([[*counts]], MONDAY), count="clicks").fetchall()

    monday = next(row for row in found if row[1] == MONDAY + dt.timedelta(days=21))
    assert monday[6:] == (19, False, "too little history")


@pytest.mark.parametrize("spread", [None, 20])
def test_clean_days_alarm_no_more_often_than_said(spread):
    """500 clean series: at most 5 %, over all and each week, and three standard errors of 500 series."""
    random = np.random.default_rng(7)
    means = np.broadcast_to(10.0 * np.tile(WEEK, 5), (RUNS, 35))
    counts = random.poisson(means if spread is None else random.gamma(spread, means / spread))
    series = {"run": np.repeat(np.arange(RUNS), 35), "clicks": counts.ravel()}
    series["date"] = np.tile(np.datetime64(MONDAY) + np.arange(35), RUNS)

    found = anomalies(
        duckdb.connect().from_arrow(pa.table(series)), count="clicks", by="run", false_alarms=0.05
    ).df()

    judged = found[found["verdict"] != "too little history"]
    alarms = judged["verdict"].isin(["low", "high"])
    weeks = (judged["date"] - judged["date"].min()).dt.days // 7
    assert len(judged) == RUNS * 21
    assert alarms.groupby(weeks).mean().max() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / RUNS)
    assert alarms.mean() <= 0.05
    assert alarms.mean() > (0.003 if spread is None else 0.02)


def test_a_third_of_a_day_is_found():
    """Days that vary by a tenth and by chance: in 9 of 10 series, with five weeks of history."""
    random = np.random.default_rng(8)
    means = np.broadcast_to(10.0 * np.tile(WEEK, 6), (200, 42))
    counts = random.poisson(random.gamma(100, means / 100))
    counts[:, 37] //= 3

    found = anomalies(daily(counts.tolist()), count="clicks", by="run").df()

    broken = found[found["date"] == np.datetime64(MONDAY + dt.timedelta(days=37))]
    assert (broken["verdict"] == "low").mean() > 0.9


def test_rows_of_a_day_are_summed_and_segments_judged_apart():
    """As metrics.by_day has a row a source."""
    table = daily([[1, 2], [10, None, 30]])

    assert [row[2] for row in anomalies(table, count="clicks").fetchall()] == [11, 2, 30]
    assert [row[:3] for row in anomalies(table, count="clicks", by="run").fetchall()] == [
        (0, MONDAY, 1),
        (0, MONDAY + dt.timedelta(days=1), 2),
        (0, MONDAY + dt.timedelta(days=2), None),
        (1, MONDAY, 10),
        (1, MONDAY + dt.timedelta(days=1), None),
        (1, MONDAY + dt.timedelta(days=2), 30),
    ]


def test_bad_arguments_are_said():
    """With their value."""
    with pytest.raises(SettingsError, match="weeks is 1"):
        anomalies(daily([[1]]), count="clicks", weeks=1)
    with pytest.raises(SettingsError, match="false_alarms is 5"):
        anomalies(daily([[1]]), count="clicks", false_alarms=5)
    with pytest.raises(SettingsError, match="taps"):
        anomalies(daily([[1]]), count="taps")
