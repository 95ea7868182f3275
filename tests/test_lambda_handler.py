"""The daily export as a Lambda function."""

import datetime as dt
import subprocess
import sys

import pytest

from clickkit import SettingsError, StoreError, simulate
from clickkit.lake.files import open_files
from clickkit.lambda_handler import lambda_handler


class Call:
    """What Lambda says of a call: it says the given remaining times one after another, the last for ever."""

    def __init__(self, *milliseconds):
        self._milliseconds = list(milliseconds) or [900_000]

    def get_remaining_time_in_millis(self):
        """Return the milliseconds until Lambda ends the call."""
        return self._milliseconds.pop(0) if len(self._milliseconds) > 1 else self._milliseconds[0]


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
    answer = lambda_handler({}, Call())
    again = lambda_handler({}, Call())

    *recent, late = [str(configured - dt.timedelta(back)) for back in (2, 1, 0, 3)]
    assert [one["day"] for one in answer["days"]] == [*recent, late]
    assert [one["day"] for one in again["days"]] == recent
    assert answer["rows"] == sum(one["rows"] for one in answer["days"]) > 0
    files = [file for one in answer["days"] for file in one["files"]]
    assert sorted(files) == open_files(lake).parts("clicks")


def test_it_exports_one_day_again_with_the_same_result(configured):
    """A retry changes nothing."""
    day = str(configured - dt.timedelta(3))

    first, again = (lambda_handler({"day": day}, Call()) for _ in range(2))

    assert first == again
    assert [one["day"] for one in first["days"]] == [day]


def test_it_begins_no_day_before_its_deadline_and_the_next_call_goes_on(configured):
    """Killed in the middle of a day it would have nothing to say; what is left comes first next time."""
    *recent, late = [str(configured - dt.timedelta(back)) for back in (2, 1, 0, 3)]

    answer = lambda_handler({}, Call(900_000, 900_000, 60_000, 59_999))
    again = lambda_handler({}, Call(900_000, 800_000, 700_000, 59_999))
    last = lambda_handler({}, Call(900_000))

    assert ([one["day"] for one in answer["days"]], answer["left"]) == (recent[:2], [recent[2], late])
    assert ([one["day"] for one in again["days"]], again["left"]) == ([recent[2], late], recent[:2])
    assert ([one["day"] for one in last["days"]], last["left"]) == (recent, [])
    assert answer["rows"] == sum(one["rows"] for one in answer["days"]) > 0


def test_a_short_call_keeps_a_fifth_of_its_time(configured):
    """A function with a timeout of 10 seconds would never begin if it kept a whole minute."""
    answer = lambda_handler({}, Call(10_000, 10_000, 2_000, 1_999))

    assert [len(answer["days"]), len(answer["left"])] == [2, 2]


def test_a_wrong_day_a_missing_variable_and_a_missing_store_fail_loudly(configured, monkeypatch):
    """Lambda counts an error only when one is raised."""
    with pytest.raises(SettingsError, match="not a day"):
        lambda_handler({"day": "soon"}, Call())
    monkeypatch.setenv("CLICKKIT_STORE", "sqlite:////nowhere/clicks.db")
    with pytest.raises(StoreError, match="nowhere"):
        lambda_handler({}, Call())
    monkeypatch.delenv("CLICKKIT_STORE")
    with pytest.raises(SettingsError, match="CLICKKIT_STORE is not set"):
        lambda_handler({}, Call())


def test_its_import_stays_light():
    """A Lambda package has no room for pandas, and a cold start no time for notebooks."""
    program = "import sys, clickkit.lambda_handler; print([m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ["pandas", "duckdb", "altair", "anywidget", "IPython", "scipy", "typer"]

    done = subprocess.run([sys.executable, "-c", program, *heavy], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
