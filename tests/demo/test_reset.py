"""Beginning anew."""

import datetime as dt
from pathlib import Path

import pytest
from msgspec.structs import replace

from clickkit import SettingsError, connect
from clickkit.demo.reset import put_aside
from clickkit.demo.show import LOOPBACK_STORE, Show

NOW = dt.datetime(2026, 11, 26, 10, 50, 9, tzinfo=dt.UTC)
ENDING = ".before-20261126T105009Z"


@pytest.fixture
def show(project, tmp_path, find_port):
    """Return a show with a store of one click, a lake and a spool in a folder of its own."""
    data = tmp_path / "data"
    for name in ("lake", "spool", "runs"):
        (data / name).mkdir(parents=True)
    return Show(
        home=project,
        data=data,
        store=f"sqlite:///{data / 'clicks.db'}",
        lake=str(data / "lake"),
        environment={},
        collector_port=find_port(),
    )


def test_everything_is_put_aside_and_can_still_be_read(show, make_event):
    """Store, lake and the show's folders have another name; the clicks are in there."""
    store = connect(show.store)
    store.put([make_event()])

    moved = put_aside(show, NOW)

    assert {path.name for path in moved} == {
        f"{name}{ENDING}" for name in ("spool", "runs", "clicks.db", "lake")
    }
    assert all(ENDING in path.name for path in show.data.iterdir())
    store.close()
    kept = connect(show.store + ENDING)
    assert sum(batch.num_rows for batch in kept.scan(make_event().day)) == 1
    kept.close()


def test_a_show_on_dynamodb_leaves_the_other_stores_data_alone(show):
    """Its tables and objects lie in a folder of their own."""
    (show.data / "loopback").mkdir()
    other = Show(
        home=show.home,
        data=show.data,
        store=LOOPBACK_STORE,
        lake=show.lake,
        environment={},
        collector_port=show.collector_port,
    )

    assert {path.name for path in put_aside(other, NOW)} == {
        f"{name}{ENDING}" for name in ("spool", "runs", "loopback")
    }
    assert Path(show.lake).is_dir()


def test_a_wrong_folder_and_a_running_collector_move_nothing(show, serve, sqlite_store):
    """The clicks that it acknowledges would go into the file that was put aside."""
    wrong = replace(show, home=show.data)
    with pytest.raises(SettingsError, match=r"no tracker\.ipynb in .*: run the demo in"), wrong.reserved():
        put_aside(wrong, NOW)
    with show.reserved(), pytest.raises(SettingsError, match="a show runs with the data in"), show.reserved():
        put_aside(show, NOW)

    port = int(serve(sqlite_store.url).url.rpartition(":")[2])
    running = Show(
        home=show.home, data=show.data, store=show.store, lake=show.lake, environment={}, collector_port=port
    )
    with pytest.raises(SettingsError, match="a collector answers at .*: end the show"):
        put_aside(running, NOW)
    assert sorted(path.name for path in show.data.iterdir()) == ["lake", "runs", "spool", "stage"]
