"""The store at scale: one DynamoDB table."""

import datetime as dt
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pyarrow as pa
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from clickkit.aws_session import aws_session
from clickkit.errors import StoreError
from clickkit.event import Event, Key
from clickkit.merge import merge_sorted
from clickkit.storage.attributes import expiry_attribute, key_attributes, to_attributes
from clickkit.storage.dynamodb_error import store_error
from clickkit.storage.dynamodb_json import parse_page
from clickkit.storage.dynamodb_table import make_table
from clickkit.storage.raw_answers import RawAnswers
from clickkit.storage.store import ALL_SHARDS, EXPORTED_TO, LedgerDay, ledger_day, partition_keys

_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 3})
_ONCE = _CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))
_LEDGER = "ledger"
_GET_LIMIT = 100
_WRITE_LIMIT = 25
_ATTEMPTS = 8
_READERS = 4
_CREATE_SECONDS = 60
_CREATE_IN_PUT_SECONDS = 1

_log = logging.getLogger(__name__)


class DynamoDBStore:
    """Events in a DynamoDB table with `pk = day#shard` and `sk = timestamp#id`.

    Reading a day is a Query of its shards, never a Scan of the table. Credentials come from boto3's
    usual chain; `credentials` (access key, secret key) takes their place.
    """

    def __init__(
        self,
        table: str,
        *,
        endpoint: str | None,
        region: str | None,
        credentials: tuple[str, str] | None,
        keep_days: int | None = None,
    ) -> None:
        self._table = table
        self._ledger = f"{table}-ledger"
        self._endpoint = endpoint
        self._region = region
        self._credentials = credentials
        self._keep_days = keep_days
        access_key, secret_key = credentials or (None, None)
        try:
            where = {
                "endpoint_url": self._endpoint,
                "region_name": region,
                "aws_access_key_id": access_key,
                "aws_secret_access_key": secret_key,
            }
            session, raw = aws_session(), aws_session(response_parser_factory=RawAnswers())
            self._client = session.client("dynamodb", config=_CONFIG, **where)
            self._counting = session.client("dynamodb", config=_ONCE, **where)
            self._raw = raw.client("dynamodb", config=_CONFIG, **where)
        except (BotoCoreError, ValueError) as error:
            raise self._failed(error) from error

    def __reduce__(self) -> tuple[Callable[[str], "DynamoDBStore"], tuple[str]]:
        """Travel to another process as table, place and given credentials; connections stay here."""
        where: dict[str, Any] = {"endpoint": self._endpoint, "region": self._region}
        where |= {"credentials": self._credentials, "keep_days": self._keep_days}
        return partial(DynamoDBStore, **where), (self._table,)

    @property
    def url(self) -> str:
        """The URL that `connect` opens, without secrets."""
        options = {"endpoint": self._endpoint, "region": self._region, "keep_days": self._keep_days}
        query = "&".join(f"{name}={value}" for name, value in options.items() if value)
        return f"dynamodb://{self._table}" + (f"?{query}" if query else "")

    def create_table(self) -> None:
        """Make the table and the ledger's, billed on demand, and wait for them; existing ones are kept."""
        for table in (self._table, self._ledger):
            self._create(table, _CREATE_SECONDS)

    def put(self, events: Sequence[Event]) -> int:
        """Store the events that the table does not have yet and return their number.

        The ledger's `attempted` goes before the items: when it cannot be written, nothing is. `stored` and
        `repeated` follow, each tried once, and a failure is only logged: after a write or a count that was
        cut off before its answer they may differ from the table by its events, and two processes that put
        the same event at the same moment both count it as stored.
        """
        first = {event.key: event for event in reversed(events)}
        known = self._known(list(first))
        new = [event for key, event in first.items() if key not in known]
        received = Counter(event.day for event in events)
        for day, number in received.items():
            self._add(self._client, day, {"attempted": number})
        expiry = expiry_attribute(self._keep_days)
        stored: Counter[dt.date] = Counter()
        repeated: Counter[dt.date] = Counter()
        try:
            for start in range(0, len(new), _WRITE_LIMIT):
                written = new[start : start + _WRITE_LIMIT]
                self._write([{"PutRequest": {"Item": to_attributes(event) | expiry}} for event in written])
                stored.update(event.day for event in written)
            repeated = received - stored
        finally:
            for day in stored | repeated:
                self._count_done(day, stored=stored[day], repeated=repeated[day])
        return len(new)

    def remove(self, keys: Sequence[Key]) -> int:
        """Delete the events that the table has, and count them as forgotten; see `put` for the ledger."""
        known = sorted(self._known(list(dict.fromkeys(keys))))
        for day, number in _by_day(known).items():
            self._add(self._client, day, {"attempted": number})
        removed: Counter[dt.date] = Counter()
        try:
            for start in range(0, len(known), _WRITE_LIMIT):
                deleted = known[start : start + _WRITE_LIMIT]
                self._write([{"DeleteRequest": {"Key": key_attributes(key)}} for key in deleted])
                removed += _by_day(deleted)
        finally:
            for day, number in removed.items():
                self._count_done(day, forgotten=number)
        return len(known)

    def scan(
        self, day: dt.date, shard: int | Sequence[int] = ALL_SHARDS, after: str = ""
    ) -> Iterator[pa.RecordBatch]:
        """Yield shards of a day, queried side by side and merged."""
        streams = [self._query(pk, after) for pk in partition_keys(day, shard)]
        with ThreadPoolExecutor(_READERS, thread_name_prefix="query") as executor:
            yield from merge_sorted(streams, executor)

    def get(self, key: Key) -> dict[str, Any] | None:
        """Return one item with DynamoDB's types: `{"button": {"S": "Sign up"}, …}`."""
        item: dict[str, Any] | None = self._call(
            self._client.get_item, TableName=self._table, Key=key_attributes(key), ConsistentRead=True
        ).get("Item")
        return item

    def ledger(self) -> list[LedgerDay]:
        """Return the days of the ledger, a table of its own beside the events."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._ledger,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": _LEDGER}},
            ConsistentRead=True,
        )
        try:
            items = [item for page in pages for item in page["Items"]]
        except self._client.exceptions.ResourceNotFoundException:
            return []  # nothing was counted yet
        except (BotoCoreError, ClientError) as error:
            raise self._failed(error) from error
        return [
            ledger_day(
                item["sk"]["S"], {name: int(value["N"]) for name, value in item.items() if "N" in value}
            )
            for item in items
        ]

    def count(self, day: dt.date, **numbers: int) -> None:
        """Add to the ledger; after an answer that was cut off, the numbers may have been added twice."""
        self._add(self._client, day, numbers)

    def mark_exported(self, lake: str, changes: Mapping[dt.date, int]) -> None:
        """Note days as exported."""
        for day, number in changes.items():
            self._update_ledger(self._client, day, "set #0 = :0", {EXPORTED_TO + lake: number})

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._counting.close()
        self._raw.close()

    def _query(self, pk: str, after: str) -> Iterator[pa.RecordBatch]:
        """Yield the items of one partition key, a record batch for each page (1 MB) of the Query."""
        condition, values = "pk = :pk", {":pk": {"S": pk}}
        if after:
            condition, values = condition + " and sk > :after", values | {":after": {"S": after}}
        query = partial(
            self._raw.query,
            TableName=self._table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ConsistentRead=True,
        )
        batch, start = parse_page(self._call(query)["Body"])
        while start is not None:
            yield batch
            batch, start = parse_page(self._call(query, ExclusiveStartKey=start)["Body"])
        if batch.num_rows:
            yield batch

    def _count_done(self, day: dt.date, **numbers: int) -> None:
        """Count what was put or removed; it is durable already, so a failure is only logged."""
        try:
            self._add(self._counting, day, {name: number for name, number in numbers.items() if number})
        except StoreError as error:
            said = ", ".join(f"{number} {name}" for name, number in numbers.items())
            _log.error("%s of %s: maybe not in the ledger: %s", said, day, error)

    def _write(self, requests: list[dict[str, Any]]) -> None:
        self._until_done(self._client.batch_write_item, {self._table: requests}, "UnprocessedItems")

    def _create(self, table: str, seconds: int) -> None:
        self._call(make_table, client=self._client, table=table, seconds=seconds)

    def _add(self, client: Any, day: dt.date, numbers: Mapping[str, int]) -> None:
        added = ", ".join(f"#{i} :{i}" for i in range(len(numbers)))
        self._update_ledger(client, day, f"add {added}", numbers)

    def _update_ledger(self, client: Any, day: dt.date, expression: str, numbers: Mapping[str, int]) -> None:
        """Change a day's item in the ledger; its table is made when it is not there, without a long wait."""
        update = partial(
            client.update_item,
            TableName=self._ledger,
            Key=key_attributes((_LEDGER, str(day))),
            UpdateExpression=expression,
            ExpressionAttributeNames={f"#{i}": name for i, name in enumerate(numbers)},
            ExpressionAttributeValues={
                f":{i}": {"N": str(number)} for i, number in enumerate(numbers.values())
            },
        )
        try:
            update()
        except client.exceptions.ResourceNotFoundException:
            self._create(self._ledger, _CREATE_IN_PUT_SECONDS)
            self._call(update)
        except (BotoCoreError, ClientError) as error:
            raise self._failed(error) from error

    def _known(self, keys: Sequence[Key]) -> set[Key]:
        """Return those of `keys` that the table has."""
        known: set[Key] = set()
        for start in range(0, len(keys), _GET_LIMIT):
            wanted = {
                "Keys": [key_attributes(key) for key in keys[start : start + _GET_LIMIT]],
                "ProjectionExpression": "pk, sk",
                "ConsistentRead": True,
            }
            for answer in self._until_done(
                self._client.batch_get_item, {self._table: wanted}, "UnprocessedKeys"
            ):
                found = answer["Responses"].get(self._table, [])
                known.update((item["pk"]["S"], item["sk"]["S"]) for item in found)
        return known

    def _until_done(
        self, call: Callable[..., dict[str, Any]], request: dict[str, Any], left_over: str
    ) -> list[dict[str, Any]]:
        """Repeat a batch call with what it left unprocessed, backing off with full jitter."""
        answers = []
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(random.uniform(0, 0.05 * 2**attempt))
            try:
                answer = call(RequestItems=request)
            except (BotoCoreError, ClientError) as error:
                raise self._failed(error) from error
            answers.append(answer)
            request = answer.get(left_over) or {}
            if not request:
                return answers
        raise StoreError(
            f"{self.url} left items unprocessed {_ATTEMPTS} times: it is throttled, try again later"
        )

    def _call(self, call: Callable[..., Any], **arguments: Any) -> Any:
        try:
            return call(**arguments)
        except (BotoCoreError, ClientError) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> StoreError:
        return store_error(self.url, error)


def _by_day(keys: Sequence[Key]) -> Counter[dt.date]:
    return Counter(dt.date.fromisoformat(pk[:10]) for pk, _ in keys)
