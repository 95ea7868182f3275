"""The ceiling: bare ASGI that decodes clicks with msgspec, keeps nothing, and answers a constant."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from clickkit.event import Event

Message = MutableMapping[str, Any]

_decoder = msgspec.json.Decoder(Event | list[Event])
_BODY = b'{"accepted":1,"rejected":[]}'
_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_BODY))],
}


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Decode the request's click or clicks and answer; a bad click raises, which is an error 500."""
    message = await receive()
    body = message["body"]
    while message["more_body"]:
        message = await receive()
        body += message["body"]
    _decoder.decode(body)
    await send(_START)
    await send({"type": "http.response.body", "body": _BODY})
