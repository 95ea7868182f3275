"""The request: every way to send events in our own form, and the limits."""

import base64
import datetime as dt
import gzip
import json
import urllib.parse
import zlib

import pytest

from clickkit.capture.request import LIMITS, Limits, read_request
from clickkit.event import decode_event

CLICK = {
    "id": "a",
    "button": "Sign up",
    "timestamp": "2026-11-22T10:30:00.123Z",
    "pageUrl": "https://example.com/",
}
JSON = [(b"content-type", b"application/json")]


def read(said, headers=JSON, path="/clicks", **limits):
    """Read a request whose body is given as bytes or as a JSON value."""
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return read_request(body, dict(headers), path, limits=Limits(**limits))


def ids(contents):
    """Return the ids of the good events."""
    return [event.id for event in contents.events]


def refusals(contents):
    """Return where and in which field events were refused."""
    return [(event.index, event.field) for event in contents.rejected]


def utc(*numbers):
    """Return a time in UTC."""
    return dt.datetime(*numbers, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "content_type", [b"application/json", b"text/plain;charset=UTF-8", None, b"image/png"]
)
def test_the_content_type_does_not_matter(content_type):
    """`sendBeacon` says text/plain and some say nothing, but all mean JSON."""
    headers = [] if content_type is None else [(b"content-type", content_type)]

    assert read(CLICK, headers).events == [decode_event(json.dumps(CLICK))]


@pytest.mark.parametrize(
    "body",
    [
        json.dumps([CLICK, CLICK | {"id": "b"}]).encode(),
        json.dumps({"batch": [CLICK, CLICK | {"id": "b"}]}).encode(),
        json.dumps(CLICK).encode() + b"\r\n\n" + json.dumps(CLICK | {"id": "b"}).encode() + b"\n",
    ],
    ids=["array", "batch", "NDJSON"],
)
@pytest.mark.parametrize("wrap", [bytes, gzip.compress, lambda body: b"\xef\xbb\xbf" + body])
def test_many_events_come_as_array_batch_or_lines(body, wrap):
    """Each way keeps the sender's order, plain, in gzip and behind a byte order mark."""
    contents = read(wrap(body))

    assert ids(contents) == ["a", "b"]
    assert contents.rejected == []


@pytest.mark.parametrize("encoding", [[], [(b"content-encoding", b"gzip")]])
@pytest.mark.parametrize("pack", [gzip.compress, bytes])
def test_gzip_is_known_by_its_bytes(encoding, pack):
    """Senders forget the header, and proxies unpack and leave it."""
    assert ids(read(pack(json.dumps(CLICK).encode()), JSON + encoding)) == ["a"]


def form(value):
    """Return a form with one field `data`."""
    return urllib.parse.urlencode({"v": 1, "data": value}).encode()


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_the_size_is_that_of_the_events_unpacked(pack):
    """What waits for the store takes memory by what it is, not by how it travelled."""
    one = json.dumps(CLICK).encode()

    assert read(pack(one)).size == len(one)
    assert read(pack(one + b"\n" + one)).size == 2 * len(one)


@pytest.mark.parametrize(
    "body",
    [
        form(json.dumps(CLICK | {"button": "Más + ÿ"}, ensure_ascii=False)),
        form(base64.b64encode(json.dumps(CLICK | {"button": "Más + ÿ"}, ensure_ascii=False).encode())),
        b"data=" + base64.b64encode(json.dumps(CLICK | {"button": "Más + ÿ"}, ensure_ascii=False).encode()),
        form(base64.urlsafe_b64encode(json.dumps(CLICK | {"button": "Más + ÿ"}).encode()).rstrip(b"=")),
        json.dumps(CLICK | {"button": "Más + ÿ"}).encode(),
    ],
    ids=["JSON", "base64", "base64 not escaped", "base64 for URLs", "no form, as curl sends it"],
)
def test_a_form_carries_json_or_base64(body):
    """What a form's `data` holds is read like a body."""
    contents = read(body, [(b"content-type", b"application/x-www-form-urlencoded")])

    assert [event.button for event in contents.events] == ["Más + ÿ"]


def test_unknown_fields_are_ignored_and_ours_are_kept():
    """A newer page may say more than this collector knows."""
    assert read(CLICK | {"colour": "red"}).events == [decode_event(json.dumps(CLICK))]


def test_a_batch_says_once_when_it_was_sent():
    """`sentAt` around a batch is that of each event that has none."""
    own = CLICK | {"id": "b", "sentAt": "2026-11-22T11:00:00Z"}
    contents = read({"sentAt": "2026-11-22T12:00:00+01:00", "batch": [CLICK, own]})

    assert [event.sent_at for event in contents.events] == [utc(2026, 11, 22, 11), utc(2026, 11, 22, 11)]
    assert read({"sentAt": "noon", "batch": [CLICK]}).events[0].sent_at is None


