"""The report's numbers are those of the events, and it says where they come from."""

import datetime as dt

import pytest

from clickkit import LakeError
from clickkit.lake.status import lake_status
from clickkit.report.answer import make_report
from clickkit.report.range import Range, days_held

WEEK = (dt.date(2026, 11, 16), dt.date(2026, 11, 22))


def report_of(lake, since=WEEK[0], until=WEEK[1], counted="all", progress=lambda *_: None):
    """Ask for the week."""
    return make_report(lake, Range(since, until, counted), days_held(lake), progress)


def rows_of(report):
    """Return each figure's rows by the first word of its title after "By"."""
    return {drawn.title.split()[1].strip(":"): drawn.rows for drawn in report.figures}


def test_every_number_is_that_of_the_events(filled):
    """Written out by hand; places of fewer than five visitors are not named, whatever their clicks."""
    report = report_of(filled)

    assert report.events == 18
    assert report.totals == [
        ("Clicks", 17, "+112.5 % on the 7 days before (8)"),
        ("Visitors", 7, "+75.0 % on the 7 days before (4)"),
        ("Sessions", 7, "+75.0 % on the 7 days before (4)"),
    ]
    assert report.sources == [("recorded", 14, 13), ("simulated", 4, 4)]
    assert rows_of(report) == {
        "day": [
            ["2026-11-16", "recorded", "0", "0"],
            ["2026-11-17", "recorded", "0", "0"],
            ["2026-11-18", "simulated", "4", "4"],
            ["2026-11-19", "recorded", "0", "0"],
            ["2026-11-20", "recorded", "1", "1"],
            ["2026-11-21", "recorded", "5", "1"],
            ["2026-11-22", "recorded", "7", "5"],
        ],
        "button": [["Buy", "11", "5"], ['<img src=x onerror="alert(1)">', "5", "1"], ["=1+1", "1", "1"]],
        "site": [["shop.example.com", "16", "6"], ["no host", "1", "1"]],
        "device": [["not recognised", "10", "6"], ["desktop", "7", "5"]],
        "browser": [["not recognised", "10", "6"], ["Firefox", "7", "5"]],
        "country": [["Norway", "12"], ["not shared", "4"]],
        "city": [["Oslo, Norway", "7"]],
    }


def test_titles_say_subject_and_numbers(filled):
    """And what is suppressed is said beside the chart."""
    figures = report_of(filled).figures

    assert [drawn.title for drawn in figures] == [
        "By day (UTC): 17 clicks, 7 days",
        "By button: 17 clicks, 3 buttons",
        "By site: 17 clicks, 2 sites",
        "By device: 17 clicks, 2 types",
        "By browser: 17 clicks, 2 browsers",
        "By country: 12 of 17 clicks",
        "By city: 7 of 17 clicks",
    ]
    assert all(drawn.title in drawn.svg for drawn in figures)
    assert [drawn.note for drawn in figures][-2:] == [
        "Suppressed: 1 country of fewer than 5 visitors.",
        "Suppressed: 2 cities of fewer than 5 visitors.",
    ]


@pytest.mark.parametrize(("counted", "clicks", "events"), [("recorded", 13, 14), ("simulated", 4, 4)])
def test_one_source_can_be_counted(filled, counted, clicks, events):
    """The other one is still said."""
    report = report_of(filled, counted=counted)

    assert (report.totals[0][1], report.events) == (clicks, events)
    assert report.sources == [("recorded", 14, 13), ("simulated", 4, 4)]
    assert sum(int(row[2]) for row in rows_of(report)["day"]) == clicks
    assert rows_of(report)["city"] == ([["Oslo, Norway", "7"]] if counted == "recorded" else [])


def test_no_comparison_where_the_lake_does_not_reach(filled):
    """A week that lies half before the lake is no week."""
    report = report_of(filled, since=dt.date(2026, 11, 10))

    assert report.totals[0] == ("Clicks", 24, "no comparison: the lake begins on 2026-11-09")


def test_a_damaged_range_before_stops_the_comparison_only(filled):
    """The numbers of the range itself are whole."""
    (filled / "clicks/year=2026/month=11/day=10/part-00.parquet").write_bytes(b"damaged")

    report = report_of(filled)

    assert report.totals[0] == ("Clicks", 17, "no comparison: 2026-11-09 to 2026-11-15 cannot be read")


def test_a_damaged_part_in_the_range_is_named(filled):
    """With how to mend it."""
    (filled / "clicks/year=2026/month=11/day=21/part-00.parquet").write_bytes(b"damaged")

    with pytest.raises(LakeError, match=r"day=21/part-00.parquet .* export the day of a damaged part again"):
        report_of(filled)


def test_events_without_clicks_are_said(filled):
    """A view is no click; a source that has nothing is named."""
    day = dt.date(2026, 11, 16)

    assert "1 event, but no click" in report_of(filled, day, day).notice
    assert "No simulated events from 2026-11-16" in report_of(filled, day, day, "simulated").notice
    assert report_of(filled, day, day).figures == []


def test_the_origin_can_be_checked(filled):
    """Range, rows, lake and the digest of its manifests."""
    origin = dict(report_of(filled).origin)

    assert origin["Range"] == "2026-11-16 to 2026-11-22 (UTC, both included)"
    assert origin["Rows"] == "18 events, recorded and simulated"
    assert origin["Lake"] == str(filled)
    assert origin["Holds"] == "26 events, 2026-11-09 to 2026-11-22"
    assert origin["Manifests"] == f"SHA-256 {lake_status(filled).digest}"


def test_a_damaged_manifest_hides_no_number(filled):
    """The digest is unknown, and it is said why."""
    (filled / "clicks/year=2026/month=11/day=21/_manifest.json").write_bytes(b"{")

    report = report_of(filled)

    assert report.totals[0][1] == 17
    assert "_manifest.json is damaged" in dict(report.origin)["Manifests"]


def test_progress_names_every_step(filled):
    """As many as are announced, the last one short of the end."""
    heard = []

    report_of(filled, progress=lambda *step: heard.append(step))

    assert [done for _, done, _ in heard] == list(range(10))
    assert {total for _, _, total in heard} == {10}
    assert heard[0][0] == "Opening the lake"
    assert heard[-1][0] == "By city"
