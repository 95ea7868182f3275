"""The dialects of foreign trackers: what one of their JSON objects means as an event.

Segment      track → the call's name, or a click when the name says so and a button is named; page → view;
             identify, group, alias, screen → events of these names; messageId → id
CloudEvents  type → click or view when its last part says so, else the type in full; source → page; id, time
web-vitals   → "web-vital"; the id tells the time, and with the value makes the event's id

In all of them a property that has the name of one of our fields, and fits it without loss, becomes that
field; everything else that the sender says stays in `properties`. What the sender leaves out follows from
what it does say, so the same thing sent again has the same id and timestamp.
"""

import base64
import binascii
import datetime as dt
import hashlib
import re
import typing
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from clickkit.capture.client_hints import hints_of_navigator
from clickkit.capture.device import USER_AGENT_LENGTH, detect_device
from clickkit.errors import InvalidEventError
from clickkit.event import Event, check_event

Said = Mapping[str, Any]

NO_PAGE = "about:blank"
"""The page of an event that happened on none, as a server's or an app's do."""

_types = typing.get_type_hints(Event, include_extras=True)
_HOLDERS = {  # msgspec remembers how to validate a struct, but not a bare type
    field.encode_name: msgspec.defstruct("Holder", [("value", _types[field.name])])
    for field in msgspec.structs.fields(Event)
}
_OWN_FIELDS = _HOLDERS.keys() - {"id", "event", "timestamp", "sentAt", "receivedAt", "properties"}
_CALLS = {name[0]: name for name in ("track", "page", "identify", "group", "alias", "screen")}
_CLICKED = re.compile(r"click(ed)?(?![a-z])", re.IGNORECASE)
_VITALS = {"CLS", "FCP", "FID", "INP", "LCP", "TTFB"}
_VITAL_ID = re.compile(r"v\d+-(\d{12,14})-\d+")


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What a request says once for all its events.

    `page_url` is its Referer, `call` the Segment call that its path names, `sent_at` and `context`
    come from around a batch.
    """

    page_url: str | None = None
    call: str | None = None
    sent_at: dt.datetime | None = None
    context: Any = None


def call_of(path: str) -> str | None:
    """Return the Segment call that a path names: `/v1/t` and `/v1/track` are "track"."""
    if not path.startswith("/v1/"):
        return None
    name = path.removeprefix("/v1/")
    return _CALLS.get(name) or (name if name in _CALLS.values() else None)


def translate(said: Said, around: Surroundings) -> Event | None:
    """Return the event that a foreign object means, or None when it speaks none of the dialects.

    Raises:
        InvalidEventError: it speaks one, but a field is missing or wrong, named as its sender names it.
    """
    for speaks, mean, names in _DIALECTS:
        if speaks(said, around):
            try:
                fields = mean(said, around)
                known = {name: value for name, value in fields.items() if value is not None}
                return check_event({"event": None} | known)  # no event is no click
            except InvalidEventError as error:
                raise _in_their_words(error, names) from error
            except RecursionError as error:
                raise InvalidEventError("", "nested too deep: send it flat") from error
    return None


def _in_their_words(error: InvalidEventError, names: Mapping[str, str]) -> InvalidEventError:
    own, dot, rest = error.field.partition(".")
    field = names.get(own, own)
    return InvalidEventError(field + dot + rest, error.reason.replace(f"`{own}`", f"`{field}`"))


def _speaks_segment(said: Said, around: Surroundings) -> bool:
    kind = said.get("type") or around.call
    return isinstance(kind, str) and kind in _CALLS.values()


def _mean_segment(said: Said, around: Surroundings) -> dict[str, Any]:
    kind = said.get("type") or around.call
    context = _object(around.context) | _object(said.get("context"))
    page = _object(context.get("page"))
    fields, rest = _split(_object(said.get("properties")))
    if kind == "page":
        given = {name: rest.pop(name, None) for name in ("url", "referrer")}
        page = page | {name: value for name, value in given.items() if value}
    named, rest = _segment_event(kind, said.get("event"), "button" in fields, rest)
    visitor = said.get("anonymousId") or said.get("userId")
    extras = {
        name: said.get(name) for name in ("userId", "groupId", "previousId", "traits", "name", "category")
    }
    if not said.get("anonymousId"):
        del extras["userId"]  # it is the visitor's id
    rest = {name: value for name, value in extras.items() if value} | rest
    return (
        _fitting("language", context.get("locale"))
        | _fitting("timezone", context.get("timezone"))
        | _fitting("screen", _size(context.get("screen")))
        | _fitting("referrer", page.get("referrer"))
        | _device(context.get("userAgent"), context.get("userAgentData"))
        | {"pageUrl": page.get("url") or around.page_url or NO_PAGE}
        | fields
        | _sent_at(said.get("sentAt"), around)
        | {"id": said.get("messageId") or _digest(said), "event": named}
        | {"timestamp": said.get("timestamp") or said.get("originalTimestamp")}
        | {"visitorId": str(visitor) if type(visitor) is int else visitor or None, "properties": rest}
    )


def _segment_event(
    kind: str | None, name: object, has_button: bool, rest: dict[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Return the event's name, and the properties with the sender's own name for a click."""
    if kind != "track":
        return "view" if kind == "page" else kind, rest
    if has_button and isinstance(name, str) and _CLICKED.search(name):
        return "click", ({} if name == "click" else {"event": name}) | rest
    return name, rest


