"""The daily export as a Lambda function."""

import datetime as dt
import subprocess
import sys

import pytest

from clickkit import SettingsError, StoreError, simulate
from clickkit.lake.files import open_files
from clickkit.lambda_handler import lambda_handler


@pytest.fixture
def configured(store, lake, monkeypatch):
    """Fill a store with today and the three days before, and configure the function by its environment."""
    today = dt.datetime.now(dt.UTC).date()
    store.put(list(simulate(today - dt.timedelta(3), today, visitors=10)))
    monkeypatch.setenv("CLICKKIT_STORE", store.url)
    monkeypatch.setenv("CLICKKIT_LAKE", lake)
    return today


def test_it_exports_today_the_two_days_before_and_what_came_late(configured, lake):
    """A day that got clicks since its last export is taken along once; rows and files are per day."""
    answer = lambda_handler({}, None)
    again = lambda_handler({}, None)

    *recent, late = [str(configured - dt.timedelta(back)) for back in (2, 1, 0, 3)]
    assert [one["day"] for one in answer["days"]] == [*recent, late]
    assert [one["day"] for one in again["days"]] == recent
    assert answer["rows"] == sum(one["rows"] for one in answer["days"]) > 0
    files = [file for one in answer["days"] for file in one["files"]]
    assert sorted(files) == open_files(lake).parts("clicks")


def test_it_exports_one_day_again_with_the_same_result(configured):
    """A retry changes nothing."""
    day = str(configured - dt.timedelta(3))

    first, again = (lambda_handler({"day": day}, None) for _ in range(2))

    assert first == again
    assert [one["day"] for one in first["days"]] == [day]


def test_a_wrong_day_a_missing_variable_and_a_missing_store_fail_loudly(configured, monkeypatch):
    """Lambda counts an error only when one is raised."""
    with pytest.raises(SettingsError, match="not a day"):
        lambda_handler({"day": "soon"}, None)
    monkeypatch.setenv("CLICKKIT_STORE", "sqlite:////nowhere/clicks.db")
    with pytest.raises(StoreError, match="nowhere"):
        lambda_handler({}, None)
    monkeypatch.delenv("CLICKKIT_STORE")
    with pytest.raises(SettingsError, match="CLICKKIT_STORE is not set"):
        lambda_handler({}, None)


def test_its_import_stays_light():
    """A Lambda package has no room for pandas, and a cold start no time for notebooks."""
    program = "import sys, clickkit.lambda_handler; print([m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ["pandas", "duckdb", "altair", "anywidget", "IPython", "scipy", "typer"]

    done = subprocess.run([sys.executable, "-c", program, *heavy], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
