"""Retention is a triangle of shares."""

import datetime as dt

import pandas as pd

from clickkit.analysis import charts


def test_each_cohort_has_the_weeks_that_have_come():
    """Each cell is labelled; the size stands beside the cohort; a null has no cell."""
    table = pd.DataFrame(
        {
            "cohort": [
                dt.date(2026, 11, 2),
                dt.date(2026, 11, 2),
                dt.date(2026, 11, 9),
                dt.date(2026, 11, 9),
            ],
            "period": [0, 1, 0, 1],
            "share": [1.0, 0.256, 1.0, None],
            "visitors": [1200, 1200, 90, 90],
        }
    )

    drawn = charts.retention(
        table, cohort="cohort", period="period", share="share", size="visitors", title="t"
    ).svg()

    for text in ("2 Nov 2026", "n = 1,200", "26%", "n = 90", "weeks after the first"):
        assert f">{text}</text>" in drawn
    assert drawn.count(">100%</text>") == 2
    assert drawn.count('aria-roledescription="rect mark"') == 3
