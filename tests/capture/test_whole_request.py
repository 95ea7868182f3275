"""A request that never becomes whole does not hold its connection for ever."""

import socket
from urllib.parse import urlsplit

import pytest

from clickkit import connect
from clickkit.capture.whole_request import WholeRequestProtocol
from clickkit.service import make_collector

HEAD = b"POST /clicks HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n"


class ImpatientProtocol(WholeRequestProtocol):
    """Waits for a fifth of a second only."""

    seconds = 0.2


@pytest.fixture(scope="module")
def address(serving_app, tmp_path_factory):
    """Return host and port of a collector with little patience."""
    folder = tmp_path_factory.mktemp("whole")
    collector = make_collector(connect(f"sqlite:///{folder / 'clicks.db'}"), folder)
    with serving_app(collector, http=ImpatientProtocol) as url:
        parts = urlsplit(url)
        yield parts.hostname, parts.port


@pytest.mark.parametrize(
    "part", [HEAD[:20], HEAD, HEAD + b"{"], ids=["half a head", "no body", "half a body"]
)
def test_what_stays_half_sent_ends_without_an_answer(address, part):
    """No status: the sender keeps its events and sends them again."""
    with socket.create_connection(address, timeout=10) as connected:
        connected.sendall(part)

        assert connected.recv(1000) == b""


def test_a_request_in_two_parts_is_answered_and_its_connection_stays(address):
    """The time is the request's own: when it is whole in time, nothing ends."""
    with socket.create_connection(address, timeout=10) as connected:
        for _ in range(2):
            connected.sendall(HEAD)
            connected.sendall(b"x" * 100)
            assert connected.recv(10_000).startswith(b"HTTP/1.1 400 ")
