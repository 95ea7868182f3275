"""The collector's interface as an OpenAPI 3.1 document, made of the structs that it validates with."""

from typing import Any

import msgspec

from clickkit.capture.answer import Answer, Readiness
from clickkit.capture.request import LIMITS, Limits
from clickkit.event import Event

Schema = dict[str, Any]

_COMPONENTS = "#/components/schemas/{name}"
_RECEIVED_AT = "When the collector had it: whatever is sent here is overwritten."
_SENDER_TIMESTAMP = "Overwritten with `timestamp` when the collector corrects an absurd clock."
_MOMENT_PATTERN = "^(?!0000|0001-01-01|9999-12-31).{17}[0-5]"
_MOMENT_TEXT = (
    "With a zone; a space for the T is understood, a leap second is not. The pattern keeps clear of the "
    "ends of the years 1 to 9999, which count in UTC."
)
_WHOLE_NUMBERS = "Whole numbers are written without a decimal point."


def openapi_document(limits: Limits = LIMITS) -> Schema:
    """Return the document that `GET /openapi.json` serves.

    What it calls valid is accepted. More than that is accepted too: other spellings of a time, and the
    dialects of CloudEvents and web-vitals (`dialects.py`).
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "clickkit collector",
            "version": "1",
            "description": "Takes events by HTTP and answers once they are durable.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": {
            "/clicks": {"post": _collect("sendEvents", "Send events", _events(limits))},
            "/v1/batch": {"post": _collect("sendCalls", "Send calls of Segment's", _calls(limits))},
            "/": {"get": _get("getAudiencePage", "The audience page", "text/html", "string")},
            "/health": {"get": _get("getHealth", "That it is alive", "application/json", "object")},
            "/ready": {"get": _ready()},
            "/metrics": {"get": _get("getMetrics", "Counts for Prometheus", "text/plain", "string")},
            "/tracker.js": {"get": _get("getTracker", "The module of a page", "text/javascript", "string")},
            "/openapi.json": {"get": _get("getDocument", "This document", "application/json", "object")},
        },
        "components": {
            "schemas": _schemas(limits),
            "securitySchemes": {
                "writeKey": {"type": "apiKey", "in": "header", "name": "X-Write-Key"},
                "basic": {"type": "http", "scheme": "basic", "description": "The write key is the user."},
            },
        },
    }


def _collect(operation: str, summary: str, content: Schema) -> Schema:
    refused = "Nothing was kept: "
    return {
        "operationId": operation,
        "summary": summary,
        "security": [{}, {"writeKey": []}, {"basic": []}],
        "parameters": [_privacy_signal("Sec-GPC"), _privacy_signal("DNT"), _HINTS],
        "requestBody": {"required": True, "content": content},
        "responses": {
            "200": _answer("At least one event is durable, or was suppressed; the others are named."),
            "400": _answer(refused + "no event of the request is valid. Do not send it again."),
            "401": _answer(refused + "this collector asks for a write key."),
            "413": _answer(refused + "body or batch is too large. Send it in smaller batches."),
            "503": _answer(refused + "send the same request again.") | {"headers": {"Retry-After": _SECONDS}},
        },
    }


_SECONDS = {"required": True, "schema": {"type": "integer", "minimum": 0}, "description": "Seconds to wait."}


_HINTS = {
    "name": "hints",
    "in": "query",
    "description": "What `navigator` knows of the device, as JSON: `touchPoints`, `webdriver`, and what "
    "`userAgentData.getHighEntropyValues` gives. It serves to name the device and is not kept.",
    "schema": {"type": "string"},
}


def _privacy_signal(name: str) -> Schema:
    text = "With 1 the events are counted and not stored."
    return {"name": name, "in": "header", "description": text, "schema": {"enum": ["1", "0"]}}


def _answer(description: str, name: str = "Answer") -> Schema:
    schema = {"$ref": _COMPONENTS.format(name=name)}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _get(operation: str, summary: str, media_type: str, kind: str) -> Schema:
    answer = {"description": summary, "content": {media_type: {"schema": {"type": kind}}}}
    return {"operationId": operation, "summary": summary, "responses": {"200": answer}}


def _ready() -> Schema:
    return {
        "operationId": "getReadiness",
        "summary": "Whether events can be kept, in the store or in the spool",
        "responses": {
            "200": _answer("They can.", "Readiness"),
            "503": _answer("The store is away and the spool is full.", "Readiness"),
        },
    }


def _events(limits: Limits) -> Schema:
    event = {"$ref": _COMPONENTS.format(name="Event")}
    many = _array_of("Event", limits)
    batch = {"type": "object", "required": ["batch"], "properties": {"batch": many}}
    lines = many | {"description": "One event a line."}
    return {
        "application/json": {"schema": {"anyOf": [event, many, batch]}},
        "application/x-ndjson": {"schema": lines},
    }


def _calls(limits: Limits) -> Schema:
    sent_at = {"description": "When the request was sent, to correct clocks; ignored when it is no time."}
    batch = {"batch": _array_of("Call", limits), "sentAt": sent_at, "context": _context()}
    return {"application/json": {"schema": {"type": "object", "required": ["batch"], "properties": batch}}}


def _array_of(name: str, limits: Limits) -> Schema:
    items = {"$ref": _COMPONENTS.format(name=name)}
    return {"type": "array", "items": items, "minItems": 1, "maxItems": limits.events}


def _schemas(limits: Limits) -> Schema:
    _, schemas = msgspec.json.schema_components([Event, Answer, Readiness], ref_template=_COMPONENTS)
    for schema in schemas.values():
        schema["description"] = schema["description"].partition("\n\n")[0]
    for name, schema in schemas["Event"]["properties"].items():
        _describe(name, schema, limits)
    schemas["Event"]["description"] += f" {_WHOLE_NUMBERS}"
    schemas["Event"] |= {"if": _named("click"), "then": _with("button")}
    both_or_none = [_with("latitude", "longitude"), _without("latitude", "longitude")]
    schemas["Location"] |= {"anyOf": both_or_none}
    return schemas | {"Call": _call(schemas["Event"]["properties"])}


def _describe(name: str, schema: Schema, limits: Limits) -> None:
    """Say of a field of the event what msgspec's schema leaves out."""
    for choice in schema.get("anyOf", [schema]):
        if choice.get("format") == "date-time":
            choice |= {"pattern": _MOMENT_PATTERN, "description": _MOMENT_TEXT}
    if name in ("properties", "variants"):
        most = f"At most {limits.properties_bytes} bytes of JSON, {limits.properties_depth} levels deep."
        schema["description"] = most
    if name in ("receivedAt", "senderTimestamp"):
        schema["description"] = _RECEIVED_AT if name == "receivedAt" else _SENDER_TIMESTAMP


