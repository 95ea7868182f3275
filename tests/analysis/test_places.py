"""A place is known only of many, and converts within its interval."""

import pytest

from clickkit import SettingsError
from clickkit.analysis import metrics, places
from clickkit.event import Location

OSLO = Location(country="Norway", country_code="NO", city="Oslo", latitude=59.9, longitude=10.7)
BERGEN = Location(country="Norway", country_code="NO", city="Bergen")
TOKYO = Location(country="Japan", country_code="JP", city="Tokyo")
GOAL = "button = 'Pay'"


@pytest.fixture
def events(relate, visit):
    """Return two visitors in Oslo, one in Bergen, one in Tokyo and one of unknown place, a session each."""
    return relate(
        [
            visit("a", 0, session_id="1", location=OSLO, language="nb-NO", timezone="Europe/Oslo"),
            visit("a", 1, session_id="1", location=OSLO, button="Pay", language="nb-NO"),
            visit("b", 0, session_id="2", location=OSLO, language="NB", timezone="Europe/Oslo"),
            visit("c", 0, session_id="3", location=BERGEN, language="en_GB", timezone="Europe/Oslo"),
            visit("d", 0, session_id="4", location=TOKYO, language="ja"),
            visit("e", 0, session_id="5"),
        ]
    )


def test_small_places_lose_their_names_and_no_event_is_lost(events):
    """A small city counts for its country, a small country for none; a large place keeps its position."""
    hidden = places.hide_small(events, at_least=2)

    assert hidden.columns == events.columns
    assert hidden.types == events.types
    assert metrics.by_place(hidden).fetchall() == [
        ("Norway", "Oslo", 3, 2),
        (None, None, 2, 2),
        ("Norway", None, 1, 1),
    ]
    assert hidden.filter("location.latitude is not null").count("*").fetchall() == [(3,)]
    assert hidden.filter("visitor_id = 'c'").project("location.country_code").fetchall() == [("NO",)]


def test_a_threshold_of_one_hides_nothing(events):
    """Every event has the place it had."""
    assert places.hide_small(events, at_least=1).order("id").fetchall() == events.order("id").fetchall()


def test_what_is_hidden_is_counted(events):
    """Two countries, one of them small; three cities, two of them small."""
    assert places.count_small(events, at_least=2).fetchall() == [("country", 2, 1), ("city", 3, 2)]


def test_a_country_converts_with_its_interval(events):
    """Wilson's interval of 1 in 3 and of 0 in 1."""
    assert places.conversion_by_country(events, goal=GOAL).fetchall() == [
        ("Norway", "NO", 3, 3, 1, pytest.approx(1 / 3), *map(near, (0.0615, 0.7923))),
        ("Japan", "JP", 1, 1, 0, 0.0, 0.0, near(0.7935)),
        (None, None, 1, 1, 0, 0.0, 0.0, near(0.7935)),
    ]


def near(value):
    """Return a number to four digits."""
    return pytest.approx(value, abs=5e-5)


def test_languages_are_without_their_region(events):
    """Capitals and the separator do not matter; a rare one is left out, what is not known stays."""
    assert places.by_language(events).fetchall() == [
        ("nb", 3, 2, 2),
        ("en", 1, 1, 1),
        ("ja", 1, 1, 1),
        (None, 1, 1, 1),
    ]
    assert places.by_language(events, at_least=2).fetchall() == [("nb", 3, 2, 2), (None, 1, 1, 1)]


def test_time_zones_are_counted(events):
    """Three visitors told the same one."""
    assert places.by_time_zone(events).fetchall() == [("Europe/Oslo", 3, 3, 3), (None, 3, 3, 3)]


def test_what_cannot_be_is_refused(events):
    """A threshold below one, a goal that is no SQL."""
    with pytest.raises(SettingsError, match="at_least is 0"):
        places.hide_small(events, at_least=0)
    with pytest.raises(SettingsError, match="butten"):
        places.conversion_by_country(events, goal="butten = 'Pay'")


@pytest.mark.parametrize("tag", ["nb-NO", "en_US", "DE", "zh-Hant-TW", "-x", "_", "", None, "*", "日本語"])
def test_a_language_is_the_same_in_python_and_sql(relate, visit, tag):
    """Its first tag, in small letters."""
    answer = places.by_language(relate([visit("v", 0, language=tag)])).project("language")

    assert answer.fetchall() == [(places.language_of(tag),)]
