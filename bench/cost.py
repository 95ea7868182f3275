"""What a click costs on DynamoDB, from the units that the server meters, by AWS's list prices.

dynalite counts read and write units as DynamoDB does. Prices are those of on-demand tables in us-east-1:
0.625 USD for a million write units, 0.125 USD for a million read units.
"""

import datetime as dt
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3

from bench.servers import PROJECT, Server
from bench.subjects import start_dynalite
from clickkit import simulate
from clickkit.event import SHARDS, partition_key
from clickkit.storage.attributes import to_attributes

_LAST = dt.date(2026, 11, 20)
_VISITORS = 300
_WRITE_USD, _READ_USD = 0.625e-6, 0.125e-6
_AGES = (1, 30, 365)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(dir=PROJECT / "data", prefix="bench-") as name, ExitStack() as stack:
        for line in _measure(start_dynalite(stack, Path(name) / "dynalite")):
            print(line)


def _measure(server: Server) -> Iterator[str]:
    client = boto3.Session().client(
        "dynamodb",
        endpoint_url=server.url,
        region_name="eu-north-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    clicks = len(list(simulate(_LAST, _LAST, visitors=_VISITORS)))
    units = _write(client, _LAST, _LAST)
    young = _read(client)
    _write(client, _LAST - dt.timedelta(days=59), _LAST - dt.timedelta(days=1))
    old = _read(client)
    yield f"{clicks:,} clicks a day: {units / clicks:.2f} write units a click"
    yield f"read units of one day's export: {young:,.1f} of a table with 1 day, {old:,.1f} with 60 days"
    million = 1_000_000
    write, read = million * units / clicks * _WRITE_USD, million * young / clicks * _READ_USD
    yield f"a million clicks a day: {write:.3f} USD to write, {million * _READ_USD:.3f} to look for repeats"
    yield f"  our export of a day: {read:.4f} USD at any age of the table"
    for age in _AGES:
        yield f"  a scan, eventually consistent, of a table {age} days old: {read / 2 * age:.4f} USD a night"


def _write(client: Any, since: dt.date, until: dt.date) -> float:
    """Write simulated days and return the write units."""
    units = 0.0
    items = [to_attributes(event) for event in simulate(since, until, visitors=_VISITORS)]
    for start in range(0, len(items), 25):
        requests = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        answer = client.batch_write_item(RequestItems={"clicks": requests}, ReturnConsumedCapacity="TOTAL")
        units += sum(one["CapacityUnits"] for one in answer["ConsumedCapacity"])
    return units


def _read(client: Any) -> float:
    """Query all shards of the last day, as the export does, and return the read units."""
    units = 0.0
    for shard in range(SHARDS):
        answer = client.query(
            TableName="clicks",
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": partition_key(_LAST, shard)}},
            ConsistentRead=True,
            ReturnConsumedCapacity="TOTAL",
        )
        units += answer["ConsumedCapacity"]["CapacityUnits"]
    return units


if __name__ == "__main__":
    main()
