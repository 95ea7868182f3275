"""Ports of this machine that nobody listens on."""

import socket
from collections.abc import Collection

from clickkit.errors import SettingsError

_TRIES = 20


def free_port(wanted: int = 0, *, host: str = "127.0.0.1", taken: Collection[int] = ()) -> int:
    """Return the first port from `wanted` on that is free, else any; 0 means any at once.

    Raises:
        SettingsError: no port is free, or the host is none of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    problem: OSError | None = None
    for port in (*range(wanted, min(wanted + _TRIES, 65_536)), 0, 0, 0) if wanted else (0,) * _TRIES:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                problem = error
                continue
            if (found := int(probe.getsockname()[1])) not in taken:
                return found
    raise SettingsError(f"no port is free on {host}: {problem}; end some programs, or name another host")
