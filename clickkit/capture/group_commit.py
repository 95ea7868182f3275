"""One write for all who wait: a batch is what gathered while the last write was in flight."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from clickkit.errors import BusyError
from clickkit.event import Event

Outcome = TypeVar("Outcome")


class GroupCommit(Generic[Outcome]):
    """A bounded queue in front of a durable write, for one event loop.

    There is no timer: the first events are written at once, and those that arrive meanwhile form the
    next batch. `write` runs in a thread of its own, one batch at a time.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Event]], Sequence[Outcome]],
        *,
        most_waiting: int = 10_000,
        most_written: int = 1_000,
    ) -> None:
        self._write = write
        self._most_waiting = most_waiting
        self._most_written = most_written
        self._waiting: deque[tuple[Sequence[Event], asyncio.Future[Sequence[Outcome]]]] = deque()
        self._waiting_events = 0
        self._writing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="group-commit")

    async def commit(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Return, once the events were written, what `write` says of each.

        Raises:
            BusyError: too many events are waiting; nothing was taken.
            Exception: whatever `write` raised for the batch that the events were in.
        """
        if self._waiting_events + len(events) > self._most_waiting:
            raise BusyError(f"{self._waiting_events} events are waiting to be stored: send again later")
        done: asyncio.Future[Sequence[Outcome]] = asyncio.get_running_loop().create_future()
        self._waiting.append((events, done))
        self._waiting_events += len(events)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        return await done

    async def close(self) -> None:
        """Wait until everything that was taken is written."""
        if self._writing is not None:
            await self._writing
        self._thread.shutdown()

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            taken = self._next_batch()
            batch = [event for events, _ in taken for event in events]
            try:
                outcomes = await loop.run_in_executor(self._thread, self._write, batch)
            except Exception as error:
                for _, done in taken:
                    if not done.done():
                        done.set_exception(error)
                continue
            start = 0
            for events, done in taken:
                if not done.done():
                    done.set_result(outcomes[start : start + len(events)])
                start += len(events)

    def _next_batch(self) -> list[tuple[Sequence[Event], "asyncio.Future[Sequence[Outcome]]"]]:
        """Take what waits, whole requests only, up to the size of one write."""
        taken = [self._waiting.popleft()]
        size = len(taken[0][0])
        while self._waiting and size + len(self._waiting[0][0]) <= self._most_written:
            taken.append(self._waiting.popleft())
            size += len(taken[-1][0])
        self._waiting_events -= size
        return taken
