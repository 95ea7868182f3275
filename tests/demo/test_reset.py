"""Beginning anew."""

import datetime as dt

from clickkit import connect
from clickkit.demo.reset import put_aside

NOW = dt.datetime(2026, 11, 26, 10, 50, 9, tzinfo=dt.UTC)


def test_everything_is_put_aside_and_can_still_be_read(tmp_path, make_event):
    """Store, lake and the show's folders have another name; the clicks are in there."""
    data, lake = tmp_path / "data", tmp_path / "data" / "lake"
    for folder in (lake, data / "spool", data / "runs"):
        folder.mkdir(parents=True)
    url = f"sqlite:///{data / 'clicks.db'}"
    store = connect(url)
    store.put([make_event()])

    moved = put_aside(url, str(lake), data, NOW)

    names = {path.name for path in moved}
    assert names == {f"{name}.before-20261126T105009Z" for name in ("spool", "runs", "clicks.db", "lake")}
    assert {path.name.partition(".before")[0] for path in data.iterdir()} == {
        "spool",
        "runs",
        "clicks.db",
        "lake",
    }
    store.close()
    kept = connect(f"sqlite:///{data / 'clicks.db.before-20261126T105009Z'}")
    assert sum(batch.num_rows for batch in kept.scan(make_event().day)) == 1
    kept.close()


def test_what_is_not_there_or_not_here_is_left_alone(tmp_path):
    """A table and a bucket are not touched, and an empty folder stays empty."""
    assert put_aside("dynamodb://clicks", "s3://lake", tmp_path, NOW) == []
