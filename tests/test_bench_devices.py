"""The bench of devices measures on other people's cases."""

from collections import Counter
from pathlib import Path

import pytest

from bench.device_cases import crawler_cases, device_cases, sources
from bench.devices import accuracy
from clickkit.capture.device import detect_device

PAGE = (Path(__file__).parents[1] / "docs" / "devices.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def cases():
    """Return one case in twenty."""
    return [*device_cases(), *crawler_cases()][::20]


@pytest.mark.parametrize(
    ("kind", "least"), [("mobile", 0.99), ("tablet", 0.99), ("tv", 0.98), ("bot", 0.99), ("desktop", 0.9)]
)
def test_devices_have_the_right_type(cases, kind, least):
    """A new version of a list, or of a rule, may not undo what is published."""
    of_kind = [case for case in cases if case.type == kind]

    right = sum(detect_device(case.user_agent, case.hints).type == kind for case in of_kind)

    assert len(of_kind) > 20
    assert right >= least * len(of_kind)


def test_hardly_anybody_is_taken_for_a_bot(cases):
    """A person that is left out of the analyses is worse than a crawler in them."""
    people = [case for case in cases if case.type != "bot"]

    taken = [case for case in people if detect_device(case.user_agent, case.hints).is_bot]

    assert len(people) > 1500
    assert len(taken) <= 0.001 * len(people) + 1


def test_the_documented_table_is_the_benchs(cases):
    """Made of the installed packages, with a row for each kind."""
    table = list(accuracy(cases))
    counts = Counter(case.kind for case in [*device_cases(), *crawler_cases()])

    assert table[0] == f"Cases of {sources()}; share with the right type."
    assert table[0] in PAGE
    assert table[2] in PAGE
    for kind, count in counts.items():
        assert f"| {kind} | " in PAGE
        assert f" | {count:,} | " in PAGE
