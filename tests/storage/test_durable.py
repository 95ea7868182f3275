"""What was written is durable in the store, or in the spool until the store is back."""

import datetime as dt

import pytest

from clickkit import connect
from clickkit.errors import BusyError, StoreError, StoreRefusedError
from clickkit.event import SHARDS
from clickkit.storage.durable import DurableWriter
from clickkit.storage.rejected import RejectedEvents
from clickkit.storage.spool import Spool

AWAY = "dynamodb://clicks?endpoint=http://127.0.0.1:9&region=eu-north-1"


@pytest.fixture
def parts(tmp_path):
    """Return a spool and the rejected events."""
    return Spool(tmp_path / "spool"), RejectedEvents(tmp_path / "rejected.ndjson")


def ids(store, day):
    """Return the ids of a day's events."""
    batches = [batch for shard in range(SHARDS) for batch in store.scan(day, shard)]
    return sorted(name for batch in batches for name in batch["id"].to_pylist())


def test_while_the_store_is_there_it_takes_everything(sqlite_store, parts, make_event):
    """The spool stays empty."""
    writer = DurableWriter(sqlite_store, *parts)

    assert writer.write([make_event("a"), make_event("b")]) == ["store", "store"]

    writer.close()
    assert ids(sqlite_store, dt.date(2026, 11, 22)) == ["a", "b"]
    assert parts[0].bytes == 0


def test_while_the_store_is_away_the_spool_takes_over_also_for_the_next_start(
    sqlite_store, parts, make_event, wait_until
):
    """After a restart the events go to the store that is there again."""
    writer = DurableWriter(connect(AWAY), *parts)
    assert writer.write([make_event("a")]) == ["spool"]
    assert writer.write([make_event("b")]) == ["spool"]
    writer.close()

    again = DurableWriter(sqlite_store, *parts, retry_seconds=0.05)
    wait_until(lambda: parts[0].bytes == 0, "the spool to drain")
    again.close()

    assert ids(sqlite_store, dt.date(2026, 11, 22)) == ["a", "b"]


def test_when_the_spool_is_full_nothing_is_accepted(parts, make_event, tmp_path):
    """The sender keeps its events and sends again."""
    writer = DurableWriter(connect(AWAY), Spool(tmp_path / "small", most_bytes=10), parts[1])

    with pytest.raises(BusyError):
        writer.write([make_event("a")])

    writer.close()


class Choosy:
    """A store that refuses one event for good, like DynamoDB an item that is too large."""

    def __init__(self, store):
        self.store = store
        self.away = False

    def put(self, events):
        """Refuse the poison, or everything while away."""
        if self.away:
            raise StoreError("away")
        if any(event.id == "poison" for event in events):
            raise StoreRefusedError("too large")
        return self.store.put(events)

    def count(self, day, **numbers):
        """Count in the ledger of the store behind it."""
        self.store.count(day, **numbers)


def test_an_event_that_the_store_refuses_is_set_aside_and_blocks_nothing(sqlite_store, parts, make_event):
    """Its neighbours are stored, and its reason is kept."""
    writer = DurableWriter(Choosy(sqlite_store), *parts)

    outcomes = writer.write([make_event("a"), make_event("poison"), make_event("b")])

    writer.close()
    assert outcomes == ["store", "refused", "store"]
    assert ids(sqlite_store, dt.date(2026, 11, 22)) == ["a", "b"]
    (kept,) = parts[1].read()
    assert (kept.reason, '"poison"' in kept.text) == ("too large", True)


def test_a_refused_event_does_not_block_the_spool(sqlite_store, parts, make_event, wait_until):
    """What was spooled behind it is drained."""
    store = Choosy(sqlite_store)
    store.away = True
    writer = DurableWriter(store, *parts, retry_seconds=0.05)
    writer.write([make_event("poison"), make_event("a")])
    writer.write([make_event("b")])

    store.away = False
    wait_until(lambda: parts[0].bytes == 0, "the spool to drain")

    writer.close()
    assert ids(sqlite_store, dt.date(2026, 11, 22)) == ["a", "b"]
    assert [one.reason for one in parts[1].read()] == ["too large"]


def test_a_refused_event_that_cannot_be_kept_is_not_taken(sqlite_store, parts, make_event, tmp_path):
    """On a full disk the sender keeps it; a folder that cannot be made stands for every error of the disk."""
    (tmp_path / "rejected").write_text("in the way")
    rejected = RejectedEvents(tmp_path / "rejected" / "events.ndjson")
    writer = DurableWriter(Choosy(sqlite_store), parts[0], rejected)

    with pytest.raises(BusyError, match="cannot be kept"):
        writer.write([make_event("a"), make_event("poison")])
    (tmp_path / "rejected").unlink()

    assert writer.write([make_event("a"), make_event("poison")]) == ["store", "refused"]
    writer.close()
    assert ids(sqlite_store, dt.date(2026, 11, 22)) == ["a"]
    assert [one.reason for one in rejected.read()] == ["too large"]
