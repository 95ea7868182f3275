"""Every store keeps the same contract."""

import datetime as dt
import json
import threading

import pyarrow as pa
import pytest

from clickkit import Location, connect
from clickkit.event import SCHEMA, SHARDS, shard_of, sort_key
from clickkit.storage.store import LedgerDay

DAY = dt.date(2026, 11, 22)
LATE = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def scan_day(store, day=DAY):
    """Return all rows of a day."""
    return pa.Table.from_batches(list(store.scan(day)), SCHEMA).to_pylist()


def test_what_was_put_is_scanned_with_every_field(store, make_event):
    """Nothing of an event is lost in the store."""
    event = make_event(
        location=Location(
            city="São Paulo",
            region="São Paulo",
            country="Brazil",
            country_code="BR",
            latitude=-23.5,
            longitude=-46.6,
            source="position",
        ),
        received_at=dt.datetime(2026, 11, 22, 10, 30, 1, 500, dt.UTC),
        sequence=2**53,
        x=0.1,
        variants={"cta": "green"},
        properties={"price": 9.5, "tags": ["a", None, {"b": True}], "naughty": "\u0000\u2028'\";--"},
    )

    assert store.put([event]) == 1
    (row,) = scan_day(store)

    assert row["id"] == "a"
    assert row["event"] == "click"
    assert row["timestamp"] == event.timestamp
    assert row["received_at"] == event.received_at
    assert row["device"]["browser"] == "Mobile Safari"
    assert row["location"] == {
        "city": "São Paulo",
        "region": "São Paulo",
        "country": "Brazil",
        "country_code": "BR",
        "latitude": -23.5,
        "longitude": -46.6,
        "source": "position",
    }
    assert (row["sequence"], row["x"], row["session_id"]) == (2**53, 0.1, None)
    assert json.loads(row["variants"]) == {"cta": "green"}
    assert json.loads(row["properties"]) == event.properties


def test_the_same_event_twice_is_stored_once_and_the_first_one_stays(store, make_event):
    """Senders resend; a resend never doubles and never changes what was stored."""
    assert store.put([make_event(language="nb"), make_event(language="de")]) == 1
    assert store.put([make_event(language="en"), make_event("b")]) == 1

    assert sorted((row["id"], row["language"]) for row in scan_day(store)) == [("a", "nb"), ("b", None)]


def test_many_events_at_once_come_back_in_time_order(store, make_event):
    """A shard is scanned oldest first, over all pages of the engine."""
    start = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    filler = "x" * 1500
    made = [
        make_event(f"id{n}", timestamp=start + dt.timedelta(seconds=(n * 7919) % 86400), referrer=filler)
        for n in range(7000)
    ]

    assert store.put(made) == 7000

    for shard in range(SHARDS):
        stamps = [stamp for batch in store.scan(DAY, shard) for stamp in batch["timestamp"].to_pylist()]
        expected = sorted(event.timestamp for event in made if shard_of(event.id) == shard)
        assert stamps == expected
    for shards in (range(SHARDS), [1, 4, 6]):
        rows = [row for batch in store.scan(DAY, shards) for row in batch.to_pylist()]
        wanted = [event for event in made if shard_of(event.id) in shards]
        assert [row["id"] for row in rows] == [
            event.id for event in sorted(wanted, key=lambda event: (event.timestamp, event.id))
        ]


def test_a_scan_goes_on_behind_a_sort_key(store, make_event):
    """A live view reads only what is new."""
    shard = shard_of("a")
    stamps = [dt.datetime(2026, 11, 22, hour, tzinfo=dt.UTC) for hour in (8, 9, 10)]
    store.put([make_event("a", timestamp=stamp) for stamp in stamps])

    batches = store.scan(DAY, shard, after=sort_key(stamps[0], "a"))

    assert [stamp for batch in batches for stamp in batch["timestamp"].to_pylist()] == stamps[1:]


def test_a_day_holds_its_own_events_only(store, make_event):
    """Midnight belongs to the day that it begins."""
    midnight = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    store.put(
        [
            make_event("a", timestamp=midnight - dt.timedelta(microseconds=1)),
            make_event("b", timestamp=midnight),
        ]
    )

    assert [row["id"] for row in scan_day(store, DAY)] == ["a"]
    assert [row["id"] for row in scan_day(store, dt.date(2026, 11, 23))] == ["b"]
    assert scan_day(store, dt.date(2026, 11, 24)) == []


def test_get_returns_the_item_as_the_store_holds_it(store, make_event):
    """A presenter shows the real item, keys included."""
    event = make_event()
    store.put([event])

    item = json.dumps(store.get(event.key))

    assert event.key[0] in item
    assert event.key[1] in item
    assert '"pageUrl"' in item
    assert store.get(("2026-11-22#00", "nothing")) is None


