"""What the collector says: answers in JSON, with the headers that they carry."""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from clickkit.capture.client_hints import ASKED

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

JSON = (b"content-type", b"application/json")
ACCEPT_CLIENT_HINTS = (b"accept-ch", ASKED)
RETRY_AFTER = (b"retry-after", b"2")

_NO_SNIFFING = (b"x-content-type-options", b"nosniff")


class Rejection(msgspec.Struct, frozen=True):
    """Why one event of a request was refused for good."""

    index: int
    field: str
    reason: str


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many events are durable, where, and which were refused for good.

    `suppressed` counts events that a visitor's privacy signal kept out; `error` is a fault of the
    request as a whole.
    """

    accepted: int
    rejected: list[Rejection]
    durability: str | msgspec.UnsetType = msgspec.UNSET
    suppressed: int = 0
    error: str | msgspec.UnsetType = msgspec.UNSET


class Readiness(msgspec.Struct, frozen=True):
    """Whether events can be kept, and by what: `store` is ok or away."""

    ready: bool
    store: str
    spool_bytes: int
    spool_most_bytes: int


async def refuse(send: Send, status: int, error: str, headers: Sequence[Header]) -> None:
    """Say why nothing of the request was taken."""
    await answer(send, status, Answer(0, [], error=error), headers)


async def answer(send: Send, status: int, said: object, headers: Sequence[Header]) -> None:
    """Send a struct as JSON."""
    await respond(send, status, msgspec.json.encode(said), [JSON, *headers])


async def accept(send: Send, accepted: int, durability: str, headers: Sequence[Header]) -> None:
    """Say that all events of a request are durable."""
    start, body = _accepted(accepted, durability)
    if headers:
        start = start | {"headers": [*start["headers"], *headers]}
    await send(start)
    await send(body)


async def respond(send: Send, status: int, body: bytes, headers: Sequence[Header]) -> None:
    """Send any body; its length and the security header are added."""
    start, content = _messages(status, body, headers)
    await send(start)
    await send(content)


@lru_cache(maxsize=1_000)
def _accepted(accepted: int, durability: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the two messages of the commonest answer, encoded once."""
    return _messages(200, msgspec.json.encode(Answer(accepted, [], durability)), [JSON, ACCEPT_CLIENT_HINTS])


def _messages(status: int, body: bytes, headers: Sequence[Header]) -> tuple[dict[str, Any], dict[str, Any]]:
    length = (b"content-length", str(len(body)).encode())
    start = {"type": "http.response.start", "status": status, "headers": [length, _NO_SNIFFING, *headers]}
    return start, {"type": "http.response.body", "body": body}
