"""What the pipeline shows; `tests/demo/test_stage.py` has it in a browser."""

import datetime as dt
import hashlib
import json

import pytest

from clickkit import export as run_export
from clickkit import simulate
from clickkit.capture.tracker import Captured
from clickkit.dashboard import Pipeline, tracker_dashboard
from clickkit.event import SCHEMA, Location
from clickkit.storage.attributes import to_attributes


@pytest.fixture
def now(make_event):
    """Return a click of today."""
    return make_event(timestamp=dt.datetime.now(dt.UTC), button="<img src=x onerror=alert(1)>")


def export(pipeline, wait_until):
    """Press Export and wait for the end."""
    pipeline._handle_custom_msg({"kind": "export"}, [])
    wait_until(lambda: not pipeline.export_state["running"], "the export")
    return pipeline.export_state


def test_counts_and_durations_are_shown_per_click(sqlite_store, now, tmp_path):
    """Of every stage that a click has gone through."""
    sqlite_store.put([now])
    pipeline = Pipeline(sqlite_store, tmp_path / "lake")

    pipeline.show(Captured(event=now, arrived_ms=4, enriched_ms=0.5, durable_ms=12))
    pipeline.show(Captured(event=now, arrived_ms=4, enriched_ms=0.5, durable_ms=12.4))

    assert pipeline.stages["store"] == {"count": 2, "note": "12 ms"}
    assert pipeline.stages["process"] == {"count": 2, "note": "0.5 ms"}
    assert pipeline.stages["event"] == {"count": 2, "note": now.button}


def test_the_item_has_dynamodbs_types_whatever_the_store(store, make_event, tmp_path):
    """DynamoDB gives them along; those of the embedded store are the same."""
    click = make_event(x=12.5, location=Location(city="Oslo", latitude=59.9, longitude=10.8))
    store.put([click])
    pipeline = Pipeline(store, tmp_path / "lake")

    pipeline.show(Captured(event=click, arrived_ms=4, enriched_ms=0.5, durable_ms=12))

    shown = json.loads(pipeline.item)
    assert shown == to_attributes(click)
    assert shown["pk"] == {"S": click.key[0]}
    assert shown["x"] == {"N": "12.5"}
    assert shown["location"]["M"]["city"] == {"S": "Oslo"}
    assert pipeline.held_by == ("DynamoDB" if store.url.startswith("dynamodb") else "SQLite")


def test_an_item_that_cannot_be_read_back_is_said(sqlite_store, now, tmp_path):
    """The store went away between the write and the look at it."""
    pipeline = Pipeline(sqlite_store, tmp_path / "lake")

    pipeline.show(Captured(event=now, arrived_ms=4, enriched_ms=0.5, durable_ms=12))

    assert "could not be read back: no SQLite store at" in pipeline.item_failed
    assert pipeline.stages["store"]["count"] == 1


def test_an_export_is_shown_with_its_file_and_charts(sqlite_store, now, tmp_path, wait_until):
    """The chart counts what the lake holds; names are text, never markup."""
    yesterday = now.day - dt.timedelta(1)
    sqlite_store.put([now, *simulate(yesterday, yesterday, visitors=5)])
    pipeline = Pipeline(sqlite_store, tmp_path / "lake")

    pipeline._handle_custom_msg({"kind": "opened"}, [])
    wait_until(lambda: pipeline.partition, "what the lake holds")
    before = pipeline.partition

    state = export(pipeline, wait_until)

    assert before == {"message": "The lake is empty so far. “Export today” writes its first files."}
    assert "1 click," in state["message"]
    assert f"day={now.day.day:02d}/part-00.parquet" in state["message"]
    assert pipeline.stages["export"]["count"] == pipeline.stages["archive"]["count"] == 1
    assert "Today: 1 clicks by button" in pipeline.charts[0]
    assert "<img" not in "".join(pipeline.charts)


def test_after_an_export_the_files_and_their_schema_are_shown(sqlite_store, now, tmp_path, wait_until):
    """As manifest and Parquet say; structs with their fields."""
    sqlite_store.put([now])
    pipeline = Pipeline(sqlite_store, tmp_path / "lake")

    export(pipeline, wait_until)

    shown = pipeline.partition
    (part,) = shown["files"]
    content = (tmp_path / "lake" / shown["folder"] / part["name"]).read_bytes()
    columns = {column["name"]: column for column in shown["columns"]}
    assert shown["message"] == "Today's partition."
    assert (part["name"], part["rows"], part["bytes"]) == ("part-00.parquet", 1, len(content))
    assert part["sha256"] == hashlib.sha256(content).hexdigest()
    assert list(columns) == SCHEMA.names
    assert columns["timestamp"] == {"name": "timestamp", "type": "timestamp[us, tz=UTC]", "fields": []}
    assert columns["device"]["type"] == "struct"
    assert {"name": "is_bot", "type": "bool", "fields": []} in columns["device"]["fields"]


def test_before_an_export_the_newest_partition_is_shown(sqlite_store, tmp_path, wait_until):
    """A lake that has older days only says so; a damaged manifest is named."""
    day = dt.date(2025, 11, 21)
    sqlite_store.put(list(simulate(day, day, visitors=3)))
    run_export(sqlite_store, tmp_path / "lake", day, day)
    pipeline = Pipeline(sqlite_store, tmp_path / "lake")

    pipeline._handle_custom_msg({"kind": "opened"}, [])
    wait_until(lambda: "folder" in pipeline.partition, "the partition")
    older = pipeline.partition
    (tmp_path / "lake" / older["folder"] / "_manifest.json").write_text("{")
    pipeline._handle_custom_msg({"kind": "opened"}, [])
    wait_until(lambda: "failed" in pipeline.partition, "the damage")

    assert older["folder"] == "clicks/year=2025/month=11/day=21"
    assert "today is not exported yet" in older["message"]
    assert "is damaged" in pipeline.partition["message"]


def test_a_failed_export_says_why(sqlite_store, tmp_path, wait_until):
    """The page shows the error, and the button works again."""
    state = export(Pipeline(sqlite_store, tmp_path / "lake"), wait_until)

    assert state["failed"]
    assert "no SQLite store at" in state["message"]


def test_a_day_without_clicks_is_said(sqlite_store, make_event, tmp_path, wait_until):
    """Nothing to write is no failure."""
    sqlite_store.put([make_event(timestamp=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))])

    state = export(Pipeline(sqlite_store, tmp_path / "lake"), wait_until)

    assert not state["failed"]
    assert "nothing to write" in state["message"]


def test_the_dashboard_is_one_widget(sqlite_store, tmp_path):
    """A notebook shows it with one call."""
    page = tracker_dashboard(sqlite_store, tmp_path / "lake")

    assert len(page.children) == 2


def test_with_a_public_url_the_audience_is_invited(sqlite_store, tmp_path):
    """The QR code and the address stand above the tracker; the URL is text, never markup."""
    page = tracker_dashboard(sqlite_store, tmp_path / "lake", public_url="https://talk.example/?<b>")

    invitation, *others = page.children
    assert len(others) == 2
    assert 'aria-label="QR code: https://talk.example/?&lt;b&gt;"' in invitation.value
    assert "<span>https://</span>talk.example/?&lt;b&gt;</p>" in invitation.value
    assert "<b>" not in invitation.value