def test_good_events_of_a_batch_survive_the_bad_ones():
    """Each bad event is named by its place, and kept as it came."""
    bad = CLICK | {"button": 7}
    contents = read([CLICK, bad, 5, CLICK | {"id": "b"}])

    assert ids(contents) == ["a", "b"]
    assert refusals(contents) == [(1, "button"), (2, "")]
    assert [json.loads(event.raw) for event in contents.rejected] == [bad, 5]


def test_a_broken_line_costs_only_itself():
    """Lines of JSON are read one by one."""
    lines = [json.dumps(CLICK), '{"id": "b", ', json.dumps(CLICK | {"id": "c"})]
    contents = read("\n".join(lines).encode())

    assert ids(contents) == ["a", "c"]
    assert [(event.index, event.raw) for event in contents.rejected] == [(1, b'{"id": "b",')]


def test_lines_named_as_such_may_be_anything():
    """A content type of NDJSON makes each line an event of its own."""
    body = b"garbage\n" + json.dumps(CLICK).encode()

    assert ids(read(body, [(b"content-type", b"application/x-ndjson")])) == ["a"]
    assert ids(read(body)) == []


@pytest.mark.parametrize(
    ("body", "headers", "field"),
    [
        (b"", [], ""),
        (b"[]", [], ""),
        (b'{"batch": []}', [], ""),
        (b'{"batch": 5}', [], "batch"),
        (b"[{}", [], ""),
        (b"null", [], ""),
        (b"\x1f\x8b broken", [], ""),
        (gzip.compress(b"{}", mtime=0)[:-4], [], ""),
        (gzip.compress(b"{}", mtime=0) + b"more", [], ""),
        (b"\x0b\x02\x80{}\x03", [(b"content-encoding", b"br")], "content-encoding"),
        (b"a=1", [(b"content-type", b"application/x-www-form-urlencoded")], "data"),
        (b"data=%7B%7D&data=%7B%7D", [], "data"),
        (b"data=abcde", [], "data"),
        (b"{", [(b"ce-specversion", b"1.0")], "data"),
    ],
)
def test_what_holds_no_event_is_refused_with_a_reason(body, headers, field):
    """Broken input is said to be broken, and where."""
    contents = read(body, headers)

    assert contents.events == []
    assert refusals(contents) == [(0, field)]
    assert contents.rejected[0].reason
    assert not contents.is_too_large


@pytest.mark.parametrize(
    ("body", "limits"),
    [
        (json.dumps(CLICK).encode(), {"body_bytes": 100}),
        (gzip.compress(json.dumps(CLICK | {"button": "x" * 200}).encode()), {"body_bytes": 200}),
        (json.dumps([CLICK] * 3).encode(), {"events": 2}),
        (b"\n".join([json.dumps(CLICK).encode()] * 3), {"events": 2}),
    ],
    ids=["bytes", "unpacked bytes", "array", "lines"],
)
def test_too_much_is_said_to_be_too_large(body, limits):
    """The collector answers 413, so that the sender makes smaller batches."""
    contents = read(body, **limits)

    assert contents.is_too_large
    assert contents.events == []
    assert "over the limit" in contents.rejected[0].reason


def test_a_body_of_exactly_the_limit_is_taken():
    """A limit is what may be sent, packed or not."""
    body = json.dumps(CLICK | {"button": "x" * 250}).encode()

    assert ids(read(body, body_bytes=len(body))) == ["a"]
    assert ids(read(gzip.compress(body, mtime=0), body_bytes=len(body))) == ["a"]


def test_a_gzip_bomb_is_unpacked_no_further_than_the_limit():
    """A gigabyte of nothing costs no memory."""
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(1_000)) + packer.flush()
    assert len(bomb) < LIMITS.body_bytes

    assert read(bomb).is_too_large


def nested(depth):
    """Return an object of objects in each other."""
    return {"a": nested(depth - 1)} if depth > 1 else {"a": 1}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"properties": {"text": "x" * LIMITS.properties_bytes}}, "properties"),
        ({"variants": {str(number): "x" * 100 for number in range(100)}}, "variants"),
        ({"properties": nested(LIMITS.properties_depth + 1)}, "properties"),
        ({"properties": nested(300)}, "properties"),
        ({"properties": {"list": [[[[[[[[1]]]]]]]]}}, "properties"),
    ],
)
def test_what_an_event_carries_is_bounded(fields, field):
    """Too much of it costs this event, not its batch."""
    contents = read([CLICK | fields, CLICK | {"id": "b"}])

    assert refusals(contents) == [(0, field)]
    assert ids(contents) == ["b"]
    assert refusals(read(CLICK | fields)) == [(0, field)]


def test_what_is_just_within_the_limits_is_taken():
    """Many objects beside each other are not deep."""
    flat = {str(number): {"a": [1]} for number in range(100)}

    assert ids(read([CLICK | {"properties": nested(LIMITS.properties_depth)}])) == ["a"]
    assert ids(read([CLICK | {"properties": flat}])) == ["a"]
