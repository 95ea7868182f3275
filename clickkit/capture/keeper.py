"""Where the collector's events go: what it asks of whoever makes them durable."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from clickkit.capture.request import RefusedInput
from clickkit.event import Event

Outcome = str
"""What became of one event: it is durable in the store or in the spool, or the store refused it."""


class KeeperState(msgspec.Struct, frozen=True):
    """Whether the store is away, the bytes in the spool and the most it may hold, and the events drained."""

    store_is_away: bool
    spool_bytes: int
    spool_most_bytes: int
    drained: int


class Keeper(Protocol):
    """Keeps what the collector takes; `write` and `reject` may block and are called from other threads."""

    def write(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Make a batch durable and say of each event where, or that it was refused for good.

        Raises:
            BusyError, StoreError: nothing was kept; the same events may be written again.
        """

    def reject(self, rejected: Sequence[RefusedInput]) -> None:
        """Keep what was refused at the door, with its reasons.

        Raises:
            OSError: the disk is full or the folder cannot be written.
        """

    def suppress(self, count: int) -> None:
        """Note how many events a privacy signal kept out."""

    def state(self) -> KeeperState:
        """Return at once, from what is known, whether events can be kept."""

    def close(self) -> None:
        """Let go of everything; what is spooled stays for the next start."""
