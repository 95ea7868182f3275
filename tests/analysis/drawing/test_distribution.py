"""A distribution counts every value once."""

import duckdb
import pytest

from clickkit import SettingsError
from clickkit.analysis import charts


@pytest.fixture
def times():
    """Return 1 to 100 ms, a zero, and a null."""
    with duckdb.connect() as connection:
        yield connection.sql("select cast(range as double) as ms from range(0, 101) union all select null")


def test_every_value_has_its_step_and_percentiles_have_names(times):
    """A null is no value."""
    figure = charts.distribution(
        times, x="ms", unit="ms", bins=10, quantiles=(0.5, 0.95), title="Response time"
    )
    drawn = figure.svg()

    assert repr(figure) == "Figure('Response time', 101 rows)"
    assert ">p50 50 ms</text>" in drawn
    assert ">p95 95 ms</text>" in drawn
    assert ">ms · 101 values</text>" in drawn
    assert sum(step["count"] for step in figure.chart.layer[0].data.values) == 101


def test_a_log_scale_says_what_it_cannot_show(times):
    """Zero has no logarithm; percentiles are still of all."""
    drawn = charts.distribution(times, x="ms", unit="ms", scale="log", title="t").svg()

    assert ">ms · 100 values, 1 left out</text>" in drawn
    assert ">p50 50 ms</text>" in drawn
    assert ">10</text>" in drawn


def test_one_value_is_one_column():
    """However often it comes."""
    with duckdb.connect() as connection:
        same = connection.sql("select 7 as ms from range(3)")

        assert charts.distribution(same, x="ms", title="t").chart.layer[0].data.values[0]["count"] == 3


def test_scales_and_steps_that_do_not_exist_are_refused(times):
    """With the value, and what to write."""
    with pytest.raises(SettingsError, match="no scale 'root': write linear or log"):
        charts.distribution(times, x="ms", scale="root", title="t")
    with pytest.raises(SettingsError, match="0 bins show nothing"):
        charts.distribution(times, x="ms", bins=0, title="t")


def test_the_names_of_percentiles_have_room_above_the_bars(times):
    """Two names take 32 of 200 pixels: 101 values in one step are drawn lower than that."""
    figure = charts.distribution(times, x="ms", bins=1, quantiles=(0.5, 0.95), title="t")

    bars = figure.chart.layer[0].to_dict()
    assert bars["encoding"]["y"]["scale"]["domain"] == [0, 150]
