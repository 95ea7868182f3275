"""From DynamoDB's JSON to Arrow: a page is parsed as a whole, without a Python object for each item.

A page in which every attribute is one of the event's, of its type, is parsed natively. Any other page is
looked at item by item: unknown attributes go into `properties`, NULL is null, a wrong type is an error.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.json

from clickkit.errors import StoreError
from clickkit.event import ITEM_SCHEMA, SCHEMA
from clickkit.storage.attributes import EXPIRY
from clickkit.storage.items import JSON_MEMORY, items_to_batch

_Key = dict[str, Any]

_KEYS = ("pk", "sk")
_NO_FIELDS = (*_KEYS, EXPIRY)
_KINDS = {pa.string(): "S", pa.int64(): "N", pa.float64(): "N", pa.bool_(): "BOOL"}


def parse_page(body: bytes) -> tuple[pa.RecordBatch, _Key | None]:
    """Return the events of a Query's answer, and the key after which the next page starts.

    Raises:
        StoreError: an attribute has another type than the event's field.
    """
    try:
        page = _read(body, _PAGE)
        items = page["Items"].chunk(0).flatten()
        start = page["LastEvaluatedKey"][0].as_py()
        return _to_batch(items), start
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        whole = msgspec.json.decode(body)
        return _to_batch_item_by_item(whole["Items"]), whole.get("LastEvaluatedKey")


def parse_lines(lines: bytes) -> pa.RecordBatch:
    """Return the events of a file that DynamoDB's export to S3 wrote: lines of `{"Item": {…}}`.

    Raises:
        StoreError: an attribute has another type than the event's field.
    """
    try:
        return _to_batch(_read(lines, _LINES)["Item"].combine_chunks())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _to_batch_item_by_item([msgspec.json.decode(line)["Item"] for line in lines.splitlines()])


def plain(attribute: Mapping[str, Any]) -> Any:
    """Take DynamoDB's type off a value."""
    ((kind, value),) = attribute.items()
    if kind == "M":
        return {name: plain(inner) for name, inner in value.items()}
    if kind == "L":
        return [plain(inner) for inner in value]
    if kind == "N":
        return _number(value)
    if kind == "NS":
        return [_number(number) for number in value]
    return None if kind == "NULL" else value


def _number(text: str) -> int | float:
    return float(text) if set(text) & set(".eE") else int(text)


def _typed(kind: pa.DataType) -> pa.DataType:
    """Return how DynamoDB's JSON wraps a value of an Arrow type."""
    if pa.types.is_struct(kind):
        return pa.struct([("M", pa.struct([(field.name, _typed(field.type)) for field in kind]))])
    if pa.types.is_timestamp(kind):
        return pa.struct([("S", kind)])
    name = _KINDS[kind]
    return pa.struct([(name, pa.string() if name == "N" else kind)])


_ITEM = pa.struct(
    [
        *((key, _typed(pa.string())) for key in _KEYS),
        (EXPIRY, _typed(pa.int64())),
        *((f.name, _typed(f.type)) for f in ITEM_SCHEMA),
    ]
)
_PAGE = pa.schema(
    [
        ("Items", pa.list_(_ITEM)),
        ("LastEvaluatedKey", pa.struct([(key, _typed(pa.string())) for key in _KEYS])),
        ("Count", pa.int64()),
        ("ScannedCount", pa.int64()),
    ]
)
_LINES = pa.schema([("Item", _ITEM)])


def _read(content: bytes, schema: pa.Schema) -> pa.Table:
    return pyarrow.json.read_json(
        pa.BufferReader(content),
        pyarrow.json.ReadOptions(block_size=len(content) + 1, use_threads=False),
        pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
        JSON_MEMORY,
    )


def _to_batch(items: pa.StructArray) -> pa.RecordBatch:
    by_name = dict(zip([field.name for field in items.type], items.flatten(), strict=True))
    columns = [
        _unwrapped(by_name[item.name], field.type) for item, field in zip(ITEM_SCHEMA, SCHEMA, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def _unwrapped(array: pa.StructArray, kind: pa.DataType) -> pa.Array:
    """Take DynamoDB's types off a column."""
    (values,) = array.flatten()
    if pa.types.is_struct(kind):
        inner = [_unwrapped(child, field.type) for child, field in zip(values.flatten(), kind, strict=True)]
        return pa.StructArray.from_arrays(inner, fields=list(kind), mask=values.is_null())
    return values.cast(kind)


def _to_batch_item_by_item(items: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
    lines = [_line(item) for item in items]
    try:
        return items_to_batch(b"\n".join(lines))
    except pa.ArrowInvalid:
        for item, line in zip(items, lines, strict=True):
            try:
                items_to_batch(line)
            except pa.ArrowInvalid as error:
                raise _unreadable(item, error) from error
        raise


def _line(item: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(_known_and_other(item))
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        raise _unreadable(item, error) from error


def _unreadable(item: Mapping[str, Any], error: Exception) -> StoreError:
    return StoreError(
        f"the item pk={plain(item['pk'])} sk={plain(item['sk'])} is no event: {error}; "
        "mend or delete the item"
    )


def _known_and_other(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item without DynamoDB's types, its unknown attributes among the properties."""
    known: dict[str, Any] = {}
    other: dict[str, Any] = {}
    for name, attribute in item.items():
        if name in _NO_FIELDS:
            continue
        index = ITEM_SCHEMA.get_field_index(name)
        if index < 0:
            other[name] = plain(attribute)
        else:
            known[name] = _checked(item, name, attribute, ITEM_SCHEMA.field(index).type, other)
    if other:
        said = msgspec.json.decode(known.get("properties") or "{}")
        known["properties"] = msgspec.json.encode(said | other).decode()
    return known


def _checked(
    item: Mapping[str, Any], path: str, attribute: Mapping[str, Any], kind: pa.DataType, other: dict[str, Any]
) -> Any:
    """Return a known attribute's value when it has its type; unknown parts go to `other`."""
    ((found, value),) = attribute.items()
    wanted = _typed(kind).field(0).name
    if found == "NULL":
        return None
    if found == "B" and pa.types.is_floating(kind):
        return float(base64.b64decode(value))  # too small for N, see dynamodb.py
    if found != wanted:
        raise StoreError(
            f"the item pk={plain(item['pk'])} sk={plain(item['sk'])} has {path} of DynamoDB's type {found}, "
            f"not {wanted}: mend or delete the item"
        )
    if wanted != "M":
        return plain(attribute)
    known = {}
    for name, inner in value.items():
        index = kind.get_field_index(name)
        if index < 0:
            other[f"{path}.{name}"] = plain(inner)
        else:
            known[name] = _checked(item, f"{path}.{name}", inner, kind.field(index).type, other)
    return known
