"""The request, given what nobody should send: it answers, and what it takes is unharmed."""

import gzip
import json
import re
import urllib.parse

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clickkit.capture.request import read_request
from clickkit.event import decode_event, to_item
from clickkit.storage.items import items_to_batch

CLICK = {
    "id": "a",
    "button": "Sign up",
    "timestamp": "2026-11-22T10:30:00.123Z",
    "pageUrl": "https://example.com/",
}
TRACK = {
    "type": "track",
    "event": "Signed Up",
    "messageId": "m",
    "anonymousId": "v",
    "timestamp": "2026-11-22T10:30:00Z",
}
CLOUD_EVENT = {
    "specversion": "1.0",
    "id": "c",
    "source": "/shop",
    "type": "com.example.order.placed",
    "time": "2026-11-22T10:30:00Z",
}


def read(said):
    """Read a request whose body is given as bytes or as a JSON value."""
    return read_request(said if isinstance(said, bytes) else json.dumps(said).encode(), {})


def form(value):
    """Return a form with one field `data`."""
    return urllib.parse.urlencode({"v": 1, "data": value}).encode()


@pytest.mark.parametrize("said", [CLICK, TRACK, CLOUD_EVENT], ids=["own", "Segment", "CloudEvents"])
def test_nesting_at_the_edge_of_what_can_be_parsed_is_refused(said):
    """What can just be parsed may be too deep to be written again."""
    start = json.dumps({name: value for name, value in said.items() if name != "id"})[:-1].encode()
    for depth in range(960, 1_000):
        nested = b'{"a":' * depth + b"1" + b"}" * depth
        contents = read(start + b', "id": "a", "properties": ' + nested + b', "data": ' + nested + b"}")
        assert len(contents.rejected) == 1, depth


NO_LONGER_BROKEN_INSIDE = {"n_single_space.json", "n_structure_no_data.json"}


def json_tests(folder, kind):
    """Return the JSON texts of a kind (y must parse, n must not, i either) with their names."""
    files = sorted((folder / "bad" / "JSONTestSuite" / "test_parsing").glob(f"{kind}_*.json"))
    assert files
    return {file.name: file.read_bytes() for file in files}


def test_json_that_must_parse_is_parsed(shared):
    """No good object or array is called broken; none of these is an event."""
    texts = {name: text for name, text in json_tests(shared, "y").items() if text.strip()[:1] in (b"{", b"[")}
    assert len(texts) > 80

    for name, text in texts.items():
        contents = read(text)
        assert contents.events == [], name
        assert not [event for event in contents.rejected if "not valid JSON" in event.reason], name


def test_json_that_must_not_parse_is_refused(shared):
    """Nothing broken is taken for an event, bare or inside a good one, and nothing crashes."""
    good = json.dumps(CLICK).encode()
    for name, text in json_tests(shared, "n").items():
        contents = read(text)
        assert contents.events == [], name
        assert contents.rejected, name
        if name not in NO_LONGER_BROKEN_INSIDE:
            inside = good[:-1] + b', "properties": {"a": ' + text + b"}}"
            assert read(inside).events == [], name


def test_json_that_may_parse_does_no_harm(shared):
    """Parsed or refused, there is an answer."""
    for name, text in json_tests(shared, "i").items():
        assert read(text).rejected, name


TEXT_FIELDS = {
    "id": lambda event: event.id,
    "event": lambda event: event.event,
    "button": lambda event: event.button,
    "pageUrl": lambda event: event.page_url,
    "visitorId": lambda event: event.visitor_id,
    "sessionId": lambda event: event.session_id,
    "referrer": lambda event: event.referrer,
    "language": lambda event: event.language,
    "timezone": lambda event: event.timezone,
    "properties": lambda event: event.properties["text"],
    "variants": lambda event: event.variants["text"],
    "device": lambda event: event.device.browser,
    "location": lambda event: event.location.city,
}


def with_text(field, text):
    """Return the good click with a text in one of its fields."""
    inner = {"properties": "text", "variants": "text", "device": "browser", "location": "city"}.get(field)
    return CLICK | {field: {inner: text} if inner else text}


