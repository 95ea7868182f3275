"""The collector: an ASGI app that takes events by HTTP and answers once they are durable.

POST /clicks      one event, an array, lines of JSON, {"batch": […]}; POST /v1/… as Segment's libraries send
GET  /            the audience page
GET  /health      that the collector is alive
GET  /ready       whether events can be kept: the store is there, or the spool has room
GET  /metrics     counts and latencies, for Prometheus
GET  /tracker.js  the module that a page includes
GET  /openapi.json  all of this as an OpenAPI document

With a public URL, requests from outside this machine reach the audience page and POST /clicks only.
"""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Mapping, Sequence

import msgspec

from clickkit.capture.access import (
    VARY,
    Origins,
    RateLimit,
    WriteKeys,
    comes_from_outside,
    is_for_outside,
)
from clickkit.capture.answer import (
    ACCEPT_CLIENT_HINTS,
    JSON,
    RETRY_AFTER,
    Answer,
    Header,
    Message,
    Readiness,
    Rejection,
    Send,
    accept,
    answer,
    refuse,
    respond,
)
from clickkit.capture.asset import read_script
from clickkit.capture.audience import audience_page
from clickkit.capture.client_hints import hints_of_request
from clickkit.capture.clock import SkewedClocks
from clickkit.capture.enrichment import enrich
from clickkit.capture.group_commit import GroupCommit
from clickkit.capture.keeper import Keeper, Outcome
from clickkit.capture.openapi import openapi_document
from clickkit.capture.place_sources import PlaceSources
from clickkit.capture.request import LIMITS, Contents, Limits, Receive, read_body, read_request
from clickkit.capture.telemetry import CONTENT_TYPE, Telemetry
from clickkit.errors import BusyError, StoreError
from clickkit.event import Event
from clickkit.storage.store import REFUSED, SPOOL, STORE

_SCRIPT = ((b"content-type", b"text/javascript; charset=utf-8"), (b"cache-control", b"public, max-age=300"))
_GETS = ("/", "/health", "/ready", "/metrics", "/tracker.js", "/openapi.json")

_log = logging.getLogger(__name__)


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """Who may come in, with how much, and who is believed; the defaults let everybody on this machine in.

    `public_url` is where the audience finds the page; with it, strangers reach nothing else.
    `place_sources` say where an event without a position is from.
    """

    public_url: str = ""

    write_keys: WriteKeys = WriteKeys(())
    origins: Origins = Origins(())
    rate_limit: RateLimit | None = None
    limits: Limits = LIMITS
    place_sources: PlaceSources = PlaceSources()


