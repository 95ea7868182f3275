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
