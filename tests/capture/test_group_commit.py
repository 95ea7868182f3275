"""One write for all who wait."""

import asyncio
import threading

import pytest

from clickkit.capture.group_commit import GroupCommit
from clickkit.errors import BusyError


def test_a_batch_is_what_gathered_during_the_last_write(make_event, run_async):
    """No timer: the first event is written at once, the others together, each hears its own outcome."""
    batches, released = [], threading.Event()

    def write(events):
        batches.append([event.id for event in events])
        released.wait(10)
        return [f"stored {event.id}" for event in events]

    async def run():
        group = GroupCommit(write)
        first = asyncio.create_task(group.commit([make_event("a")], 1))
        while not batches:
            await asyncio.sleep(0)
        others = [
            asyncio.create_task(group.commit([make_event(name), make_event(name * 2)], 1)) for name in "bc"
        ]
        await asyncio.sleep(0)
        released.set()
        outcomes = [await task for task in (first, *others)]
        await group.close()
        return outcomes

    outcomes = run_async(run())

    assert batches == [["a"], ["b", "bb", "c", "cc"]]
    assert outcomes == [["stored a"], ["stored b", "stored bb"], ["stored c", "stored cc"]]


def test_a_full_queue_takes_nothing_more(make_event, run_async):
    """The queue is bounded: who comes too late is told, and nothing of his is written."""
    written, released = [], threading.Event()

    def write(events):
        released.wait(10)
        written.extend(event.id for event in events)
        return ["store"] * len(events)

    async def run():
        group = GroupCommit(write, most_waiting=2)
        tasks = [asyncio.create_task(group.commit([make_event(name)], 1)) for name in "abc"]
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError, match="send again later"):
            await group.commit([make_event("x"), make_event("y"), make_event("z")], 1)
        released.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        await group.close()
        return done

    done = run_async(run())

    assert written == [name for name, one in zip("abc", done, strict=True) if not isinstance(one, BusyError)]
    assert not {"x", "y", "z"} & set(written)


def test_a_failed_write_is_heard_by_those_in_it_and_nobody_else(make_event, run_async):
    """The next batch is a new try."""

    def write(events):
        if events[0].id == "bad":
            raise OSError("disk full")
        return ["store"] * len(events)

    async def run():
        group = GroupCommit(write)
        with pytest.raises(OSError, match="disk full"):
            await group.commit([make_event("bad")], 1)
        outcome = await group.commit([make_event("good")], 1)
        await group.close()
        return outcome

    assert run_async(run()) == ["store"]


def test_a_sender_that_left_does_not_disturb_the_others(make_event, run_async):
    """A cancelled request's event is written all the same."""
    written, released = [], threading.Event()

    def write(events):
        released.wait(10)
        written.extend(event.id for event in events)
        return ["store"] * len(events)

    async def run():
        group = GroupCommit(write)
        gone = asyncio.create_task(group.commit([make_event("gone")], 1))
        stays = asyncio.create_task(group.commit([make_event("stays")], 1))
        await asyncio.sleep(0.05)
        gone.cancel()
        released.set()
        outcome = await stays
        await group.close()
        return outcome

    assert run_async(run()) == ["store"]
    assert sorted(written) == ["gone", "stays"]


def test_large_events_fill_the_queue_before_their_number_does(make_event, run_async):
    """Memory is bounded: bytes that wait count as well, and make room when they are written or failed."""
    released = threading.Event()

    def write(events):
        released.wait(10)
        if events[0].id == "bad":
            raise OSError("disk full")
        return ["store"] * len(events)

    async def run():
        group = GroupCommit(write, most_waiting_bytes=10)
        for event_id in ("good", "bad"):
            released.clear()
            first = asyncio.create_task(group.commit([make_event(event_id)], 8))
            await asyncio.sleep(0)
            with pytest.raises(BusyError, match="8 bytes are waiting"):
                await group.commit([make_event("late")], 3)
            released.set()
            await asyncio.gather(first, return_exceptions=True)
        outcome = await group.commit([make_event("later")], 10)
        await group.close()
        return outcome

    assert run_async(run()) == ["store"]
