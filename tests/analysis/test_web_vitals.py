"""Web vitals are rated at the 75th percentile, by the published thresholds."""

import pytest

from clickkit import export, read_lake
from clickkit.analysis.web_vitals import PATH, web_vitals
from clickkit.errors import SettingsError


@pytest.fixture
def vitals(sqlite_store, make_event, tmp_path):
    """Return a function that stores metrics as (page, name, value) and returns the lake's events."""

    def vitals(*metrics):
        sqlite_store.put(
            [
                make_event(
                    str(place),
                    event="web-vital",
                    button=None,
                    page_url=f"https://example.com{page}",
                    properties={"name": name, "value": value},
                )
                for place, (page, name, value) in enumerate(metrics)
            ]
        )
        export(sqlite_store, tmp_path / "lake", "2026-11-22", "2026-11-22")
        return read_lake(tmp_path / "lake")

    return vitals


@pytest.mark.parametrize(
    ("name", "good", "fair"),
    [
        ("LCP", 2500, 4000),
        ("INP", 200, 500),
        ("CLS", 0.1, 0.25),
        ("FCP", 1800, 3000),
        ("TTFB", 800, 1800),
        ("FID", 100, 300),
    ],
)
def test_a_threshold_belongs_to_the_better_side(vitals, name, good, fair):
    """As web.dev has it: good is up to and with the first, poor is over the second."""
    events = vitals(
        ("/a", name, good), ("/b", name, good * 1.001), ("/c", name, fair), ("/d", name, fair * 1.001)
    )

    assert [row[-1] for row in web_vitals(events, at_least=1).fetchall()] == [
        "good",
        "needs improvement",
        "needs improvement",
        "poor",
    ]


def test_p75_of_each_page_without_query_and_fragment(vitals):
    """Four loads: the third value counts, and its upper limit would need more of them."""
    events = vitals(
        ("/?utm_source=x", "LCP", 1000),
        ("/#top", "LCP", 5000),
        ("/", "LCP", 2000),
        ("/", "LCP", 3000),
        ("/cart", "CLS", 0.3),
        ("/cart", "LCP", 100),
    )

    assert web_vitals(events, at_least=2).fetchall() == [
        ("LCP", "https://example.com/", 3000.0, 1000.0, None, 4, "needs improvement"),
        ("LCP", "https://example.com/cart", 100.0, None, None, 1, "too few"),
        ("CLS", "https://example.com/cart", 0.3, None, None, 1, "too few"),
    ]
    assert web_vitals(events, by=None, at_least=1).fetchall()[0][:3] == ("LCP", "all", 3000.0)


def test_a_value_that_is_no_number_is_left_out(vitals):
    """What a page sends may be anything."""
    values = ("fast", None, -1, 1e300, True, [1], "nan", "120")
    events = vitals(*(("/", "INP", value) for value in values), ("/", "XYZ", 1))

    assert web_vitals(events, by=None, at_least=1).fetchall() == [
        ("INP", "all", 120.0, None, None, 1, "good")
    ]


def test_too_few_starts_at_one(vitals):
    """A rating of nothing cannot be asked for."""
    with pytest.raises(SettingsError, match="at_least is 0"):
        web_vitals(vitals(("/", "LCP", 1)), at_least=0)


def test_a_path_is_a_page_without_its_site(vitals):
    """Nor its query; what is no address stays as it is."""
    events = vitals(("/a/b?x=https://y/", "LCP", 1), ("/", "LCP", 1), ("", "LCP", 1))

    assert sorted(row[1] for row in web_vitals(events, by=PATH).fetchall()) == ["", "/", "/a/b"]
