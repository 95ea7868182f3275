"""A program of the show, as a real process."""

import sys
import threading

import pytest

from clickkit.demo.program import Program
from clickkit.errors import ClickkitError


@pytest.fixture
def make_program(tmp_path):
    """Return a function that makes a program of a Python text; it answers when its file is there."""

    def make(text):
        return Program(
            "example",
            [sys.executable, "-c", text],
            folder=tmp_path,
            log=tmp_path / "logs" / "example.log",
            environment={},
            answers=(tmp_path / "up").exists,
        )

    return make


def test_it_answers_is_started_again_and_ends_with_the_block(make_program, tmp_path, wait_until):
    """A crash is followed by a start; after the block nothing runs."""
    with make_program("import pathlib, time; pathlib.Path('up').touch(); time.sleep(600)") as program:
        program.wait(threading.Event())
        assert not program.revive()
        (tmp_path / "up").unlink()

        program.kill()
        wait_until(program.revive, "the fall to be seen")

        program.wait(threading.Event())
        assert program.status is None
    assert program.status is not None


def test_one_that_ends_at_once_is_said_with_its_last_words(make_program):
    """Nobody waits for it."""
    with (
        make_program("raise SystemExit('no such port')") as program,
        pytest.raises(ClickkitError, match="example ended by itself; see .*example.log:\nno such port"),
    ):
        program.wait(threading.Event())


def test_one_that_falls_again_and_again_is_given_up(make_program, wait_until):
    """The third fall within seconds of a start is an error, not a loop."""
    with make_program("raise SystemExit('broken')") as program:
        for _ in range(2):
            wait_until(program.revive, "a fall")
        wait_until(lambda: program.status is not None, "the third fall")
        with pytest.raises(ClickkitError, match="example ended by itself 3 times; see .*:\n.*broken"):
            program.revive()


def test_whoever_stops_waits_for_nothing(make_program):
    """Ctrl-C during the start ends it at once."""
    stop = threading.Event()
    stop.set()
    with make_program("import time; time.sleep(600)") as program:
        program.wait(stop)
        assert program.status is None
