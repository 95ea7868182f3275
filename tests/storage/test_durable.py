"""What was written is durable in the store, or in the spool until the store is back."""

import datetime as dt

import pytest

from clickkit import connect, decode_event
from clickkit.errors import BusyError, StoreError, StoreRefusedError
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
    return sorted(name for batch in store.scan(day) for name in batch["id"].to_pylist())


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

    def get(self, key):
        """Answer, or not."""
        if self.away:
            raise StoreError("away")

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


def test_an_acknowledged_event_that_the_store_refuses_is_kept_whole(
    sqlite_store, parts, make_event, wait_until, tmp_path
):
    """It blocks nothing: what was spooled behind it is drained, and it lies beside the spool's batches."""
    store = Choosy(sqlite_store)
    store.away = True
    writer = DurableWriter(store, *parts, retry_seconds=0.05)
    poison = make_event("poison", referrer="x" * 2_000, properties={"long": "x" * 8_000})
    assert writer.write([poison, make_event("a")]) == ["spool", "spool"]
    writer.write([make_event("b")])

    store.away = False
    wait_until(lambda: writer.drained == 3, "the spool to drain")

    writer.close()
    assert ids(sqlite_store, dt.date(2026, 11, 22)) == ["a", "b"]
    assert [one.reason for one in parts[1].read()] == ["too large"]
    (kept,) = (tmp_path / "spool").iterdir()
    assert decode_event(kept.read_bytes()) == poison


def test_a_store_that_goes_away_between_the_halves_leaves_the_rest_to_the_spool(
    sqlite_store, parts, make_event
):
    """What was stored or refused is said so, once."""

    class Fading(Choosy):
        """Goes away after it has refused twice."""

        def put(self, events):
            """Refuse a batch with the poison, and be away from the third time on."""
            try:
                return super().put(events)
            except StoreRefusedError:
                self.refusals = getattr(self, "refusals", 0) + 1
                self.away = self.refusals == 2
                raise

    writer = DurableWriter(Fading(sqlite_store), *parts, retry_seconds=60)

    outcomes = writer.write([make_event("poison"), make_event("a")])

    writer.close()
    assert outcomes == ["refused", "spool"]
    assert [event.id for event in parts[0].oldest().events] == ["a"]


def test_while_the_store_is_away_only_the_drainer_asks_it(sqlite_store, parts, make_event):
    """A store that answers nothing must not hold up who can be spooled."""

    class Counting(Choosy):
        """Counts how often it is asked."""

        asked = 0

        def put(self, events):
            """Count, and be away."""
            self.asked += 1
            return super().put(events)

    store = Counting(sqlite_store)
    store.away = True
    writer = DurableWriter(store, *parts, retry_seconds=60)

    outcomes = [writer.write([make_event(name)]) for name in "abc"]

    writer.close()
    assert (outcomes, store.asked, writer.store_is_away) == ([["spool"]] * 3, 1, True)


def test_a_full_disk_for_rejected_events_fails_no_write(sqlite_store, parts, make_event, tmp_path):
    """The sender hears that it was refused; a folder that cannot be made stands for a full disk."""
    (tmp_path / "rejected").write_text("in the way")
    rejected = RejectedEvents(tmp_path / "rejected" / "events.ndjson")
    writer = DurableWriter(Choosy(sqlite_store), parts[0], rejected)

    assert writer.write([make_event("a"), make_event("poison")]) == ["store", "refused"]
    writer.close()
    assert ids(sqlite_store, dt.date(2026, 11, 22)) == ["a"]


def test_a_store_that_is_away_is_known_before_the_first_event(parts, wait_until):
    """Who asks whether the collector is ready hears the truth, also of an idle one."""
    writer = DurableWriter(connect(AWAY), *parts, retry_seconds=0.05)

    wait_until(lambda: writer.store_is_away, "the look for the store")

    writer.close()
