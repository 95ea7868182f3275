"""A visitor's events in a collector's folder are found and removed, and nobody else's."""

import datetime as dt
import json
import threading

import pytest

from clickkit import StoreError, connect
from clickkit.event import encode_event
from clickkit.folder import locked_folder
from clickkit.storage.durable import DurableWriter
from clickkit.storage.rejected import RejectedEvents, rejected_event
from clickkit.storage.spool import Spool
from clickkit.storage.traces import Traces, find_traces, remove_traces

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
VISITOR = "3f1c-ä"


def reject(folder, *raws):
    """Keep raw texts as rejected."""
    kept = RejectedEvents(folder / "rejected" / "events.ndjson")
    kept.add([rejected_event(NOW, "button", "missing", raw) for raw in raws])
    return kept


def test_a_folder_without_anything_has_no_traces(tmp_path):
    """A machine on which no collector ever ran."""
    assert find_traces(tmp_path / "none", VISITOR) == remove_traces(tmp_path, VISITOR) == Traces(0, 0)
    assert list(tmp_path.iterdir()) == []


def test_spooled_events_go_and_those_of_others_stay_in_their_order(tmp_path, make_event):
    """Of batches, of what was refused and of what cannot be read; a file that is empty then goes, too."""
    spool = Spool(tmp_path / "spool")
    theirs, other = make_event("a", visitor_id=VISITOR, session_id="s"), make_event("b", visitor_id="b")
    mentions = make_event("c", properties={"visitorId": VISITOR})
    for batch in ([theirs], [other, theirs, mentions, theirs]):
        spool.put(batch)
    spool.set_aside(theirs)
    (tmp_path / "spool" / "0-1-0.unreadable").write_bytes(b"{\n" + encode_event(theirs)[:-1] + b"\n")
    (tmp_path / "spool" / "0-1-1.tmp").write_bytes(encode_event(other) + b"\n" + encode_event(theirs)[:-9])

    assert find_traces(tmp_path, VISITOR) == remove_traces(tmp_path, VISITOR) == Traces(5, 0)

    assert spool.oldest().events == [other, mentions]
    kept = {path.suffix: path.read_bytes() for path in (tmp_path / "spool").iterdir()}
    assert kept.keys() == {".ndjson", ".unreadable"}
    assert kept[".unreadable"] == b"{\n"


@pytest.mark.parametrize(
    "raw",
    [
        b'{"id": 1, "visitorId": "3f1c-\xc3\xa4"}',
        b'{"id": 1, "anonymousId" : "3f1c-\\u00e4", "type": "track"}',
        b'{"batch": [{"context": {"ids": ["\\u0033f1c-\\u00e4"]}}]}',
        b"data=%7B%22visitorId%22%3A%223f1c-%C3%A4%22%7D",
        b'{"visitorId": "3f1c-\xc3\xa4", "broken',
        b'{"filler": "' + b"x" * 4063 + b'", "visitorId": "3f1c-\xc3\xa4"}',
    ],
)
def test_a_rejected_event_goes_when_it_names_the_visitor(tmp_path, raw):
    """Whatever dialect it was in, however it was spelled, and where it was cut off."""
    kept = reject(tmp_path, b'{"visitorId": "3f1c"}', raw, b'{"visitorId": "x3f1c-\xc3\xa4"}', b"\xff")

    assert remove_traces(tmp_path, VISITOR) == Traces(0, 1)

    assert [one.text for one in kept.read()] == [
        '{"visitorId": "3f1c"}',
        '{"visitorId": "x3f1c-ä"}',
        "\\xff",
    ]


def test_a_visitor_may_be_a_number(tmp_path):
    """As Segment's user ids are; a part of a longer one is another."""
    kept = reject(tmp_path, b'{"userId": 123}', b'{"userId":1234}', b'[123 ,{"broken"')

    assert remove_traces(tmp_path, "123") == Traces(0, 2)

    assert [one.text for one in kept.read()] == ['{"userId":1234}']


def test_older_files_imported_ones_and_lines_cut_off_are_looked_through(tmp_path):
    """Everything that lies there."""
    folder = tmp_path / "rejected"
    reject(tmp_path, b'{"visitorId": "v"}')
    (folder / "events.ndjson").rename(folder / "events.older.ndjson")
    line = {"line": 1, "reason": "missing", "text": '{"visitorId": "v"}'}
    (folder / "events-1a2b.ndjson").write_text(json.dumps(line) + "\n" + json.dumps(line)[:-3])

    assert remove_traces(tmp_path, "v") == Traces(0, 3)

    assert list(folder.iterdir()) == []


def test_what_is_spooled_is_not_drained_while_it_is_looked_through(
    tmp_path, make_event, sqlite_store, wait_until
):
    """Else a collector could put back a batch that it read a moment before."""
    spool = Spool(tmp_path / "spool")
    spool.put([make_event("a", visitor_id="v"), make_event("b")])
    with locked_folder(tmp_path / "spool"):
        writer = DurableWriter(sqlite_store, spool, reject(tmp_path), retry_seconds=0.01)
        removing = threading.Thread(target=remove_traces, args=[tmp_path, "v"])
        removing.start()
        wait_until(lambda: writer._looked_at > 0, "the drainer")
        assert spool.oldest().events != []
    removing.join()

    wait_until(lambda: spool.oldest().events == [], "the spool to drain")
    writer.close()
    assert "b" in [
        name for batch in connect(sqlite_store.url).scan(NOW.date()) for name in batch["id"].to_pylist()
    ]


def test_a_folder_that_cannot_be_written_is_named(tmp_path, make_event):
    """With what to look at."""
    Spool(tmp_path / "spool").put([make_event("a", visitor_id="v"), make_event("b")])
    (path,) = (tmp_path / "spool").iterdir()
    path.with_suffix(".tmp").mkdir()

    with pytest.raises(StoreError, match="spool failed: .*check its rights and the disk's room"):
        remove_traces(tmp_path, "v")
