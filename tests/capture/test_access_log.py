"""An access log's lines become events."""

import datetime as dt

from clickkit import Event, InvalidEventError
from clickkit.capture.access_log import parse_combined

LINE = (
    '192.0.2.7 - frank [17/May/2015:10:05:03 +0200] "GET /a?b=c HTTP/1.1" 200 5120 '
    '"https://from.example/" "curl/8.5.0"'
)


def parse(*lines, **options):
    """Return what became of each line."""
    return list(parse_combined([line + "\n" for line in lines], **options))


def test_a_line_becomes_a_view():
    """Page, referrer, device and answer are taken; the time is kept in UTC; no address is kept."""
    (event,) = parse(LINE)

    assert isinstance(event, Event)
    assert (event.event, event.button, event.page_url) == ("view", None, "/a?b=c")
    assert event.timestamp == dt.datetime(2015, 5, 17, 8, 5, 3, tzinfo=dt.UTC)
    assert (event.referrer, event.device.browser) == ("https://from.example/", "curl")
    assert event.properties == {"method": "GET", "status": 200, "bytes": 5120}
    assert "192.0.2.7" not in repr(event)


def test_ids_follow_from_the_line_and_its_number_among_equal_ones():
    """Reading a log again, also after it grew, gives the same ids; equal requests stay apart."""
    other = LINE.replace("/a?b=c", "/other")

    first, again = parse(LINE, LINE, other), parse(LINE, LINE, other, LINE)

    assert [event.id for event in again[:3]] == [event.id for event in first]
    assert len({event.id for event in again}) == 4


def test_a_base_url_completes_the_page_and_keeps_sites_apart():
    """A log has the path alone; two sites may be asked for the same at the same time."""
    (event,) = parse(LINE, base_url="https://example.com/")
    (other,) = parse(LINE, base_url="https://example.org/")
    (absolute,) = parse(LINE.replace("/a?b=c", "http://proxy.example/x"), base_url="https://example.com/")

    assert event.page_url == "https://example.com/a?b=c"
    assert event.id != other.id
    assert absolute.page_url == "http://proxy.example/x"


def test_dashes_stand_for_nothing():
    """No referrer, no agent, no size, and nginx's HTTP/2."""
    (event,) = parse('::1 - - [17/May/2015:10:05:03 +0000] "HEAD / HTTP/2.0" 304 - "-" "-"')

    assert (event.referrer, event.device) == (None, None)
    assert event.properties == {"method": "HEAD", "status": 304, "bytes": 0}


def test_quotes_within_a_field_are_unescaped():
    """Apache writes them with a backslash."""
    (event,) = parse(
        LINE.replace("curl/8.5.0", r"a \"quoted\" agent").replace("from.example/", r"x/?q=\"a\"")
    )

    assert event.referrer == 'https://x/?q="a"'


def test_bad_lines_say_why():
    """A line cut off, an odd time, no request, an endless URL: each is an answer, none is fatal."""
    found = parse(
        LINE[:-20],
        "",
        LINE.replace("17/May", "32/May"),
        LINE.replace("GET /a?b=c HTTP/1.1", r"\x16\x03\x01"),
        LINE.replace("/a?b=c", "/" + "a" * 3000),
        LINE.replace(" 5120 ", f" {'9' * 5000} "),
        LINE,
    )

    assert [type(one) for one in found] == [InvalidEventError] * 6 + [Event]
    assert [str(one).split(":")[0] for one in found[:5]] == [
        "not in the Combined Log Format, or cut off",
        "not in the Combined Log Format, or cut off",
        "timestamp",
        "pageUrl",
        "pageUrl",
    ]
