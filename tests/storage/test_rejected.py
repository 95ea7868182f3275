"""Refused events are kept, within limits."""

import datetime as dt

from clickkit.storage.rejected import RejectedEvents, rejected_event

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


def test_they_come_back_oldest_first_with_their_reason(tmp_path):
    """A presenter finds the bug in the page."""
    kept = RejectedEvents(tmp_path / "deep" / "events.ndjson")

    kept.add([rejected_event(NOW, "button", "missing", b'{"id": 1}')])
    kept.add([rejected_event(NOW, "", "no JSON", b"\xff\n")])

    assert [(one.field, one.reason, one.text) for one in kept.read()] == [
        ("button", "missing", '{"id": 1}'),
        ("", "no JSON", "\\xff\n"),
    ]


def test_the_file_is_capped_and_the_newest_stay(tmp_path):
    """A flood of rubbish fills no disk."""
    kept = RejectedEvents(tmp_path / "events.ndjson", most_bytes=20_000)

    for number in range(500):
        kept.add([rejected_event(NOW, "", f"{number}", b"x" * 10_000)])

    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 20_000
    reasons = [one.reason for one in kept.read()]
    assert reasons == [str(number) for number in range(500 - len(reasons), 500)]
    assert len(reasons) >= 2


def test_a_line_cut_off_by_a_crash_is_passed_over(tmp_path):
    """The others are still there."""
    kept = RejectedEvents(tmp_path / "events.ndjson")
    kept.add([rejected_event(NOW, "", "whole", b"")])
    with (tmp_path / "events.ndjson").open("ab") as file:
        file.write(b'{"at": "2026')

    assert [one.reason for one in kept.read()] == ["whole"]


def test_a_line_cut_off_by_a_full_disk_spoils_no_other(tmp_path):
    """What is added when there is room again starts a line of its own."""
    kept = RejectedEvents(tmp_path / "events.ndjson")
    kept.add([rejected_event(NOW, "", "whole", b"")])
    with (tmp_path / "events.ndjson").open("ab") as file:
        file.write(b'{"at":"2026-')

    kept.add([rejected_event(NOW, "", "after", b"")])

    assert [event.reason for event in kept.read()] == ["whole", "after"]
