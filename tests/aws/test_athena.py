"""Athena answers as DuckDB does, where the emulator's, which is DuckDB, understands Trino's words."""

import datetime as dt
import re

import pytest

from bench.asked import all_questions, difference
from bench.engines import write_sample
from clickkit import Athena, SettingsError, read_lake
from clickkit.analysis import funnels, metrics
from clickkit.errors import DeploymentError

QUESTIONS = dict(all_questions())
UNDERSTOOD = (
    "channels.buttons_over_time",
    "metrics.by_button",
    "metrics.by_country",
    "metrics.by_city",
    "metrics.by_device",
    "performance.error_rate",
    "places.count_small",
)


@pytest.fixture(scope="module")
def lake(aws, deploy_stack, tmp_path_factory):
    """Deploy a stack, put the sample's lake into its bucket, and return the lake here."""
    deploy_stack("shop", "--collector", "none")
    lake = tmp_path_factory.mktemp("sample") / "lake"
    write_sample(lake).close()
    for path in lake.rglob("*.parquet"):
        aws.client("s3").upload_file(path, "shop-lake-000000000000-eu-north-1", str(path.relative_to(lake)))
    return lake


@pytest.fixture(scope="module")
def athena(aws, lake):
    """Return the stack's Athena, as a program finds it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in aws.environment.items():
            patch.setenv(name, value)
        yield Athena("shop")


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_athena_finds_the_same(athena, lake, name):
    """Times to the millisecond, as Athena has them."""
    expected = QUESTIONS[name](read_lake(lake)).fetchall()

    answer = athena.ask(QUESTIONS[name])

    assert difference(answer.fetchall(), expected) is None
    assert answer.columns == QUESTIONS[name](read_lake(lake)).columns


def test_it_reads_the_days_asked_for(athena, lake):
    """And says how much that was."""
    said, buttons = [], QUESTIONS["channels.buttons_over_time"]
    expected = buttons(read_lake(lake, "2026-11-01", "2026-11-03")).fetchall()

    answer = athena.ask(buttons, since=dt.date(2026, 11, 1), until=dt.date(2026, 11, 3), say=said.append)

    assert answer.fetchall() == expected
    assert {row[0].day for row in expected} == {1, 2, 3}
    assert re.fullmatch(r"Athena read [0-9.]+ MB in [0-9.]+ s", *said)


def test_an_answer_without_rows_has_its_columns(athena):
    """With their types."""
    answer = athena.ask(lambda events: metrics.by_button(events.filter("event = 'nothing'")))

    assert answer.fetchall() == []
    assert list(zip(answer.columns, map(str, answer.types), strict=True)) == [
        *[("button", "VARCHAR"), ("clicks", "BIGINT"), ("visitors", "BIGINT"), ("share", "DOUBLE")]
    ]


def test_an_answer_of_many_pages_is_whole(athena, lake):
    """Athena gives a thousand rows at once."""
    answer = athena.ask(lambda events: events.project("id, event, timestamp"))

    assert sorted(answer.fetchall()) == sorted(read_lake(lake).project("id, event, timestamp").fetchall())


def test_what_athena_refuses_is_told_with_its_reason(athena, aws, lake, project):
    """What DuckDB would not find: a function that the engine lacks; and a stack that is not there."""
    with pytest.raises(DeploymentError, match=r"Athena has failed the question .*to_unixtime"):
        athena.ask(lambda events: funnels.funnel(events, {"any": "true", "paid": "button = 'Pay'"}))
    with pytest.raises(SettingsError, match="no funnel by"):
        athena.ask(lambda events: funnels.funnel(events, {"any": "true"}, by="nobody"))
    with pytest.raises(DeploymentError, match="there is no stack nobody in this region"):
        Athena("nobody").ask(metrics.totals)


def test_the_command_line_asks_it(aws, project, lake):
    """The same table as from the lake."""
    here = aws.clickkit(project, "ask", "metrics.by_button", "--lake", str(lake))
    there = aws.clickkit(project, "ask", "metrics.by_button", "--engine", "athena", "--stack", "shop")

    assert (there.returncode, there.stdout) == (0, here.stdout)
    assert there.stderr.startswith("Athena read ")
