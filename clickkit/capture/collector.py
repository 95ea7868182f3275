"""The collector: an ASGI app that takes events by HTTP and answers once they are durable.

POST /clicks      one event, an array, lines of JSON, {"batch": […]}; POST /v1/… as Segment's libraries send
GET  /health      what was taken, what waits, and whether the store can be reached
GET  /tracker.js  the module that a page includes
GET  /openapi.json  all of this as an OpenAPI document
"""

import asyncio
import datetime as dt
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from clickkit.capture.access import Origins, RateLimit, WriteKeys
from clickkit.capture.answer import Answer, Rejection
from clickkit.capture.clock import SkewedClocks
from clickkit.capture.enrichment import enrich
from clickkit.capture.group_commit import GroupCommit
from clickkit.capture.openapi import openapi_document
from clickkit.capture.request import LIMITS, Contents, Limits, RejectedEvent, read_request
from clickkit.errors import BusyError, StoreError
from clickkit.event import Event

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

_SCRIPT = ((b"content-type", b"text/javascript; charset=utf-8"), (b"cache-control", b"public, max-age=300"))
_JSON = (b"content-type", b"application/json")
_RETRY_AFTER = (b"retry-after", b"2")
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
_ANSWERS_TO = {"/clicks": "POST", "/health": "GET", "/tracker.js": "GET", "/openapi.json": "GET"}
_TRACKER = tuple(Path(__file__).with_name(name) for name in ("tracker.js", "tracker_page.js"))

_log = logging.getLogger(__name__)


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """Who may come in, and with how much; the defaults let everybody on this machine in."""

    write_keys: WriteKeys = WriteKeys(())
    origins: Origins = Origins(())
    rate_limit: RateLimit | None = None
    limits: Limits = LIMITS


