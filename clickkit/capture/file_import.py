"""From a file of lines to the store: access logs, events as lines of JSON, and tables as CSV."""

import datetime as dt
import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import tee
from pathlib import Path
from typing import BinaryIO

import msgspec

from clickkit.capture.access_log import parse_combined
from clickkit.capture.csv_lines import parse_csv
from clickkit.capture.enrichment import round_and_name
from clickkit.errors import InvalidEventError, SettingsError
from clickkit.event import Event, decode_event
from clickkit.storage.store import Store

Parser = Callable[[Iterable[str]], Iterator[Event | InvalidEventError | None]]
"""Yields for each line its event, why there is none, or None when it is not meant to be one."""

_PUT_EVENTS = 1_000
_SHOWN_LINES = 10
_SHOWN_CHARACTERS = 200


class RejectedLine(msgspec.Struct, frozen=True):
    """A line that is no event: its number in the file, counted from 1, the reason, and its text."""

    line: int
    reason: str
    text: str


class ImportedFile(msgspec.Struct, frozen=True):
    """What an import did: events that are durable now, those of them that were new, bad lines, and days.

    `days` are the first and the last UTC day of the events, or None when there was no event.
    """

    stored: int
    new: int
    rejected: int
    days: tuple[dt.date, dt.date] | None


class RejectedLines:
    """A file of rejected lines, made when the first one comes, and the first few to show."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first: list[str] = []
        self._file: BinaryIO | None = None

    def add(self, line: RejectedLine) -> None:
        """Keep a line with its reason; what is shown of it has no control characters."""
        if self._file is None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("wb")
            except OSError as error:
                raise SettingsError(
                    f"cannot keep rejected lines: {error}; choose a file with --rejected"
                ) from error
        self._file.write(msgspec.json.encode(line) + b"\n")
        if len(self.first) < _SHOWN_LINES:
            self.first.append(
                f"  line {line.line}: {line.reason}: {ascii(line.text[:_SHOWN_CHARACTERS])[1:-1]}"
            )

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def parse_ndjson(lines: Iterable[str]) -> Iterator[Event | InvalidEventError]:
    """Yield, for each line of JSON, its event, with its position rounded, or why there is none."""
    for line in lines:
        try:
            event = decode_event(line)
        except InvalidEventError as error:
            yield error
        else:
            yield msgspec.structs.replace(event, location=round_and_name(event.location))


PARSERS: dict[str, Parser] = {"combined": parse_combined, "csv": parse_csv, "ndjson": parse_ndjson}


def import_file(
    file: Path,
    parse: Parser,
    store: Store,
    *,
    reject: Callable[[RejectedLine], None],
    watch: Callable[[Iterable[str]], Iterable[str]] = iter,
) -> ImportedFile:
    """Put the events of a file into a store; a bad line is handed to `reject` and stops nothing.

    A file that ends in `.gz` is unpacked. `watch` wraps the lines, for a progress bar.

    Raises:
        SettingsError: the file cannot be read.
        StoreError: the store failed; importing the file again goes on without doubling anything.
    """
    stored = new = rejected = 0
    batch: list[Event] = []
    days = None
    for number, (text, event) in enumerate(_parsed(file, parse, watch), start=1):
        if isinstance(event, InvalidEventError):
            rejected += 1
            reject(RejectedLine(number, str(event), text.rstrip("\r\n")))
            continue
        if event is None:
            continue
        batch.append(event)
        days = (min(days[0], event.day), max(days[1], event.day)) if days else (event.day, event.day)
        if len(batch) == _PUT_EVENTS:
            new, stored, batch = new + store.put(batch), stored + len(batch), []
    return ImportedFile(stored + len(batch), new + store.put(batch), rejected, days)


def _parsed(
    file: Path, parse: Parser, watch: Callable[[Iterable[str]], Iterable[str]]
) -> Iterator[tuple[str, Event | InvalidEventError | None]]:
    """Yield each line of a file with what became of it."""
    open_file = gzip.open if file.suffix == ".gz" else open
    try:
        lines = open_file(file, "rt", encoding="utf-8", errors="backslashreplace", newline="\n")
    except OSError as error:
        raise _unreadable(file, error) from error
    with lines:
        texts, again = tee(watch(_read(file, lines)))
        yield from zip(texts, parse(again), strict=True)


def _read(file: Path, lines: Iterable[str]) -> Iterator[str]:
    """Yield lines; a file that cannot be read or unpacked to its end is an error of ours."""
    try:
        yield from lines
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> SettingsError:
    return SettingsError(f"cannot read {file}: {error}")
