"""Files of lines go into the store, once."""

import gzip

import pytest

from clickkit import SettingsError, encode_event
from clickkit.capture.file_import import PARSERS, RejectedLine, import_file
from clickkit.event import SHARDS


def test_ndjson_twice_adds_nothing_and_keeps_bad_lines(sqlite_store, make_event, tmp_path):
    """Bad lines come back with number, reason and text; the rest is stored."""
    file = tmp_path / "events.ndjson"
    lines = [encode_event(make_event("a")), b'{"id": "b"}', b"\xff broken", encode_event(make_event("c"))]
    file.write_bytes(b"\n".join(lines))

    first = import_file(file, PARSERS["ndjson"], sqlite_store)
    again = import_file(file, PARSERS["ndjson"], sqlite_store)

    assert (first.stored, first.new, len(first.rejected)) == (2, 2, 2)
    assert (again.stored, again.new) == (2, 0)
    assert first.rejected[0] == RejectedLine(
        2, "timestamp: Object missing required field `timestamp`", '{"id": "b"}'
    )
    assert (first.rejected[1].line, first.rejected[1].text) == (3, "\\xff broken")


def test_gzip_is_unpacked(sqlite_store, make_event, tmp_path):
    """Rotated logs are read as they are."""
    file = tmp_path / "events.ndjson.gz"
    file.write_bytes(gzip.compress(encode_event(make_event("a")) + b"\n"))

    assert import_file(file, PARSERS["ndjson"], sqlite_store).stored == 1


def test_more_than_one_batch_is_stored_whole(sqlite_store, make_event, tmp_path):
    """Batches are an inner matter."""
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"".join(encode_event(make_event(f"{n}")) + b"\n" for n in range(2500)))

    assert import_file(file, PARSERS["ndjson"], sqlite_store).new == 2500
    day = make_event().day
    assert sum(batch.num_rows for shard in range(SHARDS) for batch in sqlite_store.scan(day, shard)) == 2500


def test_a_file_that_cannot_be_read_is_named(sqlite_store, tmp_path):
    """Also a file that only says that it is packed."""
    fake = tmp_path / "fake.gz"
    fake.write_text("not packed")

    for file in (tmp_path / "missing.log", fake):
        with pytest.raises(SettingsError, match=file.name):
            import_file(file, PARSERS["combined"], sqlite_store)


def test_a_real_access_log(store, shared):
    """10,000 real lines: 9,999 views, one line cut off, 19 repeats kept apart."""
    log = shared / "web" / "access.log"

    first = import_file(log, PARSERS["combined"], store)
    again = import_file(log, PARSERS["combined"], store)

    assert (first.stored, first.new) == (9_999, 9_999)
    assert [one.line for one in first.rejected] == [8899]
    assert (again.stored, again.new) == (9_999, 0)
