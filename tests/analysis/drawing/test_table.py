"""A table is read by people: formats, sides, and names of visitors as text."""

import datetime as dt

import duckdb
import pandas as pd
import pytest

from clickkit import SettingsError
from clickkit.analysis import charts


@pytest.fixture
def rows():
    """Return two rows with every kind of cell."""
    return pd.DataFrame(
        {
            "button": ["<b>Pay</b>", None],
            "total_clicks": [1234, 5],
            "share": [0.25, None],
            "is_new": [True, False],
            "day": [dt.date(2026, 11, 2), dt.date(2026, 11, 3)],
        }
    )


def test_cells_are_as_people_write_them(rows):
    """Thousands, percentages, days, yes and no; a null is a dash."""
    assert repr(charts.table(rows, share=".1%")) == (
        "button      total clicks  share  is new  day\n"
        "<b>Pay</b>         1,234  25.0%  yes     2 Nov 2026\n"
        "\u2013                      5      \u2013  no      3 Nov 2026"
    )


def test_a_relation_is_written_like_a_frame(rows):
    """With its rows in their order."""
    with duckdb.connect() as connection:
        assert repr(charts.table(connection.from_df(rows))) == repr(charts.table(rows))


def test_numbers_stand_right_and_markup_is_text(rows):
    """Names come from visitors; the table has the colours of its page."""
    html = charts.table(rows)._repr_html_()

    assert "&lt;b&gt;Pay&lt;/b&gt;" in html
    assert '<td style="text-align: right; padding: 0.3em 0.9em; vertical-align: top;">1,234</td>' in html
    assert '<th style="text-align: left; padding: 0.3em 0.9em; vertical-align: top;">button</th>' in html
    assert "color" not in html


def test_a_table_without_rows_has_its_headings(rows):
    """What would have been there."""
    assert repr(charts.table(rows[:0])) == "button  total clicks  share  is new  day"


def test_what_cannot_be_read_is_refused(rows):
    """A format of no column, more rows than anybody reads."""
    with pytest.raises(SettingsError, match="no column rate to format: choose from button, total_clicks"):
        charts.table(rows, rate=".1%")
    with pytest.raises(SettingsError, match="more than 5,000 rows"):
        charts.table(pd.DataFrame({"n": range(5001)}))
