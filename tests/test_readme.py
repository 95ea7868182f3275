"""What the README says is what the program does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import clickkit

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text()


def block(language, number=0):
    """Return a fenced block of the README."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)[number]


def test_the_ten_lines_print_what_stands_below_them(tmp_path):
    """The first thing that a reader tries."""
    done = subprocess.run(
        [sys.executable, "-c", block("python")], cwd=tmp_path, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == block("text")
    assert (tmp_path / "data" / "readme.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("line", re.findall(r"^\$ (clickkit [a-z]+(?: create)?)", README, re.MULTILINE))
def test_every_command_exists(line):
    """A command that is named can be run."""
    program = str(Path(sys.executable).with_name("clickkit"))

    assert subprocess.run([program, *line.split()[1:], "--help"], capture_output=True).returncode == 0


def test_every_make_target_exists():
    """A target that is named can be made."""
    makefile = (PROJECT / "Makefile").read_text()

    for target in set(re.findall(r"`make ([a-z-]+)`|^\$ make ([a-z-]+)", README, re.MULTILINE)):
        assert re.search(rf"^{''.join(target)}:", makefile, re.MULTILINE)


def test_every_file_exists():
    """Links and pictures lead somewhere."""
    for path in re.findall(r'(?:\]\(|src="|srcset=")([\w./-]+\.\w+)', README):
        assert (PROJECT / path).exists(), path


def test_the_public_names_are_those_that_are_listed():
    """Each has a docstring, and a star import is complete."""
    for name in clickkit.__all__:
        assert getattr(clickkit, name).__doc__
    with pytest.raises(AttributeError, match="nothing_like_it"):
        clickkit.nothing_like_it  # noqa: B018
