"""Axes have few round numbers, and midnights in UTC."""

import pandas as pd
import pytest

from clickkit.analysis.drawing.axes import along, in_utc, round_ticks, value_axis


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0, 583], [0, 200, 400, 600]),
        ([0.11, 0.37], [0.1, 0.2, 0.3, 0.4]),
        ([-0.05, 0.032], [-0.05, -0.025, 0, 0.025, 0.05]),
        ([0, 0], [0, 0.25, 0.5, 0.75, 1]),
        ([7, 7], [0, 2, 4, 6, 8]),
        ([-3, -3], [-3, -2, -1, 0]),
        ([float("nan")], [0, 0.25, 0.5, 0.75, 1]),
        ([], [0, 0.25, 0.5, 0.75, 1]),
    ],
)
def test_ticks_are_round_and_enclose_the_values(values, ticks):
    """Also when there is one value, or none."""
    assert round_ticks(values) == pytest.approx(ticks)


def test_days_have_their_ticks_at_midnight_in_utc():
    """Wherever the picture is drawn; of two months every week or so."""
    days = in_utc(pd.Series(pd.date_range("2026-10-26", periods=56, freq="D")))

    values = along(days, "date").to_dict()["axis"]["values"]

    assert [pd.Timestamp(value, unit="ms") for value in values] == list(
        pd.date_range("2026-10-26", periods=8, freq="7D")
    )


@pytest.mark.parametrize(
    ("ticks", "number_format", "written"),
    [
        ([0.4, 0.5, 0.6], ".1%", ".0%"),
        ([0.025, 0.05, 0.075], ".0%", ".1%"),
        ([-0.015, -0.01, -0.005], "+.4f", "+,.3f"),
        ([0.45, 0.5, 0.55], ".3f", ",.2f"),
        ([0, 2.5, 5], ",", ",.1f"),
        ([0, 200, 400], ",", ",.0f"),
    ],
)
def test_an_axis_has_no_more_decimals_than_its_ticks(ticks, number_format, written):
    """Also where a step is no exact number: 0.5 - 0.4."""
    assert value_axis(ticks, number_format)["axis"].to_dict()["format"] == written


def test_zero_has_no_sign():
    """A difference of +0 % would be one."""
    axis = value_axis([-0.1, 0, 0.1], "+.1%")["axis"].to_dict()

    assert axis["labelExpr"] == "format(datum.value, datum.value == 0 ? '.0%' : '+.0%')"
    axis = value_axis([-0.1, 0, 0.1], "+.1pp")["axis"].to_dict()
    assert axis["labelExpr"] == "format(datum.value * 100, datum.value == 0 ? ',.0f' : '+,.0f') + ' pp'"
