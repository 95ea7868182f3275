"""A metric becomes one statement, or an error that says why not."""

import datetime as dt

import pytest
import sqlglot

from clickkit import SettingsError, statement
from clickkit.analysis import comparisons, experiments, metrics
from clickkit.analysis.conversion import conversion


def test_a_comparison_of_outcomes_is_refused():
    """It takes a table, which an engine can give."""

    def compared(events):
        found = experiments.outcomes(events, experiment="checkout", goal="button = 'Pay'")
        return comparisons.rates(found, control="control")

    with pytest.raises(SettingsError, match="ask the engine for the table that it needs, such as outcomes"):
        statement(compared, "trino")


def test_mistakes_are_found_before_an_engine_is_asked():
    """DuckDB knows the columns of a lake."""
    with pytest.raises(SettingsError, match="nocolumn"):
        statement(lambda events: conversion(events, converted="nocolumn = 1"), "trino")


def test_an_unknown_dialect_is_refused():
    """The message names those that there are."""
    with pytest.raises(SettingsError, match="no dialect 'oracle': choose from spark, trino"):
        statement(metrics.by_button, "oracle")


def test_days_are_conditions_on_the_partitions():
    """Each column has its own, so that an engine passes over years, then months, then days."""
    made = statement(metrics.totals, "trino", since=dt.date(2026, 11, 3), until=dt.date(2027, 1, 2))

    (chosen,) = sqlglot.parse_one(made, dialect="trino").ctes[0].this.find_all(sqlglot.exp.Where)

    text = chosen.sql("duckdb").replace('"events_of_the_lake".', "").replace('"', "")
    assert "year >= 2026 AND (year > 2026 OR month > 11 OR (month = 11 AND day >= 3))" in text
    assert "year <= 2027 AND (year < 2027 OR month < 1 OR (month = 1 AND day <= 2))" in text


def test_the_table_has_the_name_that_the_engine_gives_it():
    """A database with a hyphen is quoted; a column `events` stays."""
    made = sqlglot.parse_one(statement(metrics.by_source, "trino", table='"my-shop".events'), dialect="trino")
    common = {one.alias for one in made.find_all(sqlglot.exp.CTE)}

    tables = [table for table in made.find_all(sqlglot.exp.Table) if table.name not in common]
    assert [(table.db, table.name) for table in tables] == [("my-shop", "events")]
    assert made.named_selects == ["source", "events", "clicks"]


def test_names_of_common_tables_are_never_used_twice():
    """DuckDB's may hide one another, Spark's and Trino's may not."""
    made = statement(lambda events: metrics.by_button(metrics.of_sources(events, ["simulated"])), "spark")

    names = [table.alias for table in sqlglot.parse_one(made, dialect="spark").find_all(sqlglot.exp.CTE)]

    assert len(names) == len(set(names)) > 1
