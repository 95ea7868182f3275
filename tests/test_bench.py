"""The load generator counts what really happened."""

from contextlib import ExitStack

import pytest

from bench.load import run_round
from bench.measurement import count_stored
from bench.subjects import start_ours


@pytest.mark.parametrize("batch", [1, 5])
def test_every_acknowledged_click_is_in_the_store_once(tmp_path, batch, run_async):
    """Each click of the bench is valid and has an id of its own, so a faster server stores more."""
    with ExitStack() as servers:
        server = start_ours(servers, tmp_path / "ours", f"sqlite:///{tmp_path}/clicks.db")
        seen = run_async(run_round(server.port, connections=4, batch=batch, seconds=0.5))

    assert seen.errors == 0
    assert seen.acknowledged > 0
    assert seen.acknowledged == count_stored(tmp_path / "clicks.db")


def test_a_round_ends_when_so_many_clicks_are_acknowledged(tmp_path, run_async):
    """The memory run sends a million clicks, however long that takes."""
    with ExitStack() as servers:
        server = start_ours(servers, tmp_path / "ours", f"sqlite:///{tmp_path}/clicks.db")
        seen = run_async(
            run_round(server.port, connections=4, batch=5, seconds=60, warm_seconds=0, clicks=50)
        )

    assert 50 <= seen.acknowledged < 100
