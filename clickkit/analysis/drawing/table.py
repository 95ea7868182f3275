"""A table that shows itself: numbers as people write them, names at the left, numbers at the right."""

import html
from typing import Any

from clickkit.analysis.drawing.labels import is_missing, named, written
from clickkit.analysis.drawing.rows import Table, drawable
from clickkit.errors import SettingsError

_CELL = "padding: 0.3em 0.9em; vertical-align: top;"


class Listing:
    """Rows of text under headings; it shows itself as HTML in the colours of its page, and as plain text."""

    def __init__(self, headings: list[str], rows: list[list[str]], is_number: list[bool]) -> None:
        self._headings = headings
        self._rows = rows
        self._sides = ["right" if number else "left" for number in is_number]

    def _repr_html_(self) -> str:
        """Return the table as HTML without colours of its own."""
        head = "".join(self._written("th", *cell) for cell in zip(self._headings, self._sides, strict=True))
        body = "\n".join(f"<tr>{self._line(row)}</tr>" for row in self._rows)
        return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"

    def __repr__(self) -> str:
        """Return the table as lines of text."""
        columns = list(zip(self._headings, *self._rows, strict=True))
        widths = [max(map(len, column)) for column in columns]
        padded = [
            "  ".join(
                cell.rjust(width) if side == "right" else cell.ljust(width)
                for cell, width, side in zip(row, widths, self._sides, strict=True)
            ).rstrip()
            for row in [self._headings, *self._rows]
        ]
        return "\n".join(padded)

    def _line(self, row: list[str]) -> str:
        return "".join(self._written("td", *cell) for cell in zip(row, self._sides, strict=True))

    @staticmethod
    def _written(tag: str, text: str, side: str) -> str:
        return f'<{tag} style="text-align: {side}; {_CELL}">{html.escape(text)}</{tag}>'


def table(rows: Table, /, **number_formats: str) -> Listing:
    """Return a table to read, with all rows and columns in their order.

    `number_formats` gives a column one of Python's formats, such as `conversion=".1%"` or `seconds=",.1f"`,
    or percentage points, as in `difference="+.1pp"`; other numbers have thousands marked, and four digits.
    A null is a dash. Headings are the names of the columns.

    Raises:
        SettingsError: a column does not exist, or the table has more rows than anybody reads.
    """
    if unknown := [name for name in number_formats if name not in rows.columns]:
        there = ", ".join(rows.columns)
        raise SettingsError(f"no column {', '.join(unknown)} to format: choose from {there}")
    frame = drawable(rows, *rows.columns)
    is_number = [frame[name].dtype.kind in "iuf" for name in frame.columns]
    columns = [
        [_cell(value, number_formats.get(name, ",") if number else None) for value in frame[name]]
        for name, number in zip(frame.columns, is_number, strict=True)
    ]
    headings = [name.replace("_", " ") for name in frame.columns]
    return Listing(headings, [list(row) for row in zip(*columns, strict=True)], is_number)


def _cell(value: Any, number_format: str | None) -> str:
    if is_missing(value):
        return "\u2013"
    if number_format is not None:
        return written(value, number_format)
    return named(value) if not isinstance(value, bool) else "yes" if value else "no"
