"""The event: one thing a visitor did, with one name per field from the browser to SQL.

On the wire an event is JSON with camelCase names (`pageUrl`); in Python, Parquet and SQL the same
names are snake_case (`page_url`). Both follow from the structs below, and so does the Arrow schema.
"""

import datetime as dt
import re
import types
import typing
import zlib
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
import pyarrow as pa
from msgspec import Meta

from clickkit.errors import InvalidEventError

SHARDS = 8
"""Slices of a day in the store. Fixed, so that every reader knows all the keys of a day;
DynamoDB takes 1,000 writes a second on each."""

MAX_PROPERTIES_BYTES = 16_384
Key = tuple[str, str]
"""Partition key and sort key of a stored event: `("2026-11-23#03", "<timestamp>#<id>")`."""

_encoder = msgspec.json.Encoder()

Decoded = typing.TypeVar("Decoded")

Word = Annotated[str, Meta(max_length=128)]
Text = Annotated[str, Meta(max_length=2048)]
Url = Annotated[str, Meta(min_length=1, max_length=2048)]
Moment = Annotated[dt.datetime, Meta(tz=True)]
Pixels = Annotated[float, Meta(ge=-1e6, le=1e6)]

_MOMENTS = ("timestamp", "sent_at", "received_at", "sender_timestamp")


class Record(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, gc=False):
    """A frozen struct whose JSON names are camelCase; made of JSON, it is never part of a cycle."""


class Device(Record, frozen=True, kw_only=True):
    """What the visitor used: `type` is desktop, mobile, tablet, tv, console, wearable, bot or other.

    Names are those of docs/devices.md. `bot_reason` says why `is_bot` is true, such as `crawler: Googlebot`,
    `library: curl`, `headless browser` or `automated browser`; the last has the type of the browser that a
    program steers, the others are of type bot.
    """

    type: Word | None = None
    platform: Word | None = None
    platform_version: Word | None = None
    browser: Word | None = None
    browser_version: Word | None = None
    brand: Word | None = None
    model: Word | None = None
    is_bot: bool | None = None
    bot_reason: Word | None = None


class Location(Record, frozen=True, kw_only=True):
    """Where the visitor was: names, ISO 3166 alpha-2 code, and degrees north and east.

    `region` is what a country is made of, a state or a county. `source` says where the names are from:
    position, timezone, proxy, or sender, who named the place himself.
    """

    city: Word | None = None
    region: Word | None = None
    country: Word | None = None
    country_code: Annotated[str, Meta(min_length=2, max_length=2)] | None = None
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    source: Word | None = None

    def __post_init__(self) -> None:
        """A position has both of its numbers, or none."""
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("Object missing required field `longitude` or `latitude`: send both, or none")


class Screen(Record, frozen=True, kw_only=True):
    """The visitor's screen in CSS pixels."""

    width: Annotated[int, Meta(ge=0, le=100_000)]
    height: Annotated[int, Meta(ge=0, le=100_000)]


class Event(Record, frozen=True, kw_only=True):
    """One thing a visitor did, as `POST /clicks` takes it and as it is stored.

    `timestamp` is when it happened by the sender's clock, `received_at` when the collector had it;
    both are kept in UTC. `sender_timestamp` is there when that clock was absurd and `timestamp` was
    corrected. `properties` holds whatever else the sender wants to say, as JSON.

    Raises:
        ValueError: a click without a button, a time without a zone or outside the years 1 to 9999 in
            UTC, or over 16,384 bytes of variants or properties.
    """

    id: Annotated[str, Meta(min_length=1, max_length=128)]
    event: Annotated[str, Meta(min_length=1, max_length=64)] = "click"
    button: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    timestamp: Moment
    page_url: Url
    device: Device | None = None
    location: Location | None = None
    visitor_id: Word | None = None
    session_id: Word | None = None
    sequence: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    sent_at: Moment | None = None
    received_at: Moment | None = None
    sender_timestamp: Moment | None = None
    referrer: Text | None = None
    screen: Screen | None = None
    x: Pixels | None = None
    y: Pixels | None = None
    language: Word | None = None
    timezone: Word | None = None
    variants: dict[Word, Word] = {}
    duration_ms: Annotated[float, Meta(ge=0, le=1e12)] | None = None
    properties: dict[str, Any] = {}

    def __post_init__(self) -> None:
        """Keep every time in UTC, a click with its button, and properties small."""
        if self.button is None and self.event == "click":
            raise ValueError("Object missing required field `button`")
        if self.variants or self.properties:
            _check_size("variants", self.variants)
            _check_size("properties", self.properties)
        moments = (self.timestamp, self.sent_at, self.received_at, self.sender_timestamp)
        for name, moment in zip(_MOMENTS, moments, strict=True):
            if moment is not None and moment.tzinfo is not dt.UTC:
                msgspec.structs.force_setattr(self, name, _in_utc(moment))

    @property
    def day(self) -> dt.date:
        """The UTC day of `timestamp`: the partition that the event belongs to."""
        return self.timestamp.date()

    @property
    def key(self) -> Key:
        """The store's key: the same event sent twice has it twice, and is stored once."""
        stamp = sort_key(self.timestamp, self.id)
        return f"{stamp[:10]}#{shard_of(self.id):02d}", stamp


def _check_size(name: str, value: dict[str, Any]) -> None:
    if value and (size := len(_encoder.encode(value))) > MAX_PROPERTIES_BYTES:
        raise ValueError(f"field `{name}` has {size} bytes, over the limit of {MAX_PROPERTIES_BYTES}")


