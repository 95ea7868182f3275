"""A DynamoDB that answers at once and keeps nothing: what is left is the collector's own cost."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

Message = MutableMapping[str, Any]

_KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
_ANSWERS = {
    b"BatchWriteItem": {"UnprocessedItems": {}},
    b"BatchGetItem": {"Responses": {}, "UnprocessedKeys": {}},
    b"PutItem": {},
    b"GetItem": {},
    b"DescribeTable": {"Table": {"TableName": "clicks", "TableStatus": "ACTIVE", "KeySchema": _KEYS}},
}
_UNKNOWN = {"__type": "UnknownOperationException", "message": "the stub answers writes and reads by key only"}


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Read one request to its end and answer it as an empty table would."""
    while (await receive())["more_body"]:
        pass
    target = dict(scope["headers"]).get(b"x-amz-target", b"")
    known = _ANSWERS.get(target.rpartition(b".")[2])
    body = msgspec.json.encode(_UNKNOWN if known is None else known)
    headers = [(b"content-type", b"application/x-amz-json-1.0"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 400 if known is None else 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
