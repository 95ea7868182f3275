"""Numbers and names as people write them."""

import datetime as dt

import pandas as pd
import pytest

from clickkit.analysis.drawing.labels import short, written


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (1234, ",", "1,234"),
        (1234.0, ",", "1,234"),
        (0.1 + 0.2, ",", "0.3"),
        (1234.5678, ",", "1,235"),
        (0.1234, ".1%", "12.3%"),
        (-0.02, "+.1%", "\u22122.0%"),
        (0.02, "+.1%", "+2.0%"),
        (-0.02, "+.1pp", "\u22122.0 pp"),
        (float("nan"), ",", ""),
        (float("inf"), ",", ""),
        (None, ",", ""),
        (pd.NA, ",", ""),
    ],
)
def test_numbers_are_written_as_in_print(value, number_format, text):
    """Whole ones stay whole; a minus is no hyphen; what is not known has no number."""
    assert written(value, number_format) == text


def test_names_of_days_and_of_nothing():
    """A null is said in words, a day without its midnight."""
    names = [dt.date(2026, 11, 2), pd.Timestamp("2026-11-02 09:30"), None, float("nan"), pd.NaT, "None"]

    assert short(names[:3]) == ["2 Nov 2026", "2 Nov 2026 09:30", "not known"]
    assert [name.rstrip("\u200b") for name in short(names[3:])] == ["not known", "not known", "None"]


def test_addresses_of_one_site_lose_its_name_where_one_would_be_cut():
    """Else all would be the same; of two sites each keeps its name."""
    long = "https://shop.example/products/rucksack"

    assert short(["https://shop.example", "https://shop.example/a", long, None]) == [
        *("/", "/a", "/products/rucksack", "not known"),
    ]
    assert short(["https://shop.example/a"]) == ["https://shop.example/a"]
    assert short(["https://a.example/", long])[0] == "https://a.example/"
    assert short(["Home", long])[1] == "https://shop.example/produc…"
