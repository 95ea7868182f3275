"""An answer leaves in one write, whatever was asked: uvicorn with the protocol, asked by sockets."""

import http.client
import socket
from urllib.parse import urlsplit

import pytest

from clickkit.capture.one_write import OneWriteProtocol

GET = b"GET /%s HTTP/1.1\r\nHost: here\r\n%s\r\n"
LAST = b"Connection: close\r\n"


async def echo(scope, receive, send):
    """Answer OPTIONS with 204, and anything else with its path and body."""
    if scope["type"] != "http":
        return
    body = (await receive())["body"]
    said = scope["path"].encode() + body
    is_empty = scope["method"] == "OPTIONS"
    headers = [] if is_empty else [(b"content-length", b"%d" % len(said))]
    await send({"type": "http.response.start", "status": 204 if is_empty else 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if is_empty else said})


@pytest.fixture(scope="module")
def address(serving_app):
    """Return host and port of a uvicorn that serves the echo with the protocol."""
    with serving_app(echo, http=OneWriteProtocol, lifespan="off") as url:
        parts = urlsplit(url)
        yield parts.hostname, parts.port


@pytest.fixture
def connection(address):
    """Return an HTTP connection that is kept alive."""
    connection = http.client.HTTPConnection(*address, timeout=10)
    yield connection
    connection.close()


def ask(connection, method, path, body=None):
    """Ask once, and return status and body of the answer."""
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer.status, answer.read()


def say(address, *parts):
    """Send raw bytes, each part after an answer to the one before, and return all that is answered."""
    with socket.create_connection(address, timeout=10) as connected:
        heard = b""
        for part in parts[:-1]:
            connected.sendall(part)
            heard += connected.recv(65_536)
        connected.sendall(parts[-1])
        while more := connected.recv(65_536):
            heard += more
        return heard


def test_an_answer_comes_in_one_piece(address):
    """Head and body are one write, so that one read has both."""
    with socket.create_connection(address, timeout=10) as connected:
        connected.sendall(GET % (b"a", b""))
        heard = connected.recv(65_536)

    assert heard.startswith(b"HTTP/1.1 200 OK\r\n")
    assert heard.endswith(b"\r\n\r\n/a")


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("OPTIONS", 204)])
def test_an_answer_without_a_body_comes_at_once(connection, method, status):
    """uvicorn writes no body for HEAD, and an empty one for 204: nobody waits for what never follows."""
    assert ask(connection, method, "/health") == (status, b"")
    assert ask(connection, "GET", "/next") == (200, b"/next")


def test_a_connection_is_kept_alive(connection):
    """One answer after the other, each with its own body."""
    answers = [ask(connection, "POST", f"/{number}", b"x" * number) for number in range(5)]

    assert answers == [(200, f"/{number}".encode() + b"x" * number) for number in range(5)]


def test_requests_in_one_packet_are_answered_in_order(address):
    """Pipelining: a sender need not wait for an answer before it asks again."""
    heard = say(address, GET % (b"a", b"") + GET % (b"b", b"") + GET % (b"c", LAST))

    assert [part.rpartition(b"\r\n\r\n")[2] for part in heard.split(b"HTTP/1.1 200 OK")[1:]] == [
        b"/a",
        b"/b",
        b"/c",
    ]


def test_a_request_line_that_is_none_is_answered_with_400(address):
    """And the connection ends."""
    heard = say(address, b"nonsense\r\n\r\n")

    assert heard.startswith(b"HTTP/1.1 400 ")


def test_leave_to_send_a_body_is_given_before_it_comes(address):
    """`Expect: 100-continue`, as curl sends it: the interim answer may not wait for the final one."""
    head = b"POST /a HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\nExpect: 100-continue\r\n" + LAST + b"\r\n"

    heard = say(address, head, b"body")

    assert heard.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert heard.endswith(b"/abody")
