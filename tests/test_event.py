"""The event's three forms agree."""

import datetime as dt

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clickkit import Event, InvalidEventError, Location, decode_event, encode_event
from clickkit.event import SCHEMA, check_event, encode_item, shard_of, sort_key, to_item
from clickkit.storage.items import items_to_batch

GOOD = {
    "id": "a",
    "button": "Sign up",
    "timestamp": "2026-11-22T23:30:00-02:00",
    "pageUrl": "https://example.com/",
    "device": {"type": "mobile", "platform": "iOS", "browser": "Mobile Safari"},
    "location": {"city": "Oslo", "country": "Norway"},
}


def decode(**changes):
    """Decode the good event with some fields replaced, or left out when None."""
    fields = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return decode_event(msgspec.json.encode(fields))


def test_wire_names_are_camel_case_and_python_names_are_snake_case():
    """Each field has one name, spelled by one rule."""
    event = decode(visitorId="v", durationMs=1.5)

    assert (event.page_url, event.visitor_id, event.duration_ms) == ("https://example.com/", "v", 1.5)
    assert msgspec.json.decode(encode_event(event))["pageUrl"] == "https://example.com/"


def test_times_are_kept_in_utc_and_decide_the_day():
    """An event belongs to the UTC day of its timestamp."""
    event = decode()

    assert event.timestamp == dt.datetime(2026, 11, 23, 1, 30, tzinfo=dt.UTC)
    assert event.timestamp.tzinfo is dt.UTC
    assert event.day == dt.date(2026, 11, 23)
    assert event.key[0].startswith("2026-11-23#")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"button": None}, "button"),
        ({"id": None}, "id"),
        ({"timestamp": None}, "timestamp"),
        ({"pageUrl": None}, "pageUrl"),
        ({"id": ""}, "id"),
        ({"button": 7}, "button"),
        ({"timestamp": 1763800000}, "timestamp"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": "2026-11-22T10:00:00"}, "timestamp"),
        ({"pageUrl": "x" * 3000}, "pageUrl"),
        ({"device": "iPhone"}, "device"),
        ({"device": {"type": 1}}, "device.type"),
        ({"location": {"latitude": 91, "longitude": 0}}, "location.latitude"),
        ({"location": {"latitude": 9}}, "location.longitude"),
        ({"properties": {"text": "x" * 20_000}}, "properties"),
        ({"variants": {"x" * 129: "a"}}, "variants"),
        ({"x": "left"}, "x"),
        ({"sequence": -1}, "sequence"),
    ],
)
def test_a_bad_field_is_refused_by_its_json_name(changes, field):
    """The sender learns which field is wrong."""
    with pytest.raises(InvalidEventError) as caught:
        decode(**changes)

    assert caught.value.field == field


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff", b'"a"', b"[" * 100_000, b'{"id": NaN}'])
def test_what_is_no_json_object_is_refused(raw):
    """Broken input gives our error and nothing else."""
    with pytest.raises(InvalidEventError):
        decode_event(raw)


def test_a_time_outside_the_calendar_is_refused():
    """A timestamp that has no UTC form cannot be stored."""
    with pytest.raises(InvalidEventError, match="outside the years"):
        decode(timestamp="0001-01-01T00:00:00+05:00")


def test_a_time_without_a_zone_is_refused_everywhere():
    """Nobody's local time is taken for UTC."""
    with pytest.raises(ValueError, match="no time zone"):
        Event(id="a", button="b", page_url="u", timestamp=dt.datetime(2026, 1, 1))


def test_a_view_needs_no_button():
    """Only clicks have buttons."""
    assert decode(event="view", button=None).button is None


def test_sort_keys_order_events_in_time():
    """Keys have a fixed width, so text order is time order."""
    early = dt.datetime(2026, 11, 22, 9, 59, 59, 999999, dt.UTC)
    late = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)

    assert sort_key(early, "z") < sort_key(late, "a")
    assert sort_key(late, "a") == "2026-11-22T10:00:00.000000Z#a"


def test_shards_follow_from_the_id():
    """crc32("a") is 3904355907; a shard is computed, not drawn."""
    assert shard_of("a") == 3904355907 % 8


def test_the_arrow_schema_follows_from_the_struct():
    """Columns have the Python names, and structs stay structs."""
    assert SCHEMA.names[:5] == ["id", "event", "button", "timestamp", "page_url"]
    assert SCHEMA.field("timestamp").type == pa.timestamp("us", tz="UTC")
    assert [field.name for field in SCHEMA.field("device").type][:2] == ["type", "platform"]
    assert SCHEMA.field("properties").type == pa.string()


def test_check_event_takes_a_mapping():
    """A widget's message is validated like a request."""
    assert check_event(GOOD) == decode()
    with pytest.raises(InvalidEventError, match="button"):
        check_event({**GOOD, "button": None})


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
moments = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=st.just(dt.UTC))
events = st.builds(
    Event,
    id=texts.filter(bool),
    button=texts.filter(bool),
    timestamp=moments,
    page_url=texts.filter(bool),
    location=st.none()
    | st.builds(
        Location,
        city=st.none() | texts,
        latitude=st.floats(-90, 90),
        longitude=st.floats(-180, 180),
    ),
    received_at=st.none() | moments,
    x=st.none() | st.floats(-1e6, 1e6),
    variants=st.dictionaries(texts, texts, max_size=3),
    properties=st.dictionaries(texts, texts | st.integers(-(2**53), 2**53) | st.booleans(), max_size=3),
)


@settings(deadline=None)  # the first call loads pyarrow
@given(st.lists(events, max_size=5))
def test_every_event_survives_all_its_forms(made):
    """JSON gives back the same event, and Arrow the same values."""
    assert [decode_event(encode_event(event)) for event in made] == made

    rows = items_to_batch(b"\n".join([msgspec.json.encode(to_item(event)) for event in made])).to_pylist()

    assert [(row["id"], row["button"], row["timestamp"], row["received_at"], row["x"]) for row in rows] == [
        (event.id, event.button, event.timestamp, event.received_at, event.x) for event in made
    ]
    assert [row["location"] and row["location"]["city"] for row in rows] == [
        event.location and event.location.city for event in made
    ]
    assert [msgspec.json.decode(row["properties"] or "{}") for row in rows] == [
        event.properties for event in made
    ]


@pytest.mark.parametrize("said", [{}, {"event": "click"}, {"event": "view"}])
def test_an_item_names_its_kind_once(said):
    """Whether the sender said so or not, and in an encoder's own way."""
    item = encode_item(decode(id='"event":', **said))

    assert item.count(b'"event":') == 1
    assert msgspec.json.decode(item)["event"] == said.get("event", "click")
