"""Free ports."""

import socket

import pytest

from clickkit.demo.port import free_port
from clickkit.errors import SettingsError


def test_a_taken_port_is_passed_over():
    """The next one is returned, and none that the caller has taken already."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert free_port(port) != port
        free = free_port()
        assert free_port(free, taken=[free]) != free


def test_a_host_of_another_machine_is_refused():
    """192.0.2.0/24 is nobody's."""
    with pytest.raises(SettingsError, match=r"no port is free on 192\.0\.2\.1"):
        free_port(8000, host="192.0.2.1")