def test_putting_nothing_is_allowed(store, make_event):
    """An empty batch changes nothing."""
    store.put([make_event()])

    assert store.put([]) == 0


def test_several_threads_may_put_at_once(store, make_event):
    """Ten threads with the same hundred events store a hundred events."""
    batches = [[make_event(f"{n}") for n in range(100)] for _ in range(10)]
    threads = [threading.Thread(target=store.put, args=[batch]) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(scan_day(store)) == 100


def test_the_url_opens_the_same_store_again(store, make_event):
    """What was put is there for the next process."""
    store.put([make_event()])

    again = connect(store.url)

    assert [row["id"] for row in scan_day(again)] == ["a"]
    again.close()


@pytest.mark.parametrize("text", ["", " ", "NULL", "' or 1=1", "😀", "\u202e", "a" * 2048])
def test_texts_come_back_unchanged(store, make_event, text):
    """A store never touches what was said."""
    store.put([make_event(referrer=text)])

    assert scan_day(store)[0]["referrer"] == text


def test_the_ledger_counts_what_became_of_every_event(store, make_event):
    """Stored and repeated on the day of the timestamp, the others on the day that is named."""
    store.put([make_event("a"), make_event("a"), make_event("b", timestamp=LATE)])
    store.put([make_event("a"), make_event("c")])
    store.count(DAY, rejected=2, suppressed=1)
    store.count(DAY, rejected=1)

    late, day = store.ledger()
    assert late == LedgerDay(LATE.date(), stored=1, changes=late.changes)
    assert day == LedgerDay(DAY, stored=2, repeated=2, rejected=3, suppressed=1, changes=day.changes)
    assert day.received == 8


def test_the_ledger_remembers_what_each_lake_has(store, make_event):
    """An export notes which changes it saw, in place of what it noted before."""
    store.put([make_event("a")])

    store.mark_exported("s3://lake/a", {DAY: 1})
    store.mark_exported("s3://lake/b", {DAY: 1})
    store.mark_exported("s3://lake/a", {DAY: 2})

    assert store.ledger()[0].exported == {"s3://lake/a": 2, "s3://lake/b": 1}


def test_the_ledger_shows_that_a_day_has_changed(store, make_event):
    """Every new event changes its own day; what is only counted changes none."""
    store.put([make_event("a"), make_event("b", timestamp=LATE)])
    first = store.ledger()
    store.put([make_event("c", timestamp=LATE)])
    store.count(DAY, rejected=1, suppressed=1)

    late, day = store.ledger()

    assert late.changes > first[0].changes > 0
    assert day.changes == first[1].changes > 0


def test_what_a_newer_writer_counts_is_passed_over(store, make_event):
    """An older reader beside it goes on."""
    store.put([make_event("a")])
    store.count(DAY, postponed=3)

    assert (store.ledger()[0].stored, store.ledger()[0].received) == (1, 1)


def test_the_ledger_of_a_new_store_is_empty(store):
    """It is asked before anything was put."""
    store.put([])

    assert store.ledger() == []


def test_what_is_removed_is_gone_and_counted_as_forgotten(store, make_event):
    """Only the events of these keys, and the ledger's other numbers stay."""
    events = [make_event(f"e{n}") for n in range(60)] + [make_event("late", timestamp=LATE)]
    store.put(events)
    before = store.ledger()

    assert store.remove([event.key for event in events[1:]]) == 60

    late, day = store.ledger()
    assert [row["id"] for row in scan_day(store)] == ["e0"]
    assert scan_day(store, LATE.date()) == []
    assert (late.stored, late.forgotten, late.held) == (1, 1, 0)
    assert (day.stored, day.forgotten, day.held, day.received) == (60, 59, 1, 60)
    assert [row.changes > old.changes for row, old in zip(store.ledger(), before, strict=True)] == [True] * 2


def test_removing_again_changes_nothing(store, make_event):
    """A removal that was cut off is simply run again, also without keys."""
    event = make_event("a")
    store.put([event, make_event("b")])
    store.remove([event.key, event.key])
    before = store.ledger()

    assert [store.remove([event.key]), store.remove([])] == [0, 0]

    assert store.ledger() == before
    assert before[0].forgotten == 1


def test_what_was_removed_may_come_again(store, make_event):
    """The store keeps nothing by which it could know it."""
    store.put([make_event("a")])
    store.remove([make_event("a").key])

    assert store.put([make_event("a")]) == 1
    assert (store.ledger()[0].stored, store.ledger()[0].held) == (2, 1)
