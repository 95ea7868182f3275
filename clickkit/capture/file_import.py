"""From a file of lines to the store: access logs, and events as lines of JSON."""

import gzip
from collections.abc import Callable, Iterable, Iterator
from itertools import tee
from pathlib import Path

import msgspec

from clickkit.capture.access_log import parse_combined
from clickkit.errors import InvalidEventError, SettingsError
from clickkit.event import Event, decode_event
from clickkit.storage.store import Store

Parser = Callable[[Iterable[str]], Iterator[Event | InvalidEventError]]

_PUT_EVENTS = 1_000


class RejectedLine(msgspec.Struct, frozen=True):
    """A line that is no event: its number in the file, counted from 1, the reason, and its text."""

    line: int
    reason: str
    text: str


class ImportedFile(msgspec.Struct, frozen=True):
    """What an import did: events that are durable now, those among them that were new, and bad lines."""

    stored: int
    new: int
    rejected: list[RejectedLine]


def parse_ndjson(lines: Iterable[str]) -> Iterator[Event | InvalidEventError]:
    """Yield, for each line of JSON, its event or why there is none."""
    for line in lines:
        try:
            yield decode_event(line)
        except InvalidEventError as error:
            yield error


PARSERS: dict[str, Parser] = {"combined": parse_combined, "ndjson": parse_ndjson}


def import_file(
    file: Path, parse: Parser, store: Store, *, watch: Callable[[Iterable[str]], Iterable[str]] = iter
) -> ImportedFile:
    """Put the events of a file into a store; a bad line is kept with its reason and stops nothing.

    A file that ends in `.gz` is unpacked. `watch` wraps the lines, for a progress bar.

    Raises:
        SettingsError: the file cannot be read.
        StoreError: the store failed; importing the file again goes on without doubling anything.
    """
    stored = new = 0
    batch: list[Event] = []
    rejected = []
    for number, (text, event) in enumerate(_parsed(file, parse, watch), start=1):
        if isinstance(event, InvalidEventError):
            rejected.append(RejectedLine(number, str(event), text.rstrip("\r\n")))
            continue
        batch.append(event)
        if len(batch) == _PUT_EVENTS:
            new, stored, batch = new + store.put(batch), stored + len(batch), []
    return ImportedFile(stored + len(batch), new + store.put(batch), rejected)


def _parsed(
    file: Path, parse: Parser, watch: Callable[[Iterable[str]], Iterable[str]]
) -> Iterator[tuple[str, Event | InvalidEventError]]:
    """Yield each line of a file with what became of it."""
    open_file = gzip.open if file.suffix == ".gz" else open
    try:
        with open_file(file, "rt", encoding="utf-8", errors="backslashreplace", newline="\n") as lines:
            texts, again = tee(watch(lines))
            yield from zip(texts, parse(again), strict=True)
    except OSError as error:
        raise SettingsError(f"cannot read {file}: {error}") from error
