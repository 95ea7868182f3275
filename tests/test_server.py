"""The server of the collector, run by `clickkit serve`."""

import re
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from clickkit.errors import SettingsError
from clickkit.server import address, listen

HALF = b"POST /clicks HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n{"


@pytest.fixture
def serving(tmp_path, find_port, wait_until):
    """Return the process and the port of a collector that answers."""
    port = find_port()
    command = [sys.executable, "-m", "clickkit.cli", "serve", "--port", str(port)]
    command += ["--store", f"sqlite:///{tmp_path / 'x.db'}", "--folder", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: is_open(port), f"port {port}")
            yield process, port
        finally:
            process.kill()


def is_open(port):
    """Tell whether anybody listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_request_that_stays_half_sent_does_not_keep_the_process_alive(serving):
    """On SIGTERM it waits for what may still come, but not for ever."""
    process, port = serving
    with socket.create_connection(("127.0.0.1", port)) as connected:
        connected.sendall(HALF)
        assert httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200

        process.send_signal(signal.SIGTERM)

        process.wait(20)


def test_a_web_socket_is_answered_as_the_request_that_it_is(serving):
    """There is none here, which is no fault of the server."""
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
    }

    answer = httpx.get(f"http://127.0.0.1:{serving[1]}/clicks", headers=upgrade)

    assert answer.status_code == 405


def test_an_address_is_written_as_in_a_url():
    """A colon in the host would read as the port's."""
    assert address("127.0.0.1", 80) == "127.0.0.1:80"
    assert address("::1", 80) == "[::1]:80"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_that_is_taken_is_an_error_with_the_address(host, leave_out):
    """It says where, and what to choose."""
    try:
        taken = listen(host, 0)
    except SettingsError as error:
        leave_out(f"no IPv6: {error}")
    port = taken.getsockname()[1]

    with taken, pytest.raises(SettingsError, match=re.escape(f"cannot listen on {address(host, port)}: ")):
        listen(host, port)
