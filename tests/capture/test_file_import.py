"""Files of lines go into the store, once."""

import gzip

import pytest

from clickkit import Location, SettingsError, encode_event
from clickkit.capture.file_import import PARSERS, RejectedLine, import_file


def test_ndjson_twice_adds_nothing_and_keeps_bad_lines(sqlite_store, make_event, tmp_path):
    """Bad lines come back with number, reason and text; the rest is stored."""
    file = tmp_path / "events.ndjson"
    lines = [encode_event(make_event("a")), b'{"id": "b"}', b"\xff broken", encode_event(make_event("c"))]
    file.write_bytes(b"\n".join(lines))

    bad = []
    first = import_file(file, PARSERS["ndjson"], sqlite_store, reject=bad.append)
    again = import_file(file, PARSERS["ndjson"], sqlite_store, reject=bad.append)

    assert (first.stored, first.new, first.rejected) == (2, 2, 2)
    assert (again.stored, again.new) == (2, 0)
    assert bad[0] == RejectedLine(2, "timestamp: Object missing required field `timestamp`", '{"id": "b"}')
    assert (bad[1].line, bad[1].text) == (3, "\\xff broken")


def test_gzip_is_unpacked(sqlite_store, make_event, tmp_path):
    """Rotated logs are read as they are."""
    file = tmp_path / "events.ndjson.gz"
    file.write_bytes(gzip.compress(encode_event(make_event("a")) + b"\n"))

    assert import_file(file, PARSERS["ndjson"], sqlite_store, reject=print).stored == 1


def test_positions_are_rounded_on_the_way_in(sqlite_store, make_event, tmp_path):
    """No way into the store keeps an address."""
    file = tmp_path / "events.ndjson"
    event = make_event("a", location=Location(latitude=59.9139, longitude=10.7522))
    file.write_bytes(encode_event(event))

    import_file(file, PARSERS["ndjson"], sqlite_store, reject=print)

    assert sqlite_store.get(event.key)["location"]["latitude"] == 59.9


def test_more_than_one_batch_is_stored_whole(sqlite_store, make_event, tmp_path):
    """Batches are an inner matter."""
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"".join(encode_event(make_event(f"{n}")) + b"\n" for n in range(2500)))

    assert import_file(file, PARSERS["ndjson"], sqlite_store, reject=print).new == 2500
    day = make_event().day
    assert sum(batch.num_rows for batch in sqlite_store.scan(day)) == 2500


def test_a_file_that_cannot_be_read_is_named(sqlite_store, tmp_path):
    """Also a file that only says that it is packed."""
    fake = tmp_path / "fake.gz"
    fake.write_text("not packed")
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(b"some lines\n" * 100_000)[:-20])

    for file in (tmp_path / "missing.log", fake, cut, tmp_path):
        with pytest.raises(SettingsError, match=file.name):
            import_file(file, PARSERS["combined"], sqlite_store, reject=print)


def test_a_real_access_log(store, shared):
    """10,000 real lines: 9,999 views, one line cut off, 19 repeats kept apart."""
    log = shared / "web" / "access.log"

    bad = []
    first = import_file(log, PARSERS["combined"], store, reject=bad.append)
    again = import_file(log, PARSERS["combined"], store, reject=bad.append)

    assert (first.stored, first.new) == (9_999, 9_999)
    assert [one.line for one in bad] == [8899, 8899]
    assert (again.stored, again.new) == (9_999, 0)