def _in_utc(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone: write UTC, as in datetime(2026, 11, 23, tzinfo=UTC)")
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError as error:
        raise ValueError(f"{moment} lies outside the years 1 to 9999 in UTC") from error


def shard_of(event_id: str) -> int:
    """Return the shard of an event, 0 to `SHARDS` - 1: crc32 of its id, so every writer agrees."""
    return zlib.crc32(event_id.encode()) % SHARDS


def partition_key(day: dt.date, shard: int) -> str:
    """Return the key under which a store keeps one shard of a day: `2026-11-23#03`."""
    return f"{day.isoformat()}#{shard:02d}"


def sort_key(timestamp: dt.datetime, event_id: str) -> str:
    """Return the key that orders events in time: a fixed-width UTC time, `#`, the id."""
    return f"{_fixed_width(timestamp)}#{event_id}"


def _fixed_width(moment: dt.datetime) -> str:
    text = _encoder.encode(moment)[1:-1].decode()  # 20 times faster than isoformat
    return text if "." in text else text.removesuffix("Z") + ".000000Z"


_decoder = msgspec.json.Decoder(Event)
_array_decoder = msgspec.json.Decoder(list[Event])


def decode_event(raw: bytes | str) -> Event:
    """Decode and validate one event in its JSON form.

    Raises:
        InvalidEventError: the JSON is broken, or a field is missing, of a wrong type or out of range.
    """
    return _decode(_decoder, raw)


def decode_events(raw: bytes) -> list[Event]:
    """Decode and validate an array of events; it raises as `decode_event` does, at the first bad one."""
    return _decode(_array_decoder, raw)


def _decode(decoder: msgspec.json.Decoder[Decoded], raw: bytes | str) -> Decoded:
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise _invalid(error) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidEventError("", f"not valid JSON: {error}") from error


def check_event(fields: Mapping[str, Any], *, strict: bool = True) -> Event:
    """Validate an event given as a mapping from its JSON names to JSON values.

    Without `strict`, texts may stand for numbers and booleans.

    Raises:
        InvalidEventError: a field is missing, of a wrong type or out of range.
    """
    try:
        return msgspec.convert(fields, Event, strict=strict)
    except msgspec.ValidationError as error:
        raise _invalid(error) from error


def _invalid(error: msgspec.ValidationError) -> InvalidEventError:
    """Split msgspec's message into the field's JSON name and the reason."""
    reason, _, path = str(error).partition(" - at `")  # `$.device.type`, or key` in `$.variants`
    missing = re.search(r"field `(\w+)`", reason)
    names = [path.rpartition("$")[2].rstrip("`").strip("."), missing.group(1) if missing else ""]
    return InvalidEventError(".".join(filter(None, names)), reason)


def encode_event(event: Event) -> bytes:
    """Encode an event in its JSON form; `decode_event` gives the same event back."""
    return _encoder.encode(event)


_EVENT_FIELDS = msgspec.structs.fields(Event)
_Item = msgspec.defstruct(
    "_Item", [(field.name, Any, None) for field in _EVENT_FIELDS], rename="camel", omit_defaults=True
)
_DICTS = [i for i, field in enumerate(_EVENT_FIELDS) if field.name in ("variants", "properties")]


def encode_item(event: Event) -> bytes:
    """Encode the event as a store holds it: its JSON form, but variants and properties as JSON text."""
    if not event.variants and not event.properties:
        encoded = _encoder.encode(event)  # often without the kind when it is the default
        return encoded if b'"event":' in encoded else b'{"event":"click",' + encoded[1:]
    values = list(msgspec.structs.astuple(event))
    for index in _DICTS:
        values[index] = _encoder.encode(values[index]).decode() if values[index] else None
    return _encoder.encode(_Item(*values))


def to_item(event: Event) -> dict[str, Any]:
    """Return the event as a store holds it; see `encode_item`."""
    return msgspec.json.decode(encode_item(event), type=dict[str, Any])


def _arrow_type(annotation: Any, spelling: str) -> pa.DataType:
    """Map a field's Python type to Arrow: the one rule behind `SCHEMA`."""
    if typing.get_origin(annotation) is Annotated:
        annotation = typing.get_args(annotation)[0]
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        wanted = next(arg for arg in typing.get_args(annotation) if arg is not types.NoneType)
        return _arrow_type(wanted, spelling)
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return pa.struct(_arrow_fields(annotation, spelling))
    return {
        str: pa.string(),
        bool: pa.bool_(),
        int: pa.int64(),
        float: pa.float64(),
        dt.datetime: pa.timestamp("us", tz="UTC"),
        dict: pa.string(),
    }[typing.get_origin(annotation) or annotation]


def _arrow_fields(struct: type[Record], spelling: str) -> list[pa.Field]:
    """Return a struct's Arrow fields by their Python `name` or their JSON `encode_name`."""
    hints = typing.get_type_hints(struct, include_extras=True)
    return [
        pa.field(getattr(field, spelling), _arrow_type(hints[field.name], spelling))
        for field in msgspec.structs.fields(struct)
    ]


SCHEMA: pa.Schema = pa.schema(_arrow_fields(Event, "name"))
"""The Arrow schema of events: snake_case columns, times in microseconds UTC, dicts as JSON text."""

ITEM_SCHEMA: pa.Schema = pa.schema(_arrow_fields(Event, "encode_name"))
"""The same with the JSON names, as stores hold items."""
