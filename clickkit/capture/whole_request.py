"""The collector's HTTP protocol: one write for an answer, and no endless wait for a request."""

import asyncio
from typing import ClassVar

from clickkit.capture.one_write import OneWriteProtocol


class WholeRequestProtocol(OneWriteProtocol):
    """Closes a connection whose request is not whole `seconds` after the first part of it came.

    The sender, which heard nothing, sends again. A timer runs only while something is missing: one for
    each request would cost more than reading it.
    """

    seconds: ClassVar[float] = 30.0
    _ending: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Read what came, and start or stop the timer."""
        OneWriteProtocol.data_received(self, data)  # `super()` takes longer, and this is every request
        cycle = self.cycle
        if cycle is None or cycle.more_body:
            if self._ending is None:
                self._ending = self.loop.call_later(self.seconds, self.transport.close)
        elif self._ending is not None:
            self._stop_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer."""
        super().connection_lost(exc)
        self._stop_timer()

    def _stop_timer(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
