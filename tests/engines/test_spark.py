"""Spark answers every question as DuckDB does."""

import datetime as dt

import pytest

from bench.asked import all_questions, difference
from bench.local_spark import rows_of
from clickkit import read_lake, statement
from clickkit.analysis import experiments, metrics

from .odd_events import EXPERIMENT

QUESTIONS = dict(all_questions())


@pytest.mark.parametrize("name", QUESTIONS)
def test_spark_finds_the_same(spark, lake, name):
    """On the notebooks' sample with odd events among them; `bench.engines` has 1,000,000 of the sample."""
    expected = QUESTIONS[name](read_lake(lake)).fetchall()

    found = rows_of(spark.sql(statement(QUESTIONS[name], "spark")))

    assert difference(found, expected) is None
    assert expected


def test_spark_reads_the_days_asked_for_only(spark, lake):
    """The conditions on the partitions reach the files."""
    since, until = dt.date(2026, 10, 30), dt.date(2026, 11, 2)
    expected = metrics.by_button(read_lake(lake, since, until)).fetchall()

    frame = spark.sql(statement(metrics.by_button, "spark", since=since, until=until))

    assert difference(rows_of(frame), expected) is None
    plan = frame._jdf.queryExecution().executedPlan().toString()
    assert "PartitionFilters: [isnotnull(year" in plan


def test_an_experiment_may_have_any_name(spark, lake):
    """Its name with dots, spaces and a dollar is one step of a JSON path."""

    def assigned(events):
        return experiments.assignments(events, experiment=EXPERIMENT, several="first")

    expected = sorted(assigned(read_lake(lake)).fetchall())

    found = rows_of(spark.sql(statement(assigned, "spark")))

    assert difference(sorted(map(tuple, found)), expected) is None
    assert expected
