"""The sample's lake, one of odd events, and Spark over both."""

import contextlib

import pytest

from bench.engines import write_sample
from bench.local_spark import local_spark

from .odd_events import write_odd_events


@pytest.fixture(scope="package")
def lakes(tmp_path_factory, naughty_strings):
    """Return the lakes by the names of their views in Spark."""
    sample, odd = tmp_path_factory.mktemp("sample") / "lake", tmp_path_factory.mktemp("odd") / "lake"
    write_sample(sample)
    write_odd_events(odd, naughty_strings)
    return {"sample": sample, "odd": odd}


@pytest.fixture(scope="package")
def spark(lakes, tmp_path_factory, leave_out):
    """Return Spark, with the events of each lake as a view."""
    with contextlib.ExitStack() as stack:
        try:
            session = stack.enter_context(local_spark(tmp_path_factory.mktemp("spark")))
        except RuntimeError as error:
            leave_out(str(error))
        for name, lake in lakes.items():
            session.read.parquet(str(lake / "clicks")).createOrReplaceTempView(name)
        yield session