def _speaks_cloudevents(said: Said, around: Surroundings) -> bool:
    return "specversion" in said


def _mean_cloudevent(said: Said, around: Surroundings) -> dict[str, Any]:
    data = _data(said)
    fields, rest = _split(data if isinstance(data, dict) else {"data": data})
    rest |= _object(rest.pop("properties", None))
    kind, source, subject = said.get("type"), said.get("source"), said.get("subject")
    fields = {"pageUrl": source} | fields
    last = kind.rpartition(".")[2].lower() if isinstance(kind, str) else None
    if last == "click":
        fields = _fitting("button", subject) | fields
    event = last if last == "view" or (last == "click" and "button" in fields) else kind
    time = said.get("time") or rest.get("timestamp")
    used = {"id": said.get("id"), "timestamp": time, "event": event}
    rest = {name: value for name, value in rest.items() if value is not None and used.get(name) != value}
    core = {"specversion", "id", "time", "data", "data_base64", "datacontenttype", "dataschema"}
    attributes = {name: value for name, value in said.items() if name not in core}
    become = {"type": event, "source": fields["pageUrl"], "subject": fields.get("button")}
    extras = {name: value for name, value in attributes.items() if become.get(name) != value}
    return fields | _sent_at(None, around) | used | {"properties": extras | rest}


def _data(said: Said) -> Any:
    """Return the data of a CloudEvent, which is JSON or JSON in base64."""
    if "data_base64" not in said:
        return said.get("data")
    try:
        return msgspec.json.decode(base64.b64decode(said["data_base64"], validate=True))
    except (TypeError, ValueError, binascii.Error, RecursionError, msgspec.DecodeError) as error:
        raise InvalidEventError("data_base64", f"not JSON in base64: {error}") from error


def _speaks_web_vitals(said: Said, around: Surroundings) -> bool:
    name = said.get("name")
    return isinstance(name, str) and name in _VITALS and "value" in said


def _mean_web_vital(said: Said, around: Surroundings) -> dict[str, Any]:
    fields, rest = _split({name: value for name, value in said.items() if name != "url"})
    given, time = said.get("id"), rest.pop("timestamp", None)
    if isinstance(given, str):
        made = _VITAL_ID.fullmatch(given)
        if made and time is None:
            time = dt.datetime.fromtimestamp(int(made.group(1)) / 1000, dt.UTC)
        # a metric is sent again, with the same id, when its value grows
        given = f"{given}-{msgspec.json.encode(said['value']).decode()}"
    page = {"pageUrl": said.get("url") or around.page_url or NO_PAGE}
    named = {"id": given, "event": "web-vital", "timestamp": time, "properties": rest}
    return page | fields | _sent_at(None, around) | named


def _split(said: Said) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split a sender's properties into fields of ours and the rest."""
    fields: dict[str, Any] = {}
    for name in _OWN_FIELDS & said.keys():
        fields |= _fitting(name, said[name])
    return fields, {name: value for name, value in said.items() if name not in fields}


def _fitting(name: str, value: object) -> dict[str, Any]:
    """Return a field with its value where that fits without loss, else nothing."""
    if value is None or value == "":
        return {}
    try:
        is_whole = msgspec.to_builtins(_validated(name, value)) == value
    except msgspec.ValidationError:
        return {}
    return {name: value} if is_whole else {}


def _sent_at(value: object, around: Surroundings) -> dict[str, Any]:
    return {"sentAt": moment(value) or around.sent_at}


def moment(value: object) -> dt.datetime | None:
    """Return a JSON value as a time in UTC, or None when it is none."""
    try:
        found: dt.datetime = _validated("timestamp", value)
        return found.astimezone(dt.UTC)
    except (msgspec.ValidationError, OverflowError):
        return None


def _validated(name: str, value: object) -> Any:
    return msgspec.convert({"value": value}, _HOLDERS[name]).value  # type: ignore[attr-defined]


def _device(user_agent: object, hints: object) -> dict[str, Any]:
    if not isinstance(user_agent, str) or not 0 < len(user_agent) <= USER_AGENT_LENGTH:
        return {}
    return _fitting("device", msgspec.to_builtins(detect_device(user_agent, hints_of_navigator(hints))))


def _size(screen: object) -> dict[str, Any] | None:
    sides = _object(screen)
    return {name: sides.get(name) for name in ("width", "height")} if sides else None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _digest(said: Said) -> str:
    """Return an id for a call without one: the same for the same call, whenever it is sent."""
    lasting = {name: value for name, value in said.items() if name not in ("sentAt", "receivedAt")}
    return hashlib.sha256(msgspec.json.encode(lasting, order="deterministic")).hexdigest()[:32]


_Dialect = tuple[
    Callable[[Said, Surroundings], bool], Callable[[Said, Surroundings], dict[str, Any]], Mapping[str, str]
]
_DIALECTS: tuple[_Dialect, ...] = (
    (
        _speaks_cloudevents,
        _mean_cloudevent,
        {"timestamp": "time", "event": "type", "pageUrl": "source", "button": "data.button"},
    ),
    (
        _speaks_segment,
        _mean_segment,
        {
            "id": "messageId",
            "button": "properties.button",
            "pageUrl": "context.page.url",
            "visitorId": "anonymousId",
        },
    ),
    (_speaks_web_vitals, _mean_web_vital, {"timestamp": "id", "pageUrl": "url"}),
)
