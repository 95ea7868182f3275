"""Lines are named where they end, and say what is unusual."""

import datetime as dt
import re

import pandas as pd
import pytest

from clickkit import SettingsError
from clickkit.analysis import charts


@pytest.fixture
def daily():
    """Return ten days with an outage."""
    return pd.DataFrame(
        {
            "date": pd.date_range("2026-11-01", periods=10),
            "clicks": [100, 104, 98, 101, 20, 99, 103, 100, 98, 1102],
            "low": [90] * 10,
            "high": [110] * 10,
            "is_unusual": [False] * 4 + [True] + [False] * 4 + [None],
        }
    )


def test_unusual_days_have_a_ring_with_their_value_and_events_a_line(daily):
    """The value stands below a trough; a null is not unusual; the band is drawn behind."""
    figure = charts.lines(
        daily,
        x="date",
        y="clicks",
        low="low",
        high="high",
        marked="is_unusual",
        events={dt.date(2026, 11, 5): "outage <b>"},
        title="Clicks a day (UTC)",
    )
    drawn = figure.svg()

    assert ">20</text>" in drawn
    assert ">1,102</text>" not in drawn
    assert ">outage &lt;b></text>" in drawn or ">outage &lt;b&gt;</text>" in drawn
    assert ">1 Nov</text>" in drawn
    assert drawn.count('aria-roledescription="area mark"') == 1


def test_series_are_named_at_the_end_and_their_names_do_not_overlap(daily):
    """Two lines that end together have their names one above the other."""
    both = pd.concat([daily.assign(channel=name) for name in ("search", "direct")])

    drawn = charts.lines(both, x="date", y="clicks", colour="channel", title="t").svg()

    heights = [
        float(re.search(rf"translate\(538,([\d.]+)\)[^>]*>{name}<", drawn)[1])
        for name in ("search", "direct")
    ]
    assert abs(heights[0] - heights[1]) == pytest.approx(16, abs=0.1)


def test_more_series_than_colours_are_refused(daily):
    """Nobody tells eight lines apart."""
    many = pd.concat([daily.assign(channel=f"c{number}") for number in range(8)])

    with pytest.raises(SettingsError, match="8 series cannot be told apart: draw 7 at most"):
        charts.lines(many, x="date", y="clicks", colour="channel", title="t")


def test_events_that_are_no_moments_are_refused(daily):
    """They would lie nowhere."""
    with pytest.raises(SettingsError, match="do not lie on the axis"):
        charts.lines(daily, x="date", y="clicks", events={"soon": "launch"}, title="t")


def test_areas_are_stacked_and_a_missing_row_counts_nothing():
    """Each area stands on those before it in the order of the palette."""
    table = pd.DataFrame({"hour": [0, 1, 0], "clicks": [3, 5, 2], "device": ["mobile", "mobile", "desktop"]})

    drawn = charts.areas(
        table, x="hour", y="clicks", colour="device", order=["desktop", "mobile"], title="t"
    ).svg()

    assert drawn.count('aria-roledescription="area mark"') == 2
    assert ">desktop</text>" in drawn
    assert ">6</text>" in drawn


def test_names_along_the_axis_keep_the_order_of_their_rows():
    """Steps are in the order of the funnel, not of the alphabet."""
    steps = pd.DataFrame({"step": ["view", "buy", "pay"], "share": [1.0, 0.5, 0.25]})

    drawn = charts.lines(steps, x="step", y="share", title="Share of visitors").svg()

    assert re.findall(r">(view|buy|pay)<", drawn) == ["view", "buy", "pay"]


def test_a_null_among_whole_numbers_is_a_gap(daily):
    """DuckDB hands them to pandas as numbers whose null is no nan."""
    whole = daily.assign(clicks=daily["clicks"].astype("Int64").where(daily["clicks"] != 100))

    drawn = charts.lines(whole, x="date", y="clicks", marked="is_unusual", title="Clicks a day (UTC)").svg()

    assert ">20</text>" in drawn


def test_a_value_to_compare_with_is_a_dashed_line_on_the_axis(daily):
    """The axis reaches to it."""
    plain = charts.lines(daily.head(9), x="date", y="clicks", title="t").svg()
    drawn = charts.lines(daily.head(9), x="date", y="clicks", reference=200, title="t").svg()

    assert drawn.count('stroke-dasharray="4,3"') == plain.count('stroke-dasharray="4,3"') + 1
    assert ">200</text>" in drawn
    assert ">200</text>" not in plain


def test_a_value_at_the_bottom_stands_beside_its_ring(daily):
    """Below it would stand on the axis."""
    low = daily.assign(clicks=[100, 104, 98, 101, 1, 99, 103, 100, 98, 102])
    drawn = charts.lines(low, x="date", y="clicks", marked="is_unusual", title="t").svg()

    label = next(part for part in drawn.split("<text") if ">1</text>" in part and "bold" in part)
    assert 'text-anchor="start"' in label