@pytest.mark.parametrize("field", TEXT_FIELDS)
def test_naughty_strings_are_stored_and_read_back_unchanged(shared, field):
    """A text is taken as it is, or refused by its field; the Arrow form is the same as the JSON form."""
    texts = json.loads((shared / "bad" / "blns.json").read_text())
    assert len(texts) == 485
    contents = read([with_text(field, text) for text in texts])

    refused = {event.index: event.field for event in contents.rejected}
    taken = [text for index, text in enumerate(texts) if index not in refused]
    rows = items_to_batch(
        b"\n".join([msgspec.json.encode(to_item(event)) for event in contents.events])
    ).to_pylist()
    assert [TEXT_FIELDS[field](event) for event in contents.events] == taken
    assert {re.split(r"[.\[]", refusal)[0] for refusal in refused.values()} <= {field}
    assert len(taken) > 400
    assert [in_row(row, field) for row in rows] == taken


def in_row(row, field):
    """Return a field's text from a row of the store."""
    match field:
        case "properties" | "variants":
            return json.loads(row[field])["text"]
        case "device":
            return row["device"]["browser"]
        case "location":
            return row["location"]["city"]
    return row["".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in field)]


@pytest.mark.parametrize("said", [TRACK, CLOUD_EVENT], ids=["Segment", "CloudEvents"])
def test_naughty_strings_survive_the_dialects(shared, said):
    """A property keeps its text in whatever form it came."""
    texts = json.loads((shared / "bad" / "blns.json").read_text())
    name = "data" if "specversion" in said else "properties"
    contents = read([said | {name: {"text": text}} for text in texts])

    assert contents.rejected == []
    assert [event.properties["text"] for event in contents.events] == texts


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
more = [
    "data",
    "data_base64",
    "context",
    "properties",
    "batch",
    "sentAt",
    "name",
    "value",
    "variants",
    "screen",
]
words = st.sampled_from([*CLICK, *TRACK, *CLOUD_EVENT, *more, "screen", "userId", "url"])
good = st.sampled_from([CLICK, TRACK, CLOUD_EVENT, {"name": "LCP", "value": 1, "id": "v6-1795453679100-1"}])
changed = st.builds(lambda one, changes: one | changes, good, st.dictionaries(words, values, max_size=4))
encoded = (
    changed | st.lists(changed, max_size=3) | st.builds(lambda many: {"batch": many}, st.lists(changed))
).map(lambda said: json.dumps(said).encode())
bodies = st.binary(max_size=200) | encoded | encoded.map(gzip.compress) | encoded.map(form)
names = st.sampled_from(
    [
        b"content-type",
        b"content-encoding",
        b"referer",
        b"ce-specversion",
        b"ce-id",
        b"ce-time",
        b"ce-data",
        b"ce-",
    ]
)
headers = st.dictionaries(names, st.binary(max_size=40), max_size=5)


@settings(deadline=None)  # the first call loads what detects devices
@given(bodies, headers, st.sampled_from(["/clicks", "/v1/t", "/v1/batch", "/v1/", ""]))
@example(b"[" * 100_000, {}, "/clicks")
@example(b'{"a":' * 100_000, {}, "/clicks")
@example(b"[" + b"[" * 100_000 + b"]" * 100_000 + b"]", {}, "/clicks")
@example(b'{"batch":[' + b"9" * 100_000 + b"]}", {}, "/clicks")
@example(b"data=" + b"%" * 1000, {}, "/clicks")
@example(b"\x1f\x8b\x08\x00", {}, "/clicks")
def test_any_bytes_give_an_answer(body, headers, path):
    """Nothing raises; each event is good or refused; what is good can be stored; again is the same."""
    contents = read_request(body, headers, path)

    assert contents.events or contents.rejected
    assert all(event.reason for event in contents.rejected)
    for event in contents.events:
        assert decode_event(msgspec.json.encode(event)) == event
        items_to_batch(b"\n".join([msgspec.json.encode(to_item(event))]))
    assert read_request(body, headers, path) == contents