def _named(event: str) -> Schema:
    return {"properties": {"event": {"const": event}}}


def _with(*names: str) -> Schema:
    return {"required": list(names), "properties": {name: {"not": {"type": "null"}} for name in names}}


def _without(*names: str) -> Schema:
    return {"properties": {name: {"type": "null"} for name in names}}


def _call(event: Schema) -> Schema:
    """Return the schema of a call of Segment's, whose fields have the limits of the event's."""
    url = {"type": ["string", "null"], "maxLength": event["pageUrl"]["maxLength"]}
    properties = event["properties"] | {"type": "object", "properties": {"url": url}}
    visitor = {"type": ["string", "null"], "maxLength": 128}
    times = ["timestamp", "originalTimestamp"]
    clicked = {"required": ["properties"], "properties": {"properties": _with("button")}}
    return {
        "title": "Call",
        "description": "A call of Segment's: track, page, identify, group, alias or screen.",
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": {"enum": ["track", "page", "identify", "group", "alias", "screen"]},
            "messageId": event["id"] | {"description": "Becomes the id; without one the content makes it."},
            "event": {key: event["event"][key] for key in ("type", "minLength", "maxLength")},
            "anonymousId": visitor,
            "userId": visitor,
            "properties": properties,
            "context": _context(),
        }
        | {name: event["timestamp"] for name in times},
        "anyOf": [{"required": [name]} for name in times],
        "allOf": [
            {"if": {"properties": {"type": {"const": "track"}}}, "then": {"required": ["event"]}},
            {"if": {"required": ["event"]} | _named("click"), "then": clicked},
        ],
    }


def _context() -> Schema:
    """Return the schema of what a library says about page, screen and device."""
    url = {"type": ["string", "null"], "maxLength": 2048}
    page = {"type": ["object", "null"], "properties": {"url": url}}
    return {"type": ["object", "null"], "properties": {"page": page}}
