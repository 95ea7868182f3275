"""The acts of a rehearsal, where one goes wrong."""

import threading

import pytest

from clickkit.demo.rehearsal import Acts


@pytest.fixture
def acts(tmp_path):
    """Return acts without a stage, and what they say."""
    said = []
    made = Acts(None, tmp_path, said.append, threading.Event())
    made.said = said
    return made


def test_an_act_that_fails_is_counted_once_and_named(acts):
    """Its steps that went well were said; an error without words is named by its kind."""

    def _the_export():
        yield "export: begun"
        raise TimeoutError

    acts.play(_the_export)

    assert (acts.good, acts.bad) == (0, 1)
    assert acts.said[0].endswith("export: begun")
    assert acts.said[1] == "FAIL           the export: TimeoutError"


def test_an_act_of_many_steps_is_one_act(acts):
    """The summary counts acts, not lines."""

    def _report():
        yield "report: drawn"
        yield "report: downloaded"

    acts.play(_report)

    assert (acts.good, acts.bad) == (1, 0)
    assert [line.split("  ")[-1] for line in acts.said] == ["report: drawn", "report: downloaded"]
