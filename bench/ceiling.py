"""The ceiling: bare ASGI that decodes clicks with msgspec, keeps nothing, and answers a constant.

It runs on the collector's own server, so that what differs is what the collector does.
"""

import argparse
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from clickkit.event import Event
from clickkit.server import listen, run

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


def main() -> None:
    """Serve on a port of 127.0.0.1 until a signal ends it."""
    parser = argparse.ArgumentParser(prog="python -m bench.ceiling", description="Serve the ceiling.")
    parser.add_argument("--port", type=int, required=True, help="the port to listen on")
    run(app, listen("127.0.0.1", parser.parse_args().port))


if __name__ == "__main__":
    main()
