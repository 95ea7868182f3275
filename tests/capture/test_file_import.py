"""Files of lines go into the store, once."""

import datetime as dt
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


def test_a_table_comes_in_as_csv(sqlite_store, tmp_path):
    """Names of either spelling, cells with line breaks, equal rows, other columns; twice adds nothing."""
    file = tmp_path / "clicks.csv"
    file.write_text(
        "button,timestamp,page_url,visitorId,device.type,x,sequence,price\n"
        '"Buy\nnow",2026-11-22T10:00:00Z,https://a.example/,v1,mobile,3.5,2,9.90\n'
        "Buy,2026-11-22T11:00:00+01:00,https://a.example/,,,,,\n"
        "Buy,2026-11-22T11:00:00+01:00,https://a.example/,,,,,\n"
        "\n"
        "Buy,2026-11-22 11:00:00,https://a.example/,,,,,\n"
        "Buy,2026-11-22T11:00:00Z\n"
    )

    bad = []
    first = import_file(file, PARSERS["csv"], sqlite_store, reject=bad.append)
    again = import_file(file, PARSERS["csv"], sqlite_store, reject=print)

    assert (first.stored, first.new, first.rejected, again.new) == (3, 3, 2, 0)
    assert [(one.line, one.reason.partition(" ")[0]) for one in bad] == [(7, "timestamp:"), (8, "2")]
    rows = [row for batch in sqlite_store.scan(dt.date(2026, 11, 22)) for row in batch.to_pylist()]
    assert sorted(row["button"] for row in rows) == ["Buy", "Buy", "Buy\nnow"]
    (whole,) = [row for row in rows if row["visitor_id"]]
    assert whole["properties"] == '{"price":"9.90"}'
    assert (whole["device"]["type"], whole["x"], whole["sequence"]) == ("mobile", 3.5, 2)


def test_a_table_without_names_is_refused(sqlite_store, tmp_path):
    """Before the first row is read."""
    file = tmp_path / "clicks.csv"
    file.write_text("Buy,2026-11-22T10:00:00Z,https://a.example/\n")

    with pytest.raises(SettingsError, match="names no column timestamp and no pageUrl"):
        import_file(file, PARSERS["csv"], sqlite_store, reject=print)


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


def test_a_quote_that_is_not_closed_is_named_and_stops_nothing(sqlite_store, tmp_path):
    """It takes the lines after it; those before are stored."""
    file = tmp_path / "clicks.csv"
    row = "Buy,2026-11-22T10:00:00Z,https://a.example/\n"
    file.write_text(f'button,timestamp,pageUrl\n{row}"Buy" now,2026-11-22,x\n{row}"Buy\n{row}')

    bad = []
    found = import_file(file, PARSERS["csv"], sqlite_store, reject=bad.append)

    assert (found.stored, found.rejected) == (2, 2)
    assert [one.reason.partition(" (")[0] for one in bad] == [
        "no CSV from line 3 on",
        "no CSV from line 5 on",
    ]
