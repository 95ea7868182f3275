"""What real trackers sent decodes as its senders meant it."""

import base64
import datetime as dt
import json

import pytest

from clickkit.capture.request import read_request


def utc(*numbers):
    """Return a time in UTC."""
    return dt.datetime(*numbers, tzinfo=dt.UTC)


@pytest.fixture
def sent(shared):
    """Return a function that reads the requests of a recorded tracker."""

    def read_recorded(name):
        lines = (shared / "clients" / f"{name}.jsonl").read_text().splitlines()
        requests = [request for request in map(json.loads, lines) if request["method"] == "POST"]
        return [
            read_request(
                base64.b64decode(request["raw_b64"]),
                {key.lower().encode(): value.encode() for key, value in request["headers"]},
                request["path"],
            )
            for request in requests
        ]

    return read_recorded


def test_segment_for_python_delivers_its_batch(sent):
    """Seven calls of all kinds become seven events, with the calls' own ids and times."""
    [contents] = sent("py_segment")

    assert contents.rejected == []
    assert [(event.event, event.id) for event in contents.events] == [
        ("click", "2ccf0758-d670-428b-9035-066d6e966d25"),
        ("click", "9c17455b-a85b-4c64-bf47-5053f35ff3b1"),
        ("click", "45b5ce36-bb72-4d6f-9a37-a2e8f91ea612"),
        ("view", "f7543243-64ed-49f4-b4f2-1e33ecce06fb"),
        ("identify", "6dbd745d-7503-496c-8a85-ffaef7919d73"),
        ("alias", "852af223-a6f8-4e8c-8f78-b071575a2383"),
        ("group", "bfb85158-7f4b-4edc-b4f1-5ef475425f0a"),
    ]
    click, _, _, view, identify, alias, group = contents.events
    assert click.timestamp == utc(2026, 11, 23, 17, 4, 13, 797_000)
    assert {event.sent_at for event in contents.events} == {utc(2026, 11, 23, 17, 4, 14, 297_873)}
    assert (click.button, click.visitor_id) == ("signup", "anon1")
    assert click.page_url == "https://example.test/pricing?utm_source=x"
    assert click.properties == {
        "event": "Button Clicked",
        "userId": "user1",
        "variant": "B",
        "emoji": "café 😀",
        "i": 0,
    }
    assert (view.page_url, view.visitor_id) == ("https://example.test/", "user1")
    assert view.properties == {"name": "home", "category": "docs"}
    assert (identify.page_url, identify.properties) == ("about:blank", {"traits": {"plan": "free"}})
    assert alias.properties == {"previousId": "anon1"}
    assert group.properties == {"groupId": "g1"}


def test_segment_for_python_is_resent_with_the_same_keys(sent):
    """After a 503 the bytes differ, but each event has the key it had before."""
    first, again = sent("py_segment_fail1")

    assert first.events != again.events  # sentAt differs
    assert len(first.events) == 7
    assert [event.key for event in first.events] == [event.key for event in again.events]


def test_segment_for_python_may_pack(sent):
    """The same library with gzip on."""
    [contents] = sent("py_segment_gzip")

    assert [(event.id, event.event, event.visitor_id) for event in contents.events] == [
        ("0d51e96f-2d2c-4aaa-9905-dd9839ac7ec5", "click", "user1")
    ]
    assert contents.events[0].timestamp == utc(2026, 11, 23, 17, 4, 15, 735_000)


def test_segment_for_node_delivers_its_batch(sent):
    """Three tracks, a page and an identify."""
    [contents] = sent("node_segment")

    assert contents.rejected == []
    assert [(event.event, event.id[19:41]) for event in contents.events] == [
        ("click", "2595-66666d00-aace-45b"),
        ("click", "2595-6d00aace-75be-481"),
        ("click", "2596-aace75be-9814-453"),
        ("view", "2596-75be9814-f531-4c1"),
        ("identify", "2596-9814f531-ec16-40f"),
    ]
    assert [event.properties.get("i") for event in contents.events[:3]] == [0, 1, 2]
    assert contents.events[4].timestamp == utc(2026, 11, 23, 17, 4, 32, 596_000)


