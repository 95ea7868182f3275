"""Events from a table as CSV: a header of field names, and a row for each event."""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from clickkit.capture.device import USER_AGENT_LENGTH, detect_device
from clickkit.capture.enrichment import round_and_name
from clickkit.errors import InvalidEventError, SettingsError
from clickkit.event import Device, Event, Location, Screen, check_event

_NEEDED = ("timestamp", "pageUrl")
_AGENT = "userAgent"
_STRUCTS: dict[str, type[msgspec.Struct]] = {"device": Device, "location": Location, "screen": Screen}


def _names() -> dict[str, tuple[str, ...]]:
    """Return what a column may be called, such as `page_url`, `pageUrl` or `device.type`, and its field."""
    found: dict[str, tuple[str, ...]] = {"user_agent": (_AGENT,), _AGENT: (_AGENT,)}
    for field in msgspec.structs.fields(Event):
        inner = _STRUCTS.get(field.name)
        for one in msgspec.structs.fields(inner) if inner else ():
            for name in (one.name, one.encode_name):
                found[f"{field.name}.{name}"] = (field.encode_name, one.encode_name)
        if inner is None and field.name not in ("variants", "properties"):
            found |= dict.fromkeys((field.name, field.encode_name), (field.encode_name,))
    return found


_FIELDS = _names()


def parse_csv(lines: Iterable[str]) -> Iterator[Event | InvalidEventError | None]:
    """Yield for each line its event, why there is none, or None: the header, a line that a row goes on in.

    Columns are named as events are (`pageUrl` or `page_url`, `device.type`); `user_agent` becomes the device,
    any other column goes into `properties` as text, and an empty cell says nothing. Without `id`, an event
    has one made of its row and of how many equal rows came before: a second import doubles nothing.

    Raises:
        SettingsError: the first line does not name the columns that an event needs.
    """
    rows = csv.reader(lines, strict=True)
    header = next(rows, [])
    columns = [_FIELDS.get(name.strip(), ("properties", name.strip())) for name in header]
    if missing := [name for name in _NEEDED if (name,) not in columns]:
        raise SettingsError(
            f"the first line names no column {' and no '.join(missing)}: it must name them as events do, "
            "such as button,timestamp,pageUrl,visitorId"
        )
    yield from [None] * rows.line_num
    read, equal = rows.line_num, Counter[bytes]()
    while True:
        row: list[str] | InvalidEventError | None
        try:
            row = next(rows, None)
        except csv.Error as error:
            row = InvalidEventError("", f"no CSV from line {read + 1} on ({error}): is a quote not closed?")
        if row is None:
            return
        yield from [None] * (rows.line_num - read - 1)
        read = rows.line_num
        if isinstance(row, InvalidEventError):
            yield row
        else:
            yield _event(columns, row, equal) if row else None


def _event(
    columns: list[tuple[str, ...]], row: list[str], equal: Counter[bytes]
) -> Event | InvalidEventError:
    if len(row) != len(columns):
        return InvalidEventError("", f"{len(row)} cells, and the header names {len(columns)}")
    fields: dict[str, Any] = {}
    for (name, *inner), cell in zip(columns, row, strict=True):
        if cell and inner:
            fields.setdefault(name, {})[inner[0]] = cell
        elif cell:
            fields[name] = cell
    agent = fields.pop(_AGENT, "")
    if "id" not in fields:
        said = hashlib.sha256("\x1f".join(row).encode()).digest()[:16]
        numbered = said + equal[said].to_bytes(4)
        fields["id"] = f"csv-{hashlib.sha256(numbered).hexdigest()[:32]}"
        equal[said] += 1
    try:
        event = check_event(fields, strict=False)
    except InvalidEventError as error:
        return error
    device = event.device or (detect_device(agent[:USER_AGENT_LENGTH]) if agent else None)
    return msgspec.structs.replace(event, device=device, location=round_and_name(event.location))
