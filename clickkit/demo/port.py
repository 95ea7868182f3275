"""Ports of this machine that nobody listens on."""

from collections.abc import Collection

from clickkit.errors import SettingsError
from clickkit.server import bind

_TRIES = 20


def free_port(wanted: int = 0, *, host: str = "127.0.0.1", taken: Collection[int] = ()) -> int:
    """Return the first port from `wanted` on that is free, else any; 0 means any at once.

    Raises:
        SettingsError: no port is free, or the host is none of this machine.
    """
    problem: OSError | None = None
    for port in (*range(wanted, min(wanted + _TRIES, 65_536)), 0, 0, 0) if wanted else (0,) * _TRIES:
        try:
            with bind(host, port) as probe:
                found = int(probe.getsockname()[1])
        except OSError as error:
            problem = error
            continue
        if found not in taken:
            return found
    raise SettingsError(f"no port is free on {host}: {problem}; end some programs, or name another host")
