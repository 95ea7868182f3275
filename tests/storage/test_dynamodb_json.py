"""DynamoDB's JSON becomes Arrow, natively where it can."""

import json

import pytest

from clickkit import Location, StoreError
from clickkit.storage.dynamodb_json import parse_lines, parse_page

ITEM = {
    "pk": {"S": "2026-11-22#03"},
    "sk": {"S": "2026-11-22T10:30:00.000000Z#a"},
    "id": {"S": "a"},
    "event": {"S": "click"},
    "button": {"S": "Zażółć \u0000 \n"},
    "timestamp": {"S": "2026-11-22T10:30:00Z"},
    "pageUrl": {"S": "https://example.com/"},
    "device": {"M": {"type": {"S": "mobile"}, "isBot": {"BOOL": False}}},
    "sequence": {"N": "9007199254740992"},
    "x": {"N": "-1.25E-7"},
    "properties": {"S": '{"a":1}'},
}


def parse(*items, key=None):
    """Parse a page of a Query's answer."""
    page = {"Count": len(items), "ScannedCount": len(items), "Items": list(items)}
    return parse_page(json.dumps(page | ({"LastEvaluatedKey": key} if key else {})).encode())


def only(*items):
    """Return the one row of a page."""
    (row,) = parse(*items)[0].to_pylist()
    return row


def test_a_page_has_rows_and_where_the_next_one_starts():
    """The key is handed back as DynamoDB wants to have it."""
    key = {"pk": {"S": "2026-11-22#03"}, "sk": {"S": "x"}}

    batch, start = parse(ITEM, ITEM, key=key)

    assert (batch.num_rows, start) == (2, key)
    assert parse(ITEM)[1] is None
    assert parse()[0].num_rows == 0


def test_values_have_the_types_of_the_event():
    """Numbers that DynamoDB writes as text are numbers, maps are structs, what is missing is null."""
    row = only(ITEM)

    assert (row["button"], row["sequence"], row["x"]) == ("Zażółć \u0000 \n", 2**53, -1.25e-7)
    assert row["device"]["type"] == "mobile"
    assert (row["device"]["is_bot"], row["device"]["browser"]) == (False, None)
    assert (row["location"], row["visitor_id"]) == (None, None)


@pytest.mark.parametrize(
    "other", [{"N": "1.5"}, {"S": "x"}, {"L": [{"N": "1"}, {"M": {"b": {"BOOL": True}}}]}]
)
def test_unknown_attributes_are_kept_in_the_properties(other):
    """Another program wrote them; nothing is lost, and its neighbours stay as they are."""
    batch, _ = parse(ITEM, ITEM | {"campaign": other, "device": {"M": {"colour": {"S": "red"}}}})

    plain, rich = batch.to_pylist()
    said = json.loads(rich["properties"])
    assert json.loads(plain["properties"]) == {"a": 1}
    assert said.pop("campaign") in (1.5, "x", [1, {"b": True}])
    assert said == {"a": 1, "device.colour": "red"}
    assert rich["device"]["type"] is None


def test_null_is_null():
    """As boto3 writes None."""
    assert only(ITEM | {"language": {"NULL": True}})["language"] is None


def test_an_attribute_of_another_type_is_named():
    """With the item's keys, so that it can be found."""
    with pytest.raises(StoreError, match=r"sk=2026-11-22T10:30:00.000000Z#a has button of .* N, not S"):
        parse(ITEM | {"button": {"N": "1"}})
    with pytest.raises(StoreError, match=r"has device.isBot of"):
        parse(ITEM | {"device": {"M": {"isBot": {"S": "no"}}}})


def test_lines_of_an_export_to_s3_are_the_same_rows():
    """The way for tables that are too large to query."""
    lines = b"".join(json.dumps({"Item": item}).encode() + b"\n" for item in (ITEM, ITEM))
    odd = json.dumps({"Item": ITEM | {"campaign": {"S": "x"}}}).encode()

    assert parse_lines(lines).to_pylist() == [only(ITEM)] * 2
    assert json.loads(parse_lines(odd)["properties"][0].as_py()) == {"a": 1, "campaign": "x"}


def test_what_no_number_of_dynamodb_holds_is_read_item_by_item(make_event, store):
    """1e-200 is stored as bytes."""
    event = make_event(location=Location(latitude=1.5, longitude=1e-200), sequence=0, duration_ms=1e12)
    store.put([event])

    rows = [row for batch in store.scan(event.day) for row in batch.to_pylist()]

    assert [row["location"]["longitude"] for row in rows] == [1e-200]


def test_a_whole_event_is_parsed_natively(make_event, store, monkeypatch):
    """The slow way, item by item, is for pages that need it."""
    slow = []
    monkeypatch.setattr("clickkit.storage.dynamodb_json._to_batch_item_by_item", slow.append)
    event = make_event(location=Location(latitude=1.5, longitude=-7.25), sequence=0, duration_ms=1e12)
    store.put([event])

    (row,) = [row for batch in store.scan(event.day) for row in batch.to_pylist()]

    assert (slow, row["location"]["longitude"], row["duration_ms"], row["sequence"]) == ([], -7.25, 1e12, 0)
    assert row["device"]["browser"] == event.device.browser


@pytest.mark.parametrize(
    "wrong",
    [
        {"timestamp": {"S": "yesterday"}},
        {"sequence": {"N": "1.5"}},
        {"x": {"B": "eHl6"}},
        {"campaign": {"S": "x"}, "properties": {"S": "[1]"}},
        {"campaign": {"S": "x"}, "properties": {"S": "no json"}},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_an_item_that_is_no_event_is_named(wrong):
    """Another program wrote it; whoever looks finds it by its keys."""
    with pytest.raises(StoreError, match=r"sk=2026-11-22T10:30:00.000000Z#a is no event: "):
        parse(ITEM, ITEM | wrong)
