"""One write for all who wait: a batch is what gathered while the last write was in flight."""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from functools import partial
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
        most_waiting: int = 30_000,
        most_waiting_bytes: int = 64 * 1024 * 1024,
        most_written: int = 1_000,
    ) -> None:
        self._write = write
        self._most_waiting = most_waiting
        self._most_waiting_bytes = most_waiting_bytes
        self._most_written = most_written
        self._taken = self._taken_bytes = 0
        self._queue: queue.SimpleQueue[_Waiting[Outcome] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="group-commit", daemon=True)

    async def commit(self, events: Sequence[Event], size: int) -> Sequence[Outcome]:
        """Return, once the events were written, what `write` says of each; `size` is their bytes.

        Raises:
            BusyError: too many events or bytes are waiting; nothing was taken.
            Exception: whatever `write` raised for the batch that the events were in.
        """
        if self._taken + len(events) > self._most_waiting:
            raise BusyError(f"{self._taken} events are waiting to be stored: send again later")
        if self._taken_bytes + size > self._most_waiting_bytes:
            raise BusyError(f"{self._taken_bytes} bytes are waiting to be stored: send again later")
        if self._thread.ident is None:
            self._thread.start()
        done: asyncio.Future[Sequence[Outcome]] = asyncio.get_running_loop().create_future()
        self._taken += len(events)
        self._taken_bytes += size
        self._queue.put((events, size, done))
        return await done

    async def close(self) -> None:
        """Wait until everything that was taken is written."""
        self._queue.put(None)
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join)

    def _write_all(self) -> None:
        """Write batch after batch, in the thread, until `close`."""
        while (first := self._queue.get()) is not None:
            batch = self._gather(first)
            finish: Callable[[], None]
            try:
                outcomes = self._write([event for events, _, _ in batch for event in events])
            except Exception as error:
                finish = partial(self._fail, batch, error)
            else:
                finish = partial(self._finish, batch, outcomes)
            batch[0][2].get_loop().call_soon_threadsafe(finish)

    def _gather(self, first: "_Waiting[Outcome]") -> "list[_Waiting[Outcome]]":
        """Take what waits, whole requests only, until a write is full."""
        batch, count = [first], len(first[0])
        while count < self._most_written and not self._queue.empty():
            waiting = self._queue.get()
            if waiting is None:
                self._queue.put(None)  # seen again by the thread's next look
                break
            batch.append(waiting)
            count += len(waiting[0])
        return batch

    def _finish(self, batch: "list[_Waiting[Outcome]]", outcomes: Sequence[Outcome]) -> None:
        start = 0
        for events, size, done in batch:
            if not done.done():
                done.set_result(outcomes[start : start + len(events)])
            start += len(events)
            self._taken_bytes -= size
        self._taken -= start

    def _fail(self, batch: "list[_Waiting[Outcome]]", error: Exception) -> None:
        for events, size, done in batch:
            if not done.done():
                done.set_exception(error)
            self._taken -= len(events)
            self._taken_bytes -= size


_Waiting = tuple[Sequence[Event], int, "asyncio.Future[Sequence[Outcome]]"]
