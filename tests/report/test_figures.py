"""Charts of many rows and of naughty names."""

import datetime as dt

import pytest

from clickkit import Location, export
from clickkit.report.figures import draw_figures
from clickkit.report.range import Range, read_range

DAY = dt.date(2026, 11, 22)
NAUGHTY = [
    "<script>alert(1)</script>",
    "\x00\x01\x1b",
    "undefined",
    "NULL",
    "\u202egnp.exe",
    "名前 🎉" * 40,
    "datum.x",
]


@pytest.fixture
def figures_of(sqlite_store, tmp_path):
    """Return a function that draws the figures of events."""

    def figures_of(events):
        sqlite_store.put(events)
        export(sqlite_store, tmp_path / "lake", DAY, DAY)
        asked = Range(DAY, DAY, "all")
        drawn = draw_figures(read_range(tmp_path / "lake", asked), asked, len(events), lambda _: None)
        return {one.title.split()[1].strip(":"): one for one in drawn}

    return figures_of


def test_the_first_ten_are_drawn_and_more_are_in_the_table(figures_of, make_event):
    """Four hundred at most, and then it is said."""
    drawn = figures_of([make_event(str(n), button=f"b{n:03d}") for n in range(405)])["button"]

    assert drawn.title == "By button: 405 clicks, top 10 of 405"
    assert ">b009</text>" in drawn.svg
    assert ">b010</text>" not in drawn.svg
    assert len(drawn.rows) == 400
    assert drawn.note == "The table shows the first 400 of 405 rows."


def test_names_are_text(figures_of, make_event):
    """Markup is escaped in the picture, and as it was in the table."""
    events = [
        make_event(str(n), button=text[:256], location=Location(city=text[:128], country=text[:128]))
        for n, text in enumerate(NAUGHTY * 5)
    ]

    drawn = figures_of(events)

    assert {row[0] for row in drawn["button"].rows} == {text[:256] for text in NAUGHTY}
    assert len(drawn["city"].rows) == len(NAUGHTY)
    assert "<script" not in "".join(one.svg for one in drawn.values())


def test_one_place_more_or_less_than_the_limit(figures_of, make_event):
    """Four visitors are suppressed, five are named."""
    places = {"Vík": 4, "Oslo": 5}
    events = [
        make_event(f"{city}{n}", visitor_id=f"v{n}", location=Location(city=city, country="X"))
        for city, visitors in places.items()
        for n in range(visitors)
    ]

    city = figures_of(events)["city"]

    assert city.rows == [["Oslo, X", "5"]]
    assert city.note == "Suppressed: 1 city of fewer than 5 visitors."
    assert "Vík" not in city.svg
