"""The request: from the bytes that any tracker sends to the events that they mean.

    contents = read_request(body, dict(scope["headers"]), scope["path"])
    contents.events        # validated, in the sender's order, with its ids and timestamps
    contents.rejected      # index, field, reason, raw
    contents.is_too_large  # answer 413; otherwise 400 when there is no event

A body is one event, an array, lines of JSON (NDJSON) or `{"batch": […]}`; plain, with a byte order mark,
in gzip, or as `data=` of a form, in JSON or base64. The content type is not believed, for `sendBeacon` says
text/plain, curl says form, and some say nothing: the first bytes tell. Each event may be in our own form or
in a dialect (`dialects.py`). Nothing here raises, whatever the bytes are.
"""

import base64
import binascii
import re
import urllib.parse
import zlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import msgspec

from clickkit.capture.dialects import Surroundings, call_of, moment, translate
from clickkit.errors import InvalidEventError
from clickkit.event import Event, decode_event, decode_events

Headers = Mapping[bytes, bytes]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_GZIP_MAGIC = b"\x1f\x8b"
_LINES = re.compile(rb"application/(x-)?(ndjson|jsonlines|jsonl)\b", re.IGNORECASE)
_PAGE_LENGTH = 2048


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much one request may hold: bytes before and after unpacking, events, and what an event carries.

    `properties_bytes` are bytes of JSON, for `properties` and `variants` each; a flat object has depth 1.
    """

    body_bytes: int = 1_048_576
    events: int = 500
    properties_bytes: int = 8_192
    properties_depth: int = 8


class RefusedInput(msgspec.Struct, frozen=True):
    """What was refused at the door: its place in the request, the field, the reason, and its bytes.

    `field` is empty for the event, or the request, as a whole.
    """

    index: int
    field: str
    reason: str
    raw: bytes


class Contents(msgspec.Struct, frozen=True):
    """What a request holds: its good events in the sender's order, and its bad ones.

    `size` is the bytes of JSON that both came in, unpacked.
    """

    events: list[Event]
    rejected: list[RefusedInput]
    is_too_large: bool = False
    size: int = 0


class _TooLargeError(InvalidEventError):
    """The request is over a limit."""


LIMITS = Limits()

_encode = msgspec.json.Encoder().encode


async def read_body(receive: Receive, limit: int) -> bytes | None:
    """Return the request's body, of one over the limit only the beginning; None when the sender is gone."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body") and len(body) <= limit:
        message = await receive()
        body += message.get("body", b"")
    return body if message["type"] == "http.request" else None


def read_request(
    body: bytes, headers: Headers, path: str = "/clicks", *, limits: Limits = LIMITS
) -> Contents:
    """Return the events that a request means, and why each of its others is none.

    `headers` have lower-case names, as in ASGI; `path` tells which call of Segment's was made.
    """
    if len(body) <= limits.body_bytes and b"ce-specversion" not in headers:
        events = _read_own(body, limits)
        if events:
            return Contents(events, [], size=len(body))
    try:
        raw, around = _events_of(body, headers, path, limits)
        if len(raw) > limits.events:
            raise _TooLargeError("", f"{len(raw)} events are over the limit of {limits.events}: send fewer")
        if not raw:
            raise InvalidEventError("", "no event in the request: send one, or an array of them")
    except InvalidEventError as error:
        refused = RefusedInput(0, error.field, error.reason, body)
        return Contents([], [refused], is_too_large=isinstance(error, _TooLargeError))
    return _read_each(raw, around, limits)


def _read_own(body: bytes, limits: Limits) -> list[Event]:
    """Return the events of a body in our own form without a fault; none when it needs a closer look."""
    try:
        if body.startswith(b"{"):
            return [_within(decode_event(body), limits)]
        if body.startswith(b"["):
            events = decode_events(body)
            return [_within(event, limits) for event in events] if len(events) <= limits.events else []
    except InvalidEventError:
        pass  # a batch, lines, a dialect, or wrong: found out by whoever looks closer
    return []


def _read_each(raw: list[bytes], around: Surroundings, limits: Limits) -> Contents:
    contents = Contents([], [], size=sum(map(len, raw)))
    for index, encoded in enumerate(raw):
        try:
            contents.events.append(_within(_read(encoded, around), limits))
        except InvalidEventError as error:
            contents.rejected.append(RefusedInput(index, error.field, error.reason, encoded))
    return contents


def _read(raw: bytes, around: Surroundings) -> Event:
    try:
        event = decode_event(raw)
    except InvalidEventError:
        said = _decoded(raw, dict[str, Any])
        foreign = translate(said, around) if said is not None else None
        if foreign is None:
            raise
        return foreign
    if event.sent_at is None and around.sent_at is not None:
        return msgspec.structs.replace(event, sent_at=around.sent_at)
    return event


def _events_of(body: bytes, named: Headers, path: str, limits: Limits) -> tuple[list[bytes], Surroundings]:
    """Return the events of a body, still encoded, and what the request says about all of them."""
    text = _unpack(body, named, limits)
    referer = _header_text(named.get(b"referer", b""))
    page_url = referer if 0 < len(referer) <= _PAGE_LENGTH else None
    around = Surroundings(page_url=page_url, call=call_of(path))
    if b"ce-specversion" in named:
        return [_structured(text, named)], around
    if text.startswith(b"["):
        return _elements(text), around
    said = _decoded(text, dict[str, Any])
    if said is None or "batch" not in said:
        return _lines(text, named) if said is None else [text], around
    around = msgspec.structs.replace(around, sent_at=moment(said.get("sentAt")), context=said.get("context"))
    batch = _decoded(text, dict[str, msgspec.Raw])
    return _elements(bytes(batch["batch"]), "batch"), around


