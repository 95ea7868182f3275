"""Charts are drawn here, and show what they were given."""

import datetime as dt

import duckdb
import pandas as pd
import pytest

from clickkit import SettingsError
from clickkit.analysis import charts

NAUGHTY = [
    "a\x00b",
    "<script>alert(1)</script>",
    "🎉" * 60,
    "\u202e\u0645\u0631\u062d\u0628\u0627",
    "#1d2129",
    "None",
    None,
]
EVERY = {
    "areas": {"x": "number", "y": "value", "colour": "name"},
    "bars": {"x": "value", "y": "name"},
    "calibration": {"predicted": "value", "observed": "value", "low": "low", "high": "high"},
    "columns": {"x": "name", "y": "value"},
    "distribution": {"x": "value"},
    "forest": {"x": "value", "low": "low", "high": "high", "y": "name"},
    "funnel": {"x": "value", "y": "name"},
    "intervals": {"x": "value", "low": "low", "high": "high", "y": "name"},
    "lines": {"x": "number", "y": "value", "colour": "name", "low": "low", "high": "high"},
    "retention": {"cohort": "name", "period": "number", "share": "value", "size": "number"},
    "world_map": {"x": "value", "country_code": "name", "y": "name"},
}
EACH = pytest.mark.parametrize("name", EVERY)


@pytest.fixture
def naughty():
    """Return a frame whose names come from visitors."""
    return pd.DataFrame(
        {
            "name": NAUGHTY,
            "number": range(len(NAUGHTY)),
            "value": [0.5, 0.25, None, 0.125, 0.1, 0.2, 0.3],
            "low": [0.25, 0.2, None, 0.1, None, 0.1, 0.2],
            "high": [0.75, 0.3, None, 0.2, 0.3, 0.3, 0.4],
        }
    )


def draw(name, table):
    """Draw a chart of some kind."""
    return getattr(charts, name)(table, title="Rates\x0b of visitors", **EVERY[name])


def test_every_chart_is_tried_here():
    """What is promised of charts is promised of all; a table is no picture."""
    assert {*EVERY, "Figure", "Listing", "table"} == set(charts.__all__)


@EACH
def test_names_of_visitors_are_text(name, naughty):
    """Neither markup nor a character that no SVG may hold reaches a page, and nothing ends the process."""
    drawn = draw(name, naughty).svg()

    assert "<script" not in drawn
    assert "\x00" not in drawn
    assert "Rates\ufffd of visitors" in drawn
    assert 'fill="currentColor"' in drawn


@EACH
def test_the_same_rows_are_the_same_bytes(name, naughty):
    """A notebook that runs again shows nothing new; a relation is drawn like a frame."""
    with duckdb.connect() as connection:
        relation = connection.from_df(naughty)
        first, second = draw(name, relation), draw(name, relation)

        assert first.svg() == second.svg() == draw(name, naughty).svg()
        assert first._repr_png_() == second._repr_png_()


@EACH
def test_a_table_without_rows_says_so(name, naughty):
    """An empty picture would look like a mistake."""
    figure = draw(name, naughty[:0])

    assert "Nothing to draw: the table has no rows." in figure.svg()
    assert repr(figure).endswith("visitors', 0 rows)")


@EACH
def test_a_column_that_is_not_there_is_named(name, naughty):
    """With those that are."""
    with pytest.raises(SettingsError, match="no column value to draw: choose from name, number, low, high"):
        draw(name, naughty.drop(columns="value"))


@EACH
def test_too_many_rows_are_refused(name):
    """But for a distribution, which counts them where they are."""
    with duckdb.connect() as connection:
        many = connection.sql(
            "select 'a' as name, range as number, range as value, 1 as low, 2 as high from range(5001)"
        )
        if name == "distribution":
            assert repr(draw(name, many)).endswith("5001 rows)")
        else:
            with pytest.raises(SettingsError, match="more than 5,000 rows are no picture: aggregate"):
                draw(name, many)


@pytest.fixture
def counts():
    """Return a small relation."""
    with duckdb.connect() as connection:
        yield connection.sql(
            "select * from (values ('Buy', 3, date '2026-11-21'), "
            "('<script>alert(1)</script>', 1, date '2026-11-22')) as t(button, clicks, date)"
        )


def test_bars_show_every_value_with_its_name(counts):
    """Labels stand beside the bars; text of others is text."""
    figure = charts.bars(counts, x="clicks", y="button", title="Clicks by button")

    drawn = figure.svg()

    assert ">Buy</text>" in drawn
    assert ">3</text>" in drawn
    assert "<script>" not in drawn
    assert "Clicks by button" in drawn
    assert repr(figure) == "Figure('Clicks by button', 2 rows)"


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "a\ufffeb", "a\x0bb"])
def test_a_character_that_no_svg_may_hold_is_replaced(text):
    """The library that draws would end the process, and with it every page of a kernel."""
    with duckdb.connect() as connection:
        named = connection.sql("select ? as button, 1 as clicks", params=[text])
        bars = charts.bars(named, x="clicks", y="button", title="t").svg()
        columns = charts.columns(named, x="button", y="clicks", title="t").svg()

    assert ">a\ufffdb</text>" in bars
    assert ">a\ufffdb</text>" in columns


def test_long_names_are_cut_between_characters_and_stay_apart():
    """An emoji at the edge is drawn whole or not at all; two names that begin alike are two bars."""
    names = ["🎉" * 60, "a" + "🎉" * 60, "x" * 40 + "1", "x" * 40 + "2", "short"]
    with duckdb.connect() as connection:
        table = connection.sql("select unnest(?) as button, 1 as clicks", params=[names])
        drawn = charts.bars(table, x="clicks", y="button", title="t").svg()

    assert f">{'🎉' * 13}…</text>" in drawn
    assert f">a{'🎉' * 12}…</text>" in drawn
    assert drawn.count(f">{'x' * 27}…") == 2
    assert drawn.count('aria-roledescription="bar"') == 5


def test_a_figure_takes_the_colour_of_its_page(counts):
    """Light or dark, the text can be read."""
    assert 'fill="currentColor"' in charts.bars(counts, x="clicks", y="button", title="t").svg()


def test_notebooks_get_a_png(counts):
    """A picture that every viewer shows, with the network off, at half its dots: sharp on every screen."""
    picture, shown = charts.bars(counts, x="clicks", y="button", title="t")._repr_png_()

    assert picture.startswith(b"\x89PNG")
    assert int.from_bytes(picture[16:20]) in (2 * shown["width"], 2 * shown["width"] + 1)


def test_columns_over_days_are_stacked_by_colour(counts):
    """Days are written as days."""
    drawn = charts.columns(counts, x="date", y="clicks", colour="button", order=["Buy"], title="By day").svg()

    assert ">21 Nov</text>" in drawn
    assert dt.date(2026, 11, 21).isoformat() not in drawn.split("aria-label")[0]


def test_a_figure_can_be_saved(counts, tmp_path):
    """The ending says how."""
    figure = charts.columns(counts, x="button", y="clicks", title="t")

    figure.save(tmp_path / "chart.svg")
    figure.save(tmp_path / "chart.png")

    assert "<svg" in (tmp_path / "chart.svg").read_text()
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")
