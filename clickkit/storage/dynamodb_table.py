"""A DynamoDB table with the keys of a store: made, and waited for."""

from contextlib import suppress
from typing import Any

from botocore.exceptions import WaiterError

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
    waiter = client.get_waiter("table_exists")
    try:
        waiter.wait(TableName=table, WaiterConfig={"Delay": 0.25, "MaxAttempts": 4 * seconds})
    except WaiterError as error:
        raise StoreError(f"table {table} is not ready after {seconds} s: {error}; try again") from error
    keys = client.describe_table(TableName=table)["Table"]["KeySchema"]
    if keys != _KEY_SCHEMA:
        raise StoreError(f"table {table} has the keys {keys}, not pk and sk: choose another name")
