"""What is special about the DynamoDB store, on a real server of its protocol."""

import datetime as dt
import time

import boto3
import pytest

from clickkit import SettingsError, StoreError, connect
from clickkit.errors import StoreRefusedError
from clickkit.storage.connect import connect_dynamodb


def raw_client(endpoint):
    """Return a plain boto3 client of the test server."""
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="eu-north-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


def test_an_item_has_typed_attributes_by_their_json_names(dynamodb_url, dynamodb_endpoint, make_event):
    """Other tools find `pk = day#shard`, `sk = timestamp#id` and the event's own names."""
    store = connect(dynamodb_url)
    event = make_event(sequence=3, x=0.5, properties={"a": 1})
    store.put([event])
    table = dynamodb_url.removeprefix("dynamodb://").split("?")[0]

    (item,) = raw_client(dynamodb_endpoint).scan(TableName=table)["Items"]

    assert item == store.get(event.key)
    assert item == {
        "pk": {"S": "2026-11-22#03"},
        "sk": {"S": "2026-11-22T10:30:00.000000Z#a"},
        "id": {"S": "a"},
        "event": {"S": "click"},
        "button": {"S": "Sign up"},
        "timestamp": {"S": "2026-11-22T10:30:00Z"},
        "pageUrl": {"S": "https://example.com/"},
        "device": {
            "M": {"type": {"S": "mobile"}, "platform": {"S": "iOS"}, "browser": {"S": "Mobile Safari"}}
        },
        "sequence": {"N": "3"},
        "x": {"N": "0.5"},
        "properties": {"S": '{"a":1}'},
    }
    store.close()


@pytest.mark.parametrize(
    ("x", "attribute"), [(1e-200, {"B": b"1e-200"}), (-0.0, {"B": b"-0.0"}), (0.0, {"N": "0"})]
)
def test_a_number_that_dynamodb_cannot_hold_is_kept_as_its_digits(dynamodb_url, make_event, x, attribute):
    """DynamoDB's smallest number is 1e-130, and its zero has no sign; the event comes back as it was."""
    store = connect(dynamodb_url)
    event = make_event(x=x)

    store.put([event])

    assert store.get(event.key)["x"] == attribute
    (row,) = [row for batch in store.scan(event.day) for row in batch.to_pylist()]
    assert repr(row["x"]) == repr(x)
    store.close()


def test_an_event_may_be_kept_for_some_days_only(dynamodb_url, make_event):
    """Its item says until when; read back it is the event as it was put, page by page and item by item."""
    store = connect(f"{dynamodb_url}&keep_days=90")
    event = make_event(timestamp=dt.datetime(2015, 5, 17, tzinfo=dt.UTC))
    store.put([event])

    expires = int(store.get(event.key)["expiresAt"]["N"]) - time.time()
    assert 89 < expires / 86_400 <= 90
    assert "keep_days=90" in store.url
    (batch,) = store.scan(event.day)
    assert batch.to_pylist()[0]["id"] == event.id
    assert batch.to_pylist()[0]["properties"] is None
    with pytest.raises(SettingsError, match="keep_days is '7': write a number of days from 30 on"):
        connect(f"{dynamodb_url}&keep_days=7")


def test_an_unreachable_server_is_named_with_what_to_do():
    """An operator reads where it failed."""
    store = connect("dynamodb://clicks?endpoint=http://127.0.0.1:9&region=eu-north-1")

    with pytest.raises(
        StoreError, match=r"dynamodb://clicks\?endpoint=http://127.0.0.1:9.*check that it is running"
    ):
        store.get(("a", "b"))


def test_a_missing_table_is_named_with_the_command_that_makes_it(dynamodb_endpoint, make_event):
    """The remedy is one line to copy."""
    store = connect(f"dynamodb://missing?endpoint={dynamodb_endpoint}&region=eu-north-1")

    with pytest.raises(StoreError, match="clickkit table create --store"):
        store.put([make_event()])


def test_a_table_is_made_once(dynamodb_url):
    """Making it again keeps it."""
    store = connect_dynamodb(dynamodb_url)

    store.create_table()

    assert store.get(("a", "b")) is None


def test_a_table_with_other_keys_is_refused(dynamodb_endpoint):
    """A table of another program is not written to."""
    raw_client(dynamodb_endpoint).create_table(
        TableName="foreign",
        KeySchema=[{"AttributeName": "user", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "user", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    with pytest.raises(StoreError, match="not pk and sk"):
        connect_dynamodb(f"dynamodb://foreign?endpoint={dynamodb_endpoint}&region=eu-north-1").create_table()


def test_secrets_stay_out_of_errors(monkeypatch):
    """What is printed may be pasted into an issue."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    store = connect("dynamodb://clicks?endpoint=http://127.0.0.1:9&region=eu-north-1")

    with pytest.raises(StoreError) as caught:
        store.get(("a", "b"))

    assert "very-secret" not in str(caught.value)


def test_a_table_of_another_program_is_away_and_blames_no_event(dynamodb_endpoint, make_event):
    """Its answer is about the keys, so the events wait in the spool and are not set aside one by one."""
    raw_client(dynamodb_endpoint).create_table(
        TableName="foreign-too",
        KeySchema=[{"AttributeName": "user", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "user", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    store = connect(f"dynamodb://foreign-too?endpoint={dynamodb_endpoint}&region=eu-north-1")

    with pytest.raises(StoreError, match="keys of the table are pk and sk") as caught:
        store.put([make_event()])

    assert not isinstance(caught.value, StoreRefusedError)


def test_a_ledger_that_is_still_being_made_does_not_hold_a_put_for_long(slow_dynamodb_endpoint, make_event):
    """The spool takes the batch meanwhile; nothing is stored that the ledger does not know."""
    table = {"TableName": "clicks", "BillingMode": "PAY_PER_REQUEST"}
    client = raw_client(slow_dynamodb_endpoint)
    client.create_table(
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        **table,
    )
    client.get_waiter("table_exists").wait(TableName="clicks", WaiterConfig={"Delay": 1})
    store = connect(f"dynamodb://clicks?endpoint={slow_dynamodb_endpoint}&region=eu-north-1")

    with pytest.raises(StoreError, match="table clicks-ledger is not ready after 1 s"):
        store.put([make_event()])

    assert store.get(make_event().key) is None
    client.get_waiter("table_exists").wait(TableName="clicks-ledger", WaiterConfig={"Delay": 1})
    assert store.put([make_event()]) == 1
    assert store.ledger()[0].stored == 1
