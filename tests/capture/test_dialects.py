"""The dialects: what Segment, CloudEvents and web-vitals may say, and what it means here."""

import base64
import json

import pytest

from clickkit.capture.request import read_request

CLICK = {
    "id": "a",
    "button": "Sign up",
    "timestamp": "2026-11-22T10:30:00.123Z",
    "pageUrl": "https://example.com/",
}
JSON = [(b"content-type", b"application/json")]
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


def read(said, headers=JSON, path="/clicks"):
    """Read a request whose body is given as bytes or as a JSON value."""
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return read_request(body, dict(headers), path)


def refusals(contents):
    """Return where and in which field events were refused."""
    return [(event.index, event.field) for event in contents.rejected]


@pytest.mark.parametrize("path", ["/v1/t", "/v1/track"])
def test_the_path_may_name_segments_call(path):
    """The HTTP interface lets the type out of the body."""
    call = {name: value for name, value in TRACK.items() if name != "type"}

    assert [event.event for event in read(call, path=path).events] == ["Signed Up"]
    assert refusals(read(call)) == [(0, "id")]


def test_a_call_without_an_id_has_one_that_follows_from_what_it_says():
    """Sent again later it has the same id; another call has another."""
    call = {name: value for name, value in TRACK.items() if name != "messageId"}
    first, again, other = (
        read(call | changes).events[0].id
        for changes in (
            {"sentAt": "2026-11-22T10:31:00Z"},
            {"sentAt": "2026-11-22T10:32:00Z"},
            {"event": "x"},
        )
    )

    assert first == again != other
    assert len(first) == 32


@pytest.mark.parametrize(
    ("call", "event", "button"),
    [
        ({"event": "click", "properties": {"button": "Buy"}}, "click", "Buy"),
        ({"event": "cta_clicked", "properties": {"button": "Buy"}}, "click", "Buy"),
        ({"event": "ButtonClick", "properties": {"button": "Buy"}}, "click", "Buy"),
        ({"event": "Button Clicked", "properties": {}}, "Button Clicked", None),
        ({"event": "Clickbait Seen", "properties": {"button": "Buy"}}, "Clickbait Seen", "Buy"),
        ({"type": "screen", "name": "Home"}, "screen", None),
    ],
)
def test_a_track_is_a_click_when_it_says_so_and_names_a_button(call, event, button):
    """Else it keeps its own name."""
    [found] = read(TRACK | call).events

    assert (found.event, found.button) == (event, button)


def test_properties_that_fit_our_fields_become_them():
    """What would lose something, or does not fit, stays a property."""
    fitting = {"durationMs": 12, "x": 1.5, "screen": {"width": 1, "height": 2}, "variants": {"e": "b"}}
    other = {"location": "Oslo", "y": "left", "device": {"colour": "X"}, "sequence": 1e99, "language": ""}
    [event] = read(TRACK | {"properties": fitting | other}).events

    assert (event.duration_ms, event.x, event.screen.height, event.variants) == (12, 1.5, 2, {"e": "b"})
    assert event.properties == other


def test_a_batch_shares_its_context_and_no_call_changes_it():
    """What stands around a batch holds for each of its calls."""
    context = {"page": {"url": "https://a.example/", "referrer": "https://r.example/"}, "locale": "nb"}
    page = TRACK | {"type": "page", "properties": {"url": "https://b.example/"}}
    contents = read({"context": context, "batch": [page, TRACK | {"context": {"timezone": "UTC"}}]})

    assert [event.page_url for event in contents.events] == ["https://b.example/", "https://a.example/"]
    assert [(event.language, event.referrer) for event in contents.events] == [
        ("nb", "https://r.example/")
    ] * 2


def test_the_page_follows_from_the_referer():
    """A browser says where it is even if the tracker does not; a server is nowhere."""
    referer = [(b"referer", b"https://example.com/a")]

    assert read(TRACK, referer).events[0].page_url == "https://example.com/a"
    assert read(TRACK).events[0].page_url == "about:blank"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (TRACK | {"timestamp": None}, "timestamp"),
        (TRACK | {"timestamp": "2026-11-22T10:30:00"}, "timestamp"),
        (TRACK | {"messageId": 5}, "messageId"),
        (TRACK | {"anonymousId": "x" * 129}, "anonymousId"),
        (TRACK | {"event": None}, "event"),
        (TRACK | {"event": "x" * 65}, "event"),
        (TRACK | {"event": "click"}, "properties.button"),
        (TRACK | {"context": {"page": {"url": 5}}}, "context.page.url"),
        (CLOUD_EVENT | {"id": None}, "id"),
        (CLOUD_EVENT | {"time": None}, "time"),
        (CLOUD_EVENT | {"type": 5}, "type"),
        (CLOUD_EVENT | {"source": ""}, "source"),
        (CLOUD_EVENT | {"type": "click"}, "data.button"),
        (CLOUD_EVENT | {"data_base64": "?"}, "data_base64"),
        (CLOUD_EVENT | {"data_base64": 5}, "data_base64"),
        ({"name": "LCP", "value": 80, "id": "x"}, "id"),
        ({"name": "LCP", "value": 80, "url": "https://example.com/"}, "id"),
    ],
)
def test_a_dialect_is_refused_in_its_own_words(said, field):
    """The sender finds the field under the name that it gave it."""
    contents = read(said)

    assert contents.events == []
    assert refusals(contents) == [(0, field)]


def test_cloudevents_come_in_batches_and_carry_anything():
    """The batched mode is an array; data may be no object, may be packed, or our own form."""
    packed = base64.b64encode(b'{"plan": "free"}').decode()
    own = CLICK | {"id": "inner", "visitorId": "v", "properties": {"plan": "pro"}}
    events = [
        CLOUD_EVENT | {"data": [1, 2], "subject": "s"},
        CLOUD_EVENT | {"data_base64": packed},
        CLOUD_EVENT | {"type": "com.example.click", "data": own},
        CLOUD_EVENT | {"type": "com.example.click", "subject": "Buy"},
    ]
    contents = read(events, [(b"content-type", b"application/cloudevents-batch+json")])

    assert [event.event for event in contents.events] == ["com.example.order.placed"] * 2 + ["click"] * 2
    assert [event.page_url for event in contents.events[:2]] == ["/shop", "/shop"]
    assert contents.events[0].properties == {"data": [1, 2], "subject": "s"}
    assert contents.events[1].properties == {"plan": "free"}
    assert (contents.events[2].button, contents.events[2].visitor_id) == ("Sign up", "v")
    assert contents.events[2].properties["plan"] == "pro"
    assert contents.events[3].button == "Buy"


def test_headers_of_a_cloudevent_are_unescaped():
    """The binary mode escapes what a header cannot carry."""
    headers = [(b"ce-" + name.encode(), str(value).encode()) for name, value in CLOUD_EVENT.items()]
    [event] = read(b"", [*headers, (b"ce-subject", b"Gr%C3%BC%C3%9Fe%20%F0%9F%98%80")]).events

    assert event.properties == {"subject": "Grüße 😀"}


def test_a_web_vital_that_grows_is_another_event():
    """The library reports a metric again, with the same id, when its value has changed."""
    vital = {"name": "CLS", "value": 0.1, "id": "v6-1795453679113-5317556610305"}
    first, again, grown = (read(vital | {"value": value}).events[0].key for value in (0.1, 0.1, 0.2))

    assert first == again != grown
