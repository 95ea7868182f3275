"""The first of many patterns that a text has."""

import pytest

from clickkit.capture.patterns import Patterns


def test_the_first_in_the_list_counts():
    """Not the first in the text."""
    patterns = Patterns(["b+", "a", "b"])

    assert [patterns.first(text) for text in ("abbb", "A", "none: c")] == [0, 1, None]


@pytest.mark.parametrize(
    ("text", "expected"), [("robot", 0), ("cubot", 1), ("cubot 5", 1), ("(?<!cu)bot", 0), ("spider", 2)]
)
def test_what_stands_around_is_looked_at(text, expected):
    """The native engine cannot; a pattern that fails there leaves the others their turn."""
    patterns = Patterns([r"(?<!cu)bot(?![)\]] tab)", "cubot", "spider"])

    assert patterns.first(text) == expected


def test_case_counts_when_it_shall():
    """The crawlers' list tells `Wget` from other words by it."""
    assert Patterns(["Bot"], ignore_case=False).first("bot") is None
    assert Patterns(["Bot"]).first("bot") == 0


def test_something_may_stand_in_front_of_each():
    """So that a word is no part of another."""
    patterns = Patterns(["ab", "cd|e"], before=r"(?:^|[^a-z])")

    assert [patterns.first(text) for text in ("xab", "x ab", "xe", "-e")] == [None, 0, None, 1]


def test_an_empty_list_matches_nothing():
    """As a brand without models."""
    assert Patterns([]).first("anything") is None
