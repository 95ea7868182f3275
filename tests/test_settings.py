"""Where the store and the lake are when nobody says so."""

import datetime as dt

import pytest

from clickkit import SettingsError
from clickkit.settings import Settings, find_home, parse_day

TODAY = dt.date(2026, 11, 23)


def test_the_environment_wins(tmp_path):
    """An operator sets variables."""
    found = Settings.from_env(
        {
            "CLICKKIT_STORE": "dynamodb://t",
            "CLICKKIT_LAKE": "s3://b",
            "CLICKKIT_DAY": "today",
            "CLICKKIT_PUBLIC_URL": "https://talk.example",
            "CLICKKIT_PLACE_FROM": "cloudfront,timezone",
        },
        tmp_path,
    )

    assert (found.store, found.lake, found.day) == ("dynamodb://t", "s3://b", "today")
    assert found.public_url == "https://talk.example"
    assert found.place_from == "cloudfront,timezone"


def test_else_the_projects_data_folder_is_used_from_anywhere_in_it(tmp_path):
    """A notebook in notebooks/ and a command in the project's folder mean the same store."""
    for folder in ("notebooks/deep", "dashboards"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "dashboards" / "tracker.ipynb").touch()

    for folder in (tmp_path, tmp_path / "notebooks", tmp_path / "notebooks" / "deep"):
        found = Settings.from_env({}, folder)
        assert found.store == f"sqlite:///{tmp_path}/data/clicks.db"
        assert found.lake == f"{tmp_path}/data/lake"
        assert found.day == "yesterday"
        assert found.public_url == ""
        assert found.place_from == "timezone"


def test_outside_a_project_the_folder_itself_is_home(tmp_path):
    """Nothing is guessed."""
    assert find_home(tmp_path) == tmp_path


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", TODAY),
        ("yesterday", dt.date(2026, 11, 22)),
        ("7 days ago", dt.date(2026, 11, 16)),
        ("1 day ago", dt.date(2026, 11, 22)),
        ("2024-02-29", dt.date(2024, 2, 29)),
    ],
)
def test_days_in_words(text, day):
    """Schedules say yesterday."""
    assert parse_day(text, TODAY) == day


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2023-02-29", "99999 days ago ago", "-1 days ago", "99999 days ago" + "9"]
)
def test_other_words_are_refused(text):
    """The message shows the forms."""
    with pytest.raises(SettingsError, match="is not a day"):
        parse_day(text, TODAY)
