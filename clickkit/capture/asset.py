"""The JavaScript, CSS, HTML and SVG files beside this one."""

import re
from pathlib import Path

_SPACES = re.compile(r" (=>|={1,3}) ")
_COMMENT = re.compile(r"(^\s*|(?<=[;,{]) )// .*|^\s*//$")


def read_asset(name: str) -> str:
    """Return the text of a file by its name, such as `tracker.js` or `icons/google.svg`."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def read_script(*names: str) -> str:
    """Return JavaScript files as one, without comments, empty lines, indentation and some spaces.

    A comment begins a line, or follows a space and one of `;,{`. The spaces are those around arrows and
    equals signs, which no string of ours has.
    """
    lines = (_COMMENT.sub("", line).strip() for name in names for line in read_asset(name).splitlines())
    return _SPACES.sub(r"\1", "".join(f"{line}\n" for line in lines if line))
