"""Intervals show what is known, and how well."""

import re

import pandas as pd
import pytest

from clickkit.analysis import charts
from clickkit.analysis.drawing.figure import COLOURS


@pytest.fixture
def effects():
    """Return an effect above zero, one below, and two that were not shown."""
    return pd.DataFrame(
        {
            "segment": ["mobile", "desktop", "tablet", "bot"],
            "difference": [0.02, -0.03, 0.001, 0.1],
            "low": [0.01, -0.05, -0.01, None],
            "high": [0.03, -0.01, 0.012, None],
        }
    )


def test_a_forest_tells_effects_from_none(effects):
    """Above and below differ in colour, shown and not shown in being filled: also in print."""
    drawn = charts.forest(
        effects, x="difference", low="low", high="high", y="segment", title="Effect on conversion"
    ).svg()

    points = [part.split("/>")[0] for part in drawn.split('aria-roledescription="point"')[1:]]
    assert [f'fill="{COLOURS[0]}"' in point for point in points] == [True, False, False, False]
    assert [f'fill="{COLOURS[2]}"' in point for point in points] == [False, True, False, False]
    assert ['fill="' not in point.split("<text")[0] for point in points] == [False, False, True, True]
    assert ">+2.0 pp</text>" in drawn
    assert ">\u22125.0 to \u22121.0 pp</text>" in drawn


def test_intervals_are_written_beside_their_dots(effects):
    """A reference is a line of its own; a row without an interval has its value alone."""
    drawn = charts.intervals(
        effects,
        x="difference",
        low="low",
        high="high",
        y="segment",
        reference=0.05,
        number_format=".1%",
        title="t",
    ).svg()

    assert ">1.0% to 3.0%</text>" in drawn
    assert ">10.0%</text>" in drawn
    assert len(re.findall("% to [^<]*</text>", drawn)) == 3


def test_a_calibration_has_the_diagonal():
    """Both axes span the same."""
    table = pd.DataFrame({"p": [0.1, 0.3], "o": [0.12, 0.5], "low": [0.1, 0.4], "high": [0.2, 0.6]})

    drawn = charts.calibration(table, predicted="p", observed="o", low="low", high="high", title="t").svg()

    assert drawn.count(">60%</text>") == 2
    assert ">predicted</text>" in drawn
    assert ">observed</text>" in drawn


def test_a_row_is_named_by_several_columns_of_which_those_that_differ_are_written(effects):
    """The variant, the same in every row, is not."""
    named = effects.assign(variant="short", rule=["all", "all", "some", "some"])

    drawn = charts.forest(
        named, x="difference", low="low", high="high", y=["segment", "variant", "rule"], title="t"
    ).svg()

    assert ">mobile, all</text>" in drawn
    assert ">bot, some</text>" in drawn


def test_an_interval_may_be_open_at_one_end(effects):
    """Too few values have no upper limit: the label says so, and the line ends at the dot."""
    some = effects.assign(low=[0.01, -0.05, None, 0.05], high=[None, -0.01, 0.012, None])

    drawn = charts.intervals(
        some,
        x="difference",
        low="low",
        high="high",
        y="segment",
        reference=[0, 0.05],
        number_format=".1%",
        title="t",
    ).svg()

    assert ">1.0% or more</text>" in drawn
    assert ">up to 1.2%</text>" in drawn
    assert drawn.count("stroke-dasharray") == 2
