"""`clickkit ask` prints an answer, or the statement for another engine."""

import datetime as dt
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clickkit import export
from clickkit.cli import app
from clickkit.commands.asking import ask as ask_command


@pytest.fixture
def lake(sqlite_store, make_event, tmp_path):
    """Return a lake of two days."""
    pay = make_event("b", button="Pay", timestamp=make_event().timestamp.replace(day=23))
    sqlite_store.put([make_event("a"), pay])
    export(sqlite_store, tmp_path / "lake", "2026-11-22", "2026-11-23")
    return str(tmp_path / "lake")


def ask(*arguments):
    """Run the command; return its exit status and what it printed."""
    done = CliRunner().invoke(app, ["ask", *arguments])
    return done.exit_code, done.output


def test_an_answer_is_a_table(lake):
    """Of the days that were asked for."""
    status, printed = ask("metrics.by_button", "--lake", lake, "--since", "2026-11-23")

    assert status == 0
    assert printed.split() == ["button", "clicks", "visitors", "share", "Pay", "1", "0", "1.0"]


def test_a_question_has_options(lake):
    """As NAME=VALUE."""
    status, printed = ask("channels.buttons_over_time", "-o", "every=week", "-o", "top=1", "--lake", lake)

    assert status == 0
    assert [line.split()[:2] for line in printed.splitlines()[1:]] == [["2026-11-23", "Pay"]]


def test_days_in_words_are_handed_on(lake):
    """To a question that asks for them itself."""
    status, printed = ask("metrics.by_each_day", "--lake", lake, "--since", "2026-11-22", "--until", "today")

    assert status == 0
    assert printed.splitlines()[-1].split()[0] == str(dt.datetime.now(dt.UTC).date())


def test_the_example_of_its_help_can_be_pasted(lake):
    """Into a shell, with its quotes."""
    _, example = ask_command.__doc__.split("Example: ")
    clickkit = shlex.quote(str(Path(sys.executable).with_name("clickkit")))
    command = example.strip().replace("clickkit", clickkit, 1)

    done = subprocess.run(
        ["sh", "-c", f"{command} --lake {shlex.quote(lake)}"], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.stdout.startswith("no rows of channel")


def test_the_statement_for_another_engine_is_printed():
    """Nothing is asked, so no lake is needed."""
    status, printed = ask("metrics.by_button", "--sql", "spark", "--since", "2026-11-23")

    assert status == 0
    assert printed.startswith("WITH `t0` AS (")
    assert "`year` >= 2026" in printed


def test_without_a_question_all_are_listed():
    """With the first line of what they say of themselves."""
    status, printed = ask()

    assert status == 0
    assert "metrics.by_button" in printed
    assert "Return `button, clicks, visitors, share`" in printed


def test_an_option_without_a_value_is_refused(lake):
    """As every mistake: with what to write."""
    done = CliRunner().invoke(app, ["ask", "metrics.by_city", "-o", "at_least", "--lake", lake])

    assert done.exit_code == 1
    assert "option 'at_least' has no value: write NAME=VALUE" in str(done.exception)