def test_segment_in_the_browser_delivers_single_calls(sent):
    """Each call is a request of its own, as text/plain, with the page in its context."""
    identify, view, click = [event for contents in sent("browser_segment") for event in contents.events]

    assert [event.event for event in (identify, view, click)] == ["identify", "view", "click"]
    assert identify.id == "ajs-next-1795453694629-88128929-8aed-434f-8a53-2c1a7a0e0326"
    assert view.id == "ajs-next-1795453694585-2f960a88-1289-498a-ad93-4f4a532c1a7a"
    assert click.id == "ajs-next-1795453696204-89298aed-934f-4a53-ac1a-7a0e03266512"
    assert click.timestamp == utc(2026, 11, 23, 17, 8, 16, 204_000)
    assert click.sent_at == utc(2026, 11, 23, 17, 8, 16, 216_000)
    assert (click.button, click.properties["variant"]) == ("signup", "B")
    assert click.page_url == view.page_url
    assert click.page_url.startswith("http://127.0.0.1:19001/p/segment?utm_source=news")
    assert (click.language, click.timezone, click.referrer) == ("en-US", "UTC", None)
    assert (click.device.browser, click.device.platform) == ("HeadlessChrome", "Linux")
    assert click.visitor_id == "960a8812-8929-4aed-934f-4a532c1a7a0e"
    assert view.properties["title"] == "segment"
    assert "referrer" not in view.properties


@pytest.mark.parametrize(
    ("name", "id", "timestamp"),
    [
        (
            "py_ce_binary",
            "abd89026-3d35-4ab1-9a4a-861655926ded",
            utc(2026, 11, 23, 17, 4, 27, 286_199),
        ),
        (
            "py_ce_structured",
            "ce84f44f-11b4-4192-9fb0-1bf25d73c8be",
            utc(2026, 11, 23, 17, 4, 28, 181_034),
        ),
        (
            "node_cloudevents",
            "18fed41f-3458-45e3-b1c1-8e2da0a173e8",
            utc(2026, 11, 23, 17, 4, 42, 231_000),
        ),
    ],
)
def test_cloudevents_deliver_in_each_mode(sent, name, id, timestamp):
    """Binary or structured, from Python or Node, it is the same click."""
    requests = sent(name)

    for contents in requests:
        [event] = contents.events
        assert (event.id, event.timestamp, event.event, event.button) == (id, timestamp, "click", "signup")
        assert event.page_url == "https://example.test/pricing?utm_source=x"
        assert event.properties == {
            "variant": "B",
            "emoji": "café 😀",
            "type": "com.example.click",
            "source": "https://example.test/pricing",
        }
    assert len(requests) == (2 if name.startswith("node") else 1)


def test_web_vitals_are_events_of_their_own(sent):
    """A metric's id tells its time, and with its value makes the event's id."""
    requests = sent("browser_webvitals")
    vitals = [event for contents in requests for event in contents.events]

    assert [(event.event, event.properties["name"], event.properties["value"]) for event in vitals] == [
        ("web-vital", "TTFB", 11.400000000372529),
        ("web-vital", "FCP", 80),
        ("web-vital", "LCP", 80),
        ("web-vital", "INP", 24),
        ("web-vital", "CLS", 0),
    ]
    assert vitals[1].id == "v6-1795453679100-4938898753915-80"
    assert vitals[1].properties["id"] == "v6-1795453679100-4938898753915"
    assert vitals[0].timestamp == utc(2026, 11, 23, 17, 7, 59, 101_000)
    assert {event.page_url for event in vitals} == {
        "http://127.0.0.1:19001/p/webvitals?utm_source=news&utm_medium=email&gclid=abc"
    }


def test_a_click_that_says_neither_id_nor_time_is_refused(sent):
    """Two clicks on one button would look like one sent twice, so it is named rather than guessed."""
    refused = [event for contents in sent("browser_webvitals") for event in contents.rejected]

    assert [(event.field, event.raw) for event in refused] == [
        ("id", b'{"button":"signup"}'),
        ("id", b'{"button":"signup-keepalive"}'),
        ("id", b'{"button":"signup-blob"}'),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "browser_segment",
        "browser_webvitals",
        "node_cloudevents",
        "node_segment",
        "py_ce_binary",
        "py_ce_structured",
        "py_segment",
        "py_segment_gzip",
    ],
)
def test_a_resend_is_the_same_event_again(sent, name):
    """Nothing is made from a clock or by chance."""
    assert sent(name) == sent(name)
