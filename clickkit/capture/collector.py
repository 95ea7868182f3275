"""The collector: an ASGI app that takes events by HTTP and answers once they are durable.

POST /clicks    one event or an array of them
GET  /health    whether the store can be reached
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from clickkit.capture.enrichment import enrich
from clickkit.errors import InvalidEventError, StoreError
from clickkit.event import Event, decode_event
from clickkit.storage.store import Store

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_BODY_BYTES = 1_048_576
MAX_BATCH_EVENTS = 500
_RETRY_AFTER_SECONDS = 2

_log = logging.getLogger(__name__)


class Rejection(msgspec.Struct, frozen=True):
    """Why one event of a request was refused."""

    index: int
    field: str
    reason: str


class Answer(msgspec.Struct, frozen=True):
    """The collector's answer: how many events are durable, where, and which were refused for good.

    `error` is a fault of the request as a whole.
    """

    accepted: int
    rejected: list[Rejection]
    durability: str | msgspec.UnsetType = msgspec.UNSET
    error: str | msgspec.UnsetType = msgspec.UNSET


class Collector:
    """An ASGI application that validates, enriches and stores events.

    A request is answered with 200 when at least one event is durable; bad events in it are named and
    not stored. 400 means that none was good, 413 that the body or batch is too large, 503 that the
    store is away and the same request should be sent again.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection, as the ASGI specification 3.0 has it."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await self._route(scope, receive, send)

    async def _route(self, scope: Message, receive: Receive, send: Send) -> None:
        match scope["path"], scope["method"]:
            case "/clicks", "POST":
                await self._clicks(scope, receive, send)
            case "/health", "GET":
                await self._health(send)
            case "/clicks" | "/health" as path, method:
                allowed = {"/clicks": "POST", "/health": "GET"}[path]
                await _refuse(send, 405, f"{method} is not allowed on {path}: use {allowed}", allow=allowed)
            case path, _:
                await _refuse(send, 404, f"nothing at {path}: POST /clicks or GET /health")

    async def _clicks(self, scope: Message, receive: Receive, send: Send) -> None:
        body = await _read_body(receive)
        if body is None:
            await _refuse(send, 413, f"body: over the limit of {MAX_BODY_BYTES} bytes; send smaller batches")
            return
        try:
            raw = _split(body)
            if not raw:
                raise InvalidEventError("", "no event in the request: send one, or an array of them")
        except InvalidEventError as error:
            await _refuse(send, 400, f"body: {error.reason}")
            return
        if len(raw) > MAX_BATCH_EVENTS:
            await _refuse(send, 413, f"body: {len(raw)} events are over the limit of {MAX_BATCH_EVENTS}")
            return
        events, rejected = _decode(raw)
        try:
            if events:
                await asyncio.to_thread(self._store_enriched, events, _user_agent(scope))
        except StoreError as error:
            _log.error("%s", error)
            retry_after = str(_RETRY_AFTER_SECONDS)
            reason = "the store is away, nothing was kept: send the same events again"
            await _refuse(send, 503, reason, retry_after=retry_after)
            return
        if events:
            await _answer(send, 200, Answer(len(events), rejected, durability="store"))
        else:
            await _answer(send, 400, Answer(0, rejected))

    def _store_enriched(self, events: list[Event], user_agent: str | None) -> None:
        received_at = dt.datetime.now(dt.UTC)
        self._store.put([enrich(event, received_at=received_at, user_agent=user_agent) for event in events])

    async def _health(self, send: Send) -> None:
        try:
            await asyncio.to_thread(self._store.get, ("health", "health"))
        except StoreError as error:
            _log.error("%s", error)
            await _answer(send, 503, {"status": "the store is away"})
        else:
            await _answer(send, 200, {"status": "ok"})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _read_body(receive: Receive) -> bytes | None:
    """Return the request's body, or None when it is over the limit."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(body)


def _split(body: bytes) -> list[bytes]:
    """Split a body into its events, still encoded: an array, or one event."""
    if not body.lstrip().startswith(b"["):
        return [body]
    try:
        return [bytes(raw) for raw in msgspec.json.decode(body, type=list[msgspec.Raw])]
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidEventError("", f"not valid JSON: {error}") from error


def _decode(raw: list[bytes]) -> tuple[list[Event], list[Rejection]]:
    events, rejected = [], []
    for index, encoded in enumerate(raw):
        try:
            events.append(decode_event(encoded))
        except InvalidEventError as error:
            rejected.append(Rejection(index, error.field, error.reason))
    return events, rejected


def _user_agent(scope: Message) -> str | None:
    for name, value in scope["headers"]:
        if name == b"user-agent":
            return str(value, "latin-1")
    return None


async def _refuse(send: Send, status: int, error: str, **headers: str) -> None:
    await _answer(send, status, Answer(0, [], error=error), **headers)


async def _answer(send: Send, status: int, answer: object, **headers: str) -> None:
    body = msgspec.json.encode(answer)
    named = {"content-type": "application/json", "content-length": str(len(body)), **headers}
    encoded = [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
