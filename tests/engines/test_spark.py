"""Spark answers every question as DuckDB does."""

import datetime as dt

import pytest

from bench.asked import all_questions, difference
from bench.local_spark import rows_of
from clickkit import read_lake, statement
from clickkit.analysis import experiments, metrics

from .odd_events import EXPERIMENT

QUESTIONS = dict(all_questions())


@pytest.mark.parametrize("events", ["sample", "odd"])
@pytest.mark.parametrize("name", QUESTIONS)
def test_spark_finds_the_same(spark, lakes, name, events):
    """On the notebooks' sample, and on events that are hardly ever sent; `bench.engines` has 1,000,000."""
    expected = QUESTIONS[name](read_lake(lakes[events])).fetchall()

    found = rows_of(spark.sql(statement(QUESTIONS[name], "spark", table=events)))

    assert difference(found, expected) is None
    assert expected or events == "odd"


def test_spark_reads_the_days_asked_for_only(spark, lakes):
    """The conditions on the partitions reach the files."""
    since, until = dt.date(2026, 10, 30), dt.date(2026, 11, 2)
    expected = metrics.by_button(read_lake(lakes["sample"], since, until)).fetchall()

    frame = spark.sql(statement(metrics.by_button, "spark", table="sample", since=since, until=until))

    assert difference(rows_of(frame), expected) is None
    plan = frame._jdf.queryExecution().executedPlan().toString()
    assert "PartitionFilters: [isnotnull(year" in plan


def test_an_experiment_may_have_any_name(spark, lakes):
    """Its name with dots, spaces and a dollar is one step of a JSON path."""

    def assigned(events):
        return experiments.assignments(events, experiment=EXPERIMENT, several="first")

    expected = sorted(assigned(read_lake(lakes["odd"])).fetchall())

    found = rows_of(spark.sql(statement(assigned, "spark", table="odd")))

    assert difference(sorted(map(tuple, found)), expected) is None
    assert expected
