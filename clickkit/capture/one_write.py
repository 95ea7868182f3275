"""uvicorn's HTTP protocol, but an answer leaves in one system call instead of two."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class OneWriteProtocol(HttpToolsProtocol):
    """Joins the head of each answer with the body that follows it, or sends it alone when none does."""

    _joining: "_Joining"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Put the joining transport between uvicorn and the socket."""
        self._joining = _Joining(cast(asyncio.Transport, transport))
        super().connection_made(cast(asyncio.Transport, self._joining))

    def on_response_complete(self) -> None:
        """Send a head that no body followed, as after HEAD."""
        if self._joining.head:
            self._joining.flush()
        HttpToolsProtocol.on_response_complete(self)  # `super()` takes longer, and this is every answer


class _Joining:
    """A transport that keeps the head of an answer until the body comes, or the answer ends."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.head = b""
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        if self.head:
            data, self.head = self.head + data, b""
        elif data.startswith(b"HTTP/1.1 ") and data.endswith(b"\r\n\r\n") and data[9:10] != b"1":
            self.head = data
            return
        self._transport.write(data)

    def flush(self) -> None:
        self.write(b"")

    def close(self) -> None:
        if self.head:
            self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
