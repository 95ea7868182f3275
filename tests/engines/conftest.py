"""A lake, and Spark over it."""

import contextlib

import pytest

from bench.engines import FIRST, LAST, write_sample
from bench.local_spark import local_spark
from clickkit import export

from .odd_events import odd_events


@pytest.fixture(scope="module")
def lake(tmp_path_factory, naughty_strings):
    """Return a lake of the notebooks' sample, with odd events among its days."""
    lake = tmp_path_factory.mktemp("sample") / "lake"
    store = write_sample(lake)
    store.put(list(odd_events(naughty_strings)))
    export(store, lake, FIRST, LAST)
    store.close()
    return lake


@pytest.fixture(scope="module")
def spark(lake, tmp_path_factory, leave_out):
    """Return Spark, with the lake's events as a view."""
    with contextlib.ExitStack() as stack:
        try:
            session = stack.enter_context(local_spark(tmp_path_factory.mktemp("spark")))
        except RuntimeError as error:
            leave_out(str(error))
        session.read.parquet(str(lake / "clicks")).createOrReplaceTempView("events")
        yield session