class Collector:
    """An ASGI application that validates, enriches and commits events.

    A request is answered with 200 when at least one event is durable; bad events in it are named and
    kept as rejected. 400 means that none was good, 401 that the write key is missing, 413 that body or
    batch is too large, and 503 that nothing was kept and the same request should be sent again.

    `write` makes a batch durable and says of each event where, or that it was refused; `reject` keeps
    refused events with their reasons; `check` raises `StoreError` while the store is away; `close`
    is called at the end.
    """

    def __init__(
        self,
        *,
        write: Callable[[Sequence[Event]], Sequence[str]],
        reject: Callable[[Sequence[RejectedEvent]], None],
        check: Callable[[], object],
        close: Callable[[], None] = lambda: None,
        door: Door | None = None,
    ) -> None:
        self._group_commit = GroupCommit(write)
        self._reject = reject
        self._check = check
        self._close = close
        self._door = door or Door()
        self._clocks = SkewedClocks()
        self._counts: Counter[str] = Counter()
        self._tracker = b"".join(path.read_bytes() for path in _TRACKER)
        self._document = msgspec.json.encode(openapi_document(self._door.limits))

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection, as the ASGI specification 3.0 has it."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._route(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self._group_commit.close()
                self._close()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _route(self, scope: Message, receive: Receive, send: Send) -> None:
        path, method, headers = scope["path"], scope["method"], dict(scope["headers"])
        allowed = "POST" if path.startswith("/v1/") else _ANSWERS_TO.get(path)
        cors = self._door.origins.headers(headers)
        if allowed is None:
            await _refuse(send, 404, f"nothing at {path}: POST /clicks or GET /health", cors)
        elif method == "OPTIONS" and allowed == "POST":
            await _respond(send, 204, b"", cors)
        elif method != allowed:
            reason = f"{method} is not allowed on {path}: use {allowed}"
            await _refuse(send, 405, reason, [*cors, (b"allow", allowed.encode())])
        elif path == "/health":
            await self._health(send)
        elif path == "/tracker.js":
            await _respond(send, 200, self._tracker, [*_SCRIPT, *cors])
        elif path == "/openapi.json":
            await _respond(send, 200, self._document, [_JSON, *cors])
        else:
            await self._take(scope, headers, cors, receive, send)

    async def _take(
        self, scope: Message, headers: Mapping[bytes, bytes], cors: list[Header], receive: Receive, send: Send
    ) -> None:
        if not self._door.write_keys.allow(headers):
            await _refuse(send, 401, "no write key, or not one of ours: send it as X-Write-Key", cors)
            return
        limit = self._door.limits.body_bytes
        body = await _read_body(receive, limit)
        if body is None:
            await _refuse(send, 413, f"body: over the limit of {limit} bytes; send smaller batches", cors)
            return
        contents = read_request(body, scope["headers"], scope["path"], limits=self._door.limits)
        if headers.get(b"sec-gpc") == b"1" or headers.get(b"dnt") == b"1":
            self._counts["suppressed"] += len(contents.events)
            await _answer(send, 200, Answer(0, [], suppressed=len(contents.events)), cors)
        elif contents.is_too_large or not (contents.events or contents.rejected):
            status = 413 if contents.is_too_large else 400
            reason = contents.rejected[0].reason if contents.rejected else "no event in the request"
            await _refuse(send, status, f"body: {reason}", cors)
        elif not self._may_send(scope, len(contents.events)):
            await _refuse(
                send, 503, "too many events from one sender: send again later", [*cors, _RETRY_AFTER]
            )
        else:
            await self._commit(contents, headers, cors, send)

    def _may_send(self, scope: Message, events: int) -> bool:
        limit, client = self._door.rate_limit, scope.get("client")
        return limit is None or limit.allow(client[0] if client else "", events)

    async def _commit(
        self, contents: Contents, headers: Mapping[bytes, bytes], cors: list[Header], send: Send
    ) -> None:
        try:
            outcomes = await self._durable(contents.events, headers) if contents.events else []
        except (BusyError, StoreError) as error:
            _log.error("%s", error)
            self._counts["busy"] += len(contents.events)
            reason = "nothing was kept: send the same events again"
            await _refuse(send, 503, reason, [*cors, _RETRY_AFTER])
            return
        rejected = [Rejection(one.index, one.field, one.reason) for one in contents.rejected]
        rejected += _refused_by_the_store(outcomes, {one.index for one in contents.rejected})
        accepted = len(outcomes) - outcomes.count("refused")
        self._counts["accepted"] += accepted
        self._counts["rejected"] += len(rejected)
        if contents.rejected:
            await asyncio.to_thread(self._keep_rejected, contents.rejected)
        if accepted:
            durability = "spool" if "spool" in outcomes else "store"
            await _answer(send, 200, Answer(accepted, rejected, durability), cors)
        else:
            await _answer(send, 400, Answer(0, rejected), cors)

    async def _durable(self, events: list[Event], headers: Mapping[bytes, bytes]) -> list[str]:
        received_at = dt.datetime.now(dt.UTC)
        agent = headers.get(b"user-agent", b"").decode("latin-1")
        enriched = [
            enrich(self._clocks.correct(event, received_at), received_at=received_at, user_agent=agent)
            for event in events
        ]
        return list(await self._group_commit.commit(enriched))

    def _keep_rejected(self, rejected: list[RejectedEvent]) -> None:
        try:
            self._reject(rejected)
        except OSError as error:
            _log.error("rejected events could not be kept: %s", error)

    async def _health(self, send: Send) -> None:
        counts = {name: self._counts[name] for name in ("accepted", "rejected", "suppressed", "busy")}
        try:
            await asyncio.to_thread(self._check)
        except StoreError as error:
            _log.error("%s", error)
            await _answer(send, 503, {"status": "the store is away", **counts}, [])
        else:
            await _answer(send, 200, {"status": "ok", **counts}, [])


def _refused_by_the_store(outcomes: list[str], taken: set[int]) -> list[Rejection]:
    """Name the events that the store refused by their place in the request."""
    places = (index for index in range(len(outcomes) + len(taken)) if index not in taken)
    reason = "the store refuses this event; it is kept among the rejected ones"
    return [
        Rejection(index, "", reason)
        for index, outcome in zip(places, outcomes, strict=True)
        if outcome == "refused"
    ]


async def _read_body(receive: Receive, limit: int) -> bytes | None:
    """Return the request's body, or None when it is over the limit or the sender is gone."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body") and len(body) <= limit:
        message = await receive()
        body += message.get("body", b"")
    is_whole = message["type"] == "http.request" and len(body) <= limit
    return body if is_whole else None


async def _refuse(send: Send, status: int, error: str, headers: list[Header]) -> None:
    await _answer(send, status, Answer(0, [], error=error), headers)


async def _answer(send: Send, status: int, answer: object, headers: list[Header]) -> None:
    await _respond(send, status, msgspec.json.encode(answer), [_JSON, *headers])


async def _respond(send: Send, status: int, body: bytes, headers: list[Header]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length, _NO_SNIFFING, *headers]})
    await send({"type": "http.response.body", "body": body})