class Collector:
    """An ASGI application that validates, enriches and commits events; it closes its keeper at the end.

    A request is answered with 200 when at least one event is durable; bad events in it are named and
    kept as rejected. 400 means that none was good, 401 that the write key is missing, 413 that body or
    batch is too large, and 503 that nothing was kept and the same request should be sent again.
    """

    def __init__(self, keeper: Keeper, *, door: Door | None = None) -> None:
        self._keeper = keeper
        self._door = door or Door()
        self._clocks = SkewedClocks()
        self._telemetry = Telemetry(keeper.state)
        self._group_commit = GroupCommit(self._write_batch)
        self._tracker = read_script("tracker.js", "tracker_page.js").encode()
        self._audience = audience_page(place_sources=self._door.place_sources)
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
                self._keeper.close()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _route(self, scope: Message, receive: Receive, send: Send) -> None:
        path, method, headers = scope["path"], scope["method"], dict(scope["headers"])
        takes_events = path == "/clicks" or path.startswith("/v1/")
        cors = self._door.origins.headers(headers) if b"origin" in headers else []
        if self._door.public_url and self._is_kept_out(scope):
            await self._refuse(send, 404, "there is nothing here", cors)
            return
        if takes_events and method == "POST":
            began = time.perf_counter()
            await self._take(scope, headers, cors, receive, send)
            self._telemetry.answer_seconds.observe(time.perf_counter() - began)
        elif takes_events and method == "OPTIONS":
            await respond(send, 204, b"", [*cors, ACCEPT_CLIENT_HINTS])
        elif path in _GETS and method == "GET":
            await self._show(path, headers, cors, send)
        elif takes_events or path in _GETS:
            allowed = "POST" if takes_events else "GET"
            reason = f"{method} is not allowed on {path}: use {allowed}"
            await self._refuse(send, 405, reason, [*cors, (b"allow", allowed.encode())])
        else:
            await self._refuse(send, 404, f"nothing at {path}: POST /clicks or GET {', '.join(_GETS)}", cors)

    def _is_kept_out(self, scope: Message) -> bool:
        is_outside = comes_from_outside(_sender(scope), scope["headers"])
        return is_outside and not is_for_outside(scope["path"], scope["method"])

    async def _show(
        self, path: str, headers: Mapping[bytes, bytes], cors: Sequence[Header], send: Send
    ) -> None:
        if path == "/":
            body, said = self._audience.answer(headers)
            await respond(send, 200, body, said)
        elif path == "/health":
            await answer(send, 200, {"status": "ok"}, cors)
        elif path == "/ready":
            readiness = self._readiness()
            await answer(send, 200 if readiness.ready else 503, readiness, cors)
        elif path == "/metrics":
            await respond(send, 200, self._telemetry.exposition(), [(b"content-type", CONTENT_TYPE)])
        elif path == "/tracker.js":
            await respond(send, 200, self._tracker, [*_SCRIPT, *(cors or [VARY])])
        else:
            await respond(send, 200, self._document, [JSON, *cors])

    async def _take(
        self,
        scope: Message,
        headers: Mapping[bytes, bytes],
        cors: Sequence[Header],
        receive: Receive,
        send: Send,
    ) -> None:
        door = self._door
        if not door.write_keys.allow(headers):
            await self._refuse(send, 401, "no write key, or not one of ours: send it as X-Write-Key", cors)
            return
        body = await read_body(receive, door.limits.body_bytes)
        if body is None:
            return  # the sender is gone
        if len(body) > door.limits.body_bytes:
            reason = f"body: over the limit of {door.limits.body_bytes} bytes; send smaller batches"
            await self._refuse(send, 413, reason, cors)
            return
        contents = read_request(body, headers, scope["path"], limits=door.limits)
        if headers.get(b"sec-gpc") == b"1" or headers.get(b"dnt") == b"1":
            await self._keep_out(len(contents.events), cors, send)
        elif contents.is_too_large:
            await self._refuse(send, 413, f"body: {contents.rejected[0].reason}", cors)
        elif door.rate_limit is not None and not door.rate_limit.allow(
            _sender(scope), len(contents.events) + len(contents.rejected)
        ):
            reason = "too many events from one sender: send again later"
            await self._refuse(send, 503, reason, [*cors, RETRY_AFTER])
        else:
            await self._commit(contents, scope, headers, cors, send)

    async def _keep_out(self, events: int, cors: Sequence[Header], send: Send) -> None:
        self._telemetry.suppressed += events
        self._keeper.suppress(events)
        await answer(send, 200, Answer(0, [], suppressed=events), cors)

    async def _commit(
        self,
        contents: Contents,
        scope: Message,
        headers: Mapping[bytes, bytes],
        cors: Sequence[Header],
        send: Send,
    ) -> None:
        try:
            enriched = self._enrich(contents.events, headers, scope.get("query_string", b""))
            outcomes = await self._group_commit.commit(enriched, contents.size) if enriched else []
        except (BusyError, StoreError) as error:
            _log.error("%s", error)
            reason = "nothing was kept: send the same events again"
            await self._refuse(send, 503, reason, [*cors, RETRY_AFTER])
            return
        accepted = len(outcomes) - outcomes.count(REFUSED)
        spooled = outcomes.count(SPOOL)
        self._telemetry.accepted += accepted
        self._telemetry.spooled += spooled
        durability = SPOOL if spooled else STORE
        if accepted == len(outcomes) and not contents.rejected:
            await accept(send, accepted, durability, cors)
            return
        rejected = await self._keep_rejected(contents, outcomes)
        if accepted:
            await answer(send, 200, Answer(accepted, rejected, durability), cors)
        else:
            self._telemetry.refused_requests[400] += 1
            await answer(send, 400, Answer(0, rejected), cors)

    async def _refuse(self, send: Send, status: int, reason: str, headers: Sequence[Header]) -> None:
        self._telemetry.refused_requests[status] += 1
        await refuse(send, status, reason, headers)

    def _enrich(self, events: Sequence[Event], headers: Mapping[bytes, bytes], query: bytes) -> list[Event]:
        received_at = dt.datetime.now(dt.UTC)
        agent = headers.get(b"user-agent", b"").decode("latin-1")
        hints = hints_of_request(headers, query)
        language = headers.get(b"accept-language", b"").decode("latin-1")
        place_of = self._door.place_sources.place_of(headers)
        correct = self._clocks.correct
        return [
            enrich(
                correct(event, received_at),
                received_at=received_at,
                user_agent=agent,
                hints=hints,
                accept_language=language,
                place_of=place_of,
            )
            for event in events
        ]

    def _write_batch(self, events: Sequence[Event]) -> Sequence[Outcome]:
        self._telemetry.batch_sizes.observe(len(events))
        return self._keeper.write(events)

    async def _keep_rejected(self, contents: Contents, outcomes: Sequence[Outcome]) -> list[Rejection]:
        """Keep what was refused at the door, and name it together with what the store refused."""
        if contents.rejected:
            try:
                await asyncio.to_thread(self._keeper.reject, contents.rejected)
            except OSError as error:
                _log.error("rejected events could not be kept: %s", error)
        for one in contents.rejected:
            self._telemetry.reject(one.field)
        by_the_store = _refused_by_the_store(outcomes, {one.index for one in contents.rejected})
        self._telemetry.reject_stored(len(by_the_store))
        return [Rejection(one.index, one.field, one.reason) for one in contents.rejected] + by_the_store

    def _readiness(self) -> Readiness:
        state = self._keeper.state()
        has_room = state.spool_bytes < state.spool_most_bytes
        store = "away" if state.store_is_away else "ok"
        return Readiness(
            has_room or not state.store_is_away, store, state.spool_bytes, state.spool_most_bytes
        )


def _refused_by_the_store(outcomes: Sequence[Outcome], taken: set[int]) -> list[Rejection]:
    """Name the events that the store refused by their place in the request."""
    places = (index for index in range(len(outcomes) + len(taken)) if index not in taken)
    reason = "the store refuses this event; it is kept among the rejected ones"
    return [
        Rejection(index, "", reason)
        for index, outcome in zip(places, outcomes, strict=True)
        if outcome == REFUSED
    ]


def _sender(scope: Message) -> str:
    client = scope.get("client")
    return client[0] if client else ""
