"""What the pipeline shows; `test_demo.py` has it in a browser."""

import datetime as dt

import pytest

from clickkit import simulate
from clickkit.capture.tracker import Captured
from clickkit.dashboard import Pipeline, tracker_dashboard


@pytest.fixture
def now(make_event):
    """Return a click of today."""
    return make_event(timestamp=dt.datetime.now(dt.UTC), button="<img src=x onerror=alert(1)>")


def export(pipeline, wait_until):
    """Press Export and wait for the end."""
    pipeline._handle_custom_msg({"kind": "export"}, [])
    wait_until(lambda: not pipeline.export_state["running"], "the export")
    return pipeline.export_state


def test_counts_durations_and_the_item_are_shown_per_click(sqlite_store, now, tmp_path):
    """The item is the one that the store holds."""
    sqlite_store.put([now])
    pipeline = Pipeline(sqlite_store, tmp_path / "lake")

    pipeline.show(Captured(event=now, arrived_ms=4, enriched_ms=0.5, durable_ms=12))
    pipeline.show(Captured(event=now, arrived_ms=4, enriched_ms=0.5, durable_ms=12.4))

    assert pipeline.stages["store"] == {"count": 2, "note": "12 ms"}
    assert pipeline.stages["process"] == {"count": 2, "note": "0.5 ms"}
    assert f'"pk": "{now.key[0]}"' in pipeline.item


def test_an_export_is_shown_with_its_file_and_charts(sqlite_store, now, tmp_path, wait_until):
    """The chart counts what the lake holds; names are text, never markup."""
    yesterday = now.day - dt.timedelta(1)
    sqlite_store.put([now, *simulate(yesterday, yesterday, visitors=5)])
    pipeline = Pipeline(sqlite_store, tmp_path / "lake")

    state = export(pipeline, wait_until)

    assert "1 clicks" in state["message"]
    assert f"day={now.day.day:02d}/part-00.parquet" in state["message"]
    assert pipeline.stages["export"]["count"] == pipeline.stages["archive"]["count"] == 1
    assert "Today: 1 clicks by button" in pipeline.charts[0]
    assert "<img" not in "".join(pipeline.charts)


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