def _unpack(body: bytes, named: Headers, limits: Limits) -> bytes:
    """Return the JSON text of a body."""
    if len(body) > limits.body_bytes:
        raise _TooLargeError("", f"over the limit of {limits.body_bytes} bytes: send smaller batches")
    if body.startswith(_GZIP_MAGIC):
        body = _gunzip(body, limits.body_bytes)
    text = body.removeprefix(_BYTE_ORDER_MARK).strip()
    if text.startswith((b"{", b"[")):
        return text
    encoding = named.get(b"content-encoding", b"").strip().lower()
    if encoding not in (b"", b"gzip", b"identity"):
        raise InvalidEventError(
            "content-encoding", f"{_header_text(encoding)} is not understood: send gzip, or none"
        )
    is_form = named.get(b"content-type", b"").lower().startswith(b"application/x-www-form-urlencoded")
    return _form_data(text) if text and (is_form or text.startswith(b"data=")) else text


def _gunzip(body: bytes, limit: int) -> bytes:
    inflater = zlib.decompressobj(wbits=31)
    try:
        text = inflater.decompress(body, limit + 1)
    except zlib.error as error:
        raise InvalidEventError("", f"not valid gzip: {error}") from error
    if len(text) > limit:
        raise _TooLargeError("", f"over the limit of {limit} bytes when unpacked: send smaller batches")
    if not inflater.eof or inflater.unused_data:
        raise InvalidEventError("", "not valid gzip: it ends too early, or something follows it")
    return text


def _form_data(text: bytes) -> bytes:
    """Return the one field `data` of a form: JSON, or base64 (also the URL-safe kind) of it."""
    values = [
        value for name, _, value in (pair.partition(b"=") for pair in text.split(b"&")) if name == b"data"
    ]
    if len(values) != 1:
        raise InvalidEventError("data", f"{len(values)} fields of this name in the form: send one")
    value = urllib.parse.unquote_to_bytes(values[0].replace(b"+", b" ")).strip()
    if value.startswith((b"{", b"[")):
        return value
    packed = value.translate(bytes.maketrans(b" -_", b"++/"), b"\r\n").rstrip(b"=")
    try:
        decoded = base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
    except binascii.Error as error:
        raise InvalidEventError("data", f"neither JSON nor base64: {error}") from error
    return decoded.removeprefix(_BYTE_ORDER_MARK).strip()


def _structured(text: bytes, named: Headers) -> bytes:
    """Return a CloudEvent in binary mode (its attributes are headers) in its structured JSON form."""
    said: dict[str, Any] = {
        _header_text(name[3:]): urllib.parse.unquote(_header_text(value))
        for name, value in named.items()
        if name.startswith(b"ce-")
    }
    if text and _decoded(text, Any) is None and text != b"null":
        raise InvalidEventError("data", "not valid JSON")
    return msgspec.json.encode(said | ({"data": msgspec.Raw(text)} if text else {}))


def _elements(text: bytes, field: str = "") -> list[bytes]:
    """Return the elements of a JSON array, still encoded."""
    try:
        return [bytes(raw) for raw in msgspec.json.decode(text, type=list[msgspec.Raw])]
    except msgspec.ValidationError as error:
        raise InvalidEventError(field, str(error)) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidEventError(field, f"not valid JSON: {error}") from error


def _lines(text: bytes, named: Headers) -> list[bytes]:
    """Return the lines of NDJSON; a text that is none, such as one broken object, counts as one."""
    lines = [line for line in map(bytes.strip, text.split(b"\n")) if line]
    is_named = _LINES.match(named.get(b"content-type", b"")) is not None
    return lines if is_named or all(line.startswith(b"{") for line in lines) else [text]


def _decoded(text: bytes, kind: Any) -> Any:
    """Return a JSON text as Python has it, or None when it is broken or of another kind."""
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def _header_text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _within(event: Event, limits: Limits) -> Event:
    """Return the event when what it carries is within the limits."""
    if event.properties:
        _check_size("properties", event.properties, limits)
    if event.variants:
        _check_size("variants", event.variants, limits)
    return event


def _check_size(field: str, value: dict[str, Any], limits: Limits) -> None:
    try:
        encoded = _encode(value)
    except RecursionError as error:
        raise _too_deep(field, limits) from error
    if len(encoded) > limits.properties_bytes:
        raise InvalidEventError(
            field, f"{len(encoded)} bytes of JSON are over the limit of {limits.properties_bytes}: send less"
        )
    brackets = encoded.count(b"{") + encoded.count(b"[")  # few of them cannot be nested deep
    if brackets > limits.properties_depth and _is_deeper(value, limits.properties_depth):
        raise _too_deep(field, limits)


def _too_deep(field: str, limits: Limits) -> InvalidEventError:
    return InvalidEventError(
        field, f"nested deeper than the limit of {limits.properties_depth}: send it flat"
    )


def _is_deeper(value: object, depth: int) -> bool:
    """Tell whether objects and arrays are nested more than `depth` times."""
    if not isinstance(value, dict | list):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return depth == 0 or any(_is_deeper(inner, depth - 1) for inner in inside)
