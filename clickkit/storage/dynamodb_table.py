"""A DynamoDB table with the keys of a store: made, and waited for."""

import time
from contextlib import suppress
from typing import Any

from clickkit.errors import StoreError

_KEY_SCHEMA = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]


def make_table(client: Any, table: str, seconds: int) -> None:
    """Make a table, billed on demand, and wait for it; an existing one is kept.

    Raises:
        StoreError: it is not ready in time, or has other keys.
        BotoCoreError, ClientError: DynamoDB cannot be asked.
    """
    with suppress(client.exceptions.ResourceInUseException):
        client.create_table(
            TableName=table,
            KeySchema=_KEY_SCHEMA,
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
    keys = _wait_for(client, table, seconds)["KeySchema"]
    if keys != _KEY_SCHEMA:
        raise StoreError(f"table {table} has the keys {keys}, not pk and sk: choose another name")


def _wait_for(client: Any, table: str, seconds: int) -> Any:
    """Return the description of a table that is ready; between two looks, wait twice as long as before."""
    deadline, pause = time.monotonic() + seconds, 0.02
    while True:
        with suppress(client.exceptions.ResourceNotFoundException):
            found = client.describe_table(TableName=table)["Table"]
            if found["TableStatus"] in ("ACTIVE", "UPDATING"):
                return found
        if time.monotonic() > deadline:
            raise StoreError(f"table {table} is not ready after {seconds} s; try again")
        time.sleep(pause)
        pause = min(2 * pause, 0.5)
