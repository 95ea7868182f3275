"""A URL names a store, or says why it does not."""

from pathlib import Path

import pytest

from clickkit import SettingsError, connect
from clickkit.storage.dynamodb import DynamoDBStore
from clickkit.storage.sqlite import SqliteStore


def test_three_slashes_are_relative_and_four_absolute(tmp_path, monkeypatch):
    """As every other program with SQLite URLs has it; the store keeps its file when the folder changes."""
    monkeypatch.chdir(tmp_path)

    assert connect("sqlite:///x.db").url == f"sqlite:///{tmp_path / 'x.db'}"
    assert connect("sqlite:////var/clicks.db").url == f"sqlite:///{Path('/var/clicks.db')}"
    assert isinstance(connect("sqlite:///x.db"), SqliteStore)


def test_a_dynamodb_url_names_table_endpoint_and_region():
    """The URL comes back without credentials."""
    store = connect("dynamodb://clicks?endpoint=http://127.0.0.1:8000&region=eu-north-1")

    assert isinstance(store, DynamoDBStore)
    assert store.url == "dynamodb://clicks?endpoint=http://127.0.0.1:8000&region=eu-north-1"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "clicks.db",
        "sqlite:///",
        "sqlite://x.db",
        "sqlite:///x.db?endpoint=http://h",
        "postgres://x",
        "dynamodb://",
        "dynamodb://t?shards=4",
    ],
)
def test_another_url_is_refused_with_the_forms_that_work(url):
    """A typing error is answered with an example."""
    with pytest.raises(SettingsError, match="sqlite:///data/clicks.db"):
        connect(url)
