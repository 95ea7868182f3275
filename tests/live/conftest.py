"""Time enough for each reading."""

import pytest


@pytest.fixture(autouse=True)
def _enough_time(monkeypatch):
    """Let a reading end by itself, however slow this machine is."""
    monkeypatch.setattr("clickkit.live.reader.SLICE_SECONDS", 60)
