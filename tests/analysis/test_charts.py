"""Charts are drawn here, and show what they were given."""

import datetime as dt

import duckdb
import pytest

from clickkit.analysis import charts


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
    """A picture that every viewer shows, with the network off."""
    assert charts.bars(counts, x="clicks", y="button", title="t")._repr_png_().startswith(b"\x89PNG")


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
