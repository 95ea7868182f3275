"""The server of the collector: uvicorn, with the settings that the benchmarks measure."""

import gc
import socket
import sys
from collections.abc import Awaitable, Callable

import uvicorn

from clickkit.capture.whole_request import WholeRequestProtocol
from clickkit.errors import SettingsError
from clickkit.file_limit import raise_file_limit

_BACKLOG = 4096
_OPEN_FILES = 16_384
_END_SECONDS = 8  # docker stop, clickkit demo and others kill after 10
_SWITCH_SECONDS = 0.001  # the thread that commits waits no longer for the one that serves


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        SettingsError: the host is none of this machine, or the port is taken.
    """
    try:
        listening = bind(host, port)
        listening.listen(_BACKLOG)
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {address(host, port)}: {error.strerror}; choose another --host or --port"
        ) from error
    return listening


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that has a port for itself.

    Raises:
        OSError: the host is none of this machine, or the port is taken.
    """
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    only_us = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)  # on Windows REUSE shares a port
    try:
        bound.setsockopt(socket.SOL_SOCKET, only_us, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def address(host: str, port: int) -> str:
    """Return host and port as a URL has them, an IPv6 host in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def run(
    app: Callable[..., Awaitable[None]], listening: socket.socket, *, proxy_headers: bool = False
) -> None:
    """Serve an ASGI app until a signal ends it; what was taken by then is answered, for 8 seconds at most.

    This sets the process up for serving: open files, the switch interval of threads, garbage collection.
    `proxy_headers` makes the sender's address the one that a proxy on this machine names.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        http=WholeRequestProtocol,
        ws="none",
        proxy_headers=proxy_headers,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_END_SECONDS,
    )
    raise_file_limit(_OPEN_FILES)
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()  # what was imported stays, and is not looked at again
    uvicorn.Server(config).run(sockets=[listening])
