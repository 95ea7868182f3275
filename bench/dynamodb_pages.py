"""A DynamoDB that answers Scan and Query with pages made beforehand: what is measured is the reader.

`PAGES` names a file with one page's items a line, shard after shard.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import msgspec

Message = MutableMapping[str, Any]

_KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
_ATTRIBUTES = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]
_TABLE = {
    "TableName": "clicks",
    "TableStatus": "ACTIVE",
    "KeySchema": _KEYS,
    "AttributeDefinitions": _ATTRIBUTES,
}


class Page(msgspec.Struct, frozen=True):
    """One page: its items in DynamoDB's JSON, how many, and the keys of the last one."""

    shard: str
    items: msgspec.Raw
    count: int
    last: dict[str, Any]


def _load() -> list[Page]:
    path = os.environ.get("PAGES")
    return (
        [msgspec.json.decode(line, type=Page) for line in Path(path).read_bytes().splitlines()]
        if path
        else []
    )


_pages = _load()
_places = {page.last["sk"]["S"]: place for place, page in enumerate(_pages)}


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer one request of DynamoDB's protocol."""
    body = b""
    while True:
        message = await receive()
        body += message["body"]
        if not message["more_body"]:
            break
    said = msgspec.json.decode(body)
    operation = dict(scope["headers"]).get(b"x-amz-target", b"").rpartition(b".")[2]
    answer = _answer(operation, said)
    headers = [(b"content-type", b"application/x-amz-json-1.0"), (b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


def _answer(operation: bytes, said: dict[str, Any]) -> bytes:
    if operation == b"DescribeTable":
        return msgspec.json.encode({"Table": _TABLE})
    if operation == b"Scan" or (operation == b"Query" and said["TableName"] == "clicks"):
        return _page(operation, said)
    return b'{"Count":0,"Items":[],"ScannedCount":0}'


def _page(operation: bytes, said: dict[str, Any]) -> bytes:
    """Return the page after the key that the request names, and whether one follows."""
    shard = said["ExpressionAttributeValues"][":pk"]["S"] if operation == b"Query" else None
    pages = [place for place, page in enumerate(_pages) if shard in (None, page.shard)]
    if not pages:
        return b'{"Count":0,"Items":[],"ScannedCount":0}'
    after = said.get("ExclusiveStartKey")
    place = _places[after["sk"]["S"]] + 1 if after else pages[0]
    page = _pages[place]
    count = b"%d" % page.count
    next_key = b"" if place == pages[-1] else b',"LastEvaluatedKey":' + msgspec.json.encode(page.last)
    return b'{"Count":%b,"Items":%b,"ScannedCount":%b%b}' % (count, bytes(page.items), count, next_key)
