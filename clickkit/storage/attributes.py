"""DynamoDB's attributes: values with their types."""

import time
from collections.abc import Mapping
from typing import Any

from clickkit.event import Event, Key, to_item

EXPIRY = "expiresAt"
"""The attribute of DynamoDB's time to live; no field of an event."""

_SMALLEST_NUMBER = 1e-130
_DAY_SECONDS = 86_400


def key_attributes(key: Key) -> dict[str, Any]:
    """Return the two attributes of a key."""
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def expiry_attribute(keep_days: int | None) -> dict[str, Any]:
    """Return the attribute by which DynamoDB deletes an item that is put now; None: it stays."""
    if keep_days is None:
        return {}
    return {EXPIRY: {"N": str(int(time.time()) + keep_days * _DAY_SECONDS)}}


def to_attributes(event: Event) -> dict[str, Any]:
    """Return the item of an event, its key included."""
    return key_attributes(event.key) | item_attributes(to_item(event))


def item_attributes(item: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values of an item, as the embedded store returns it, DynamoDB's types."""
    return {name: _attribute(value) for name, value in item.items()}


def _attribute(value: Any) -> dict[str, Any]:
    """Give a JSON value its DynamoDB type."""
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, int | float):
        text = repr(value)
        fits = abs(value) >= _SMALLEST_NUMBER or text in ("0", "0.0")
        return {"N": text} if fits else {"B": text.encode()}  # N would lose it, or the sign of its zero
    return {"M": item_attributes(value)}
