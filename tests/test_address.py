"""What is printed of an address shows no secret."""

import pytest

from clickkit import LakeError, SettingsError, StoreError, connect
from clickkit.address import without_userinfo
from clickkit.lake.files import open_files

ENDPOINT = "endpoint=http://user:p@ss@127.0.0.1:9&region=eu-north-1"


def test_the_userinfo_goes_and_the_rest_stays():
    """An at sign elsewhere is no userinfo."""
    assert without_userinfo("s3://b/x@y?endpoint=http://u:s@h:1&a=b") == "s3://b/x@y?endpoint=http://h:1&a=b"


def test_the_url_of_a_store_and_its_errors_show_no_password():
    """What is printed may be pasted into an issue."""
    store = connect(f"dynamodb://clicks?{ENDPOINT}")

    with pytest.raises(StoreError) as caught:
        store.get(("a", "b"))

    assert store.url == "dynamodb://clicks?endpoint=http://127.0.0.1:9&region=eu-north-1"
    assert "user" not in str(caught.value)


def test_the_url_of_a_lake_and_its_errors_show_no_password():
    """A lake's URL is also its name in the ledger."""
    files = open_files(f"s3://bucket/x?{ENDPOINT}")

    with pytest.raises(LakeError) as caught:
        files.read("a")

    assert files.url == "s3://bucket/x?endpoint=http://127.0.0.1:9&region=eu-north-1"
    assert "user" not in str(caught.value)


@pytest.mark.parametrize("url", ["s3://user:p@ss@bucket/x", f"s3://bucket?acl=1&{ENDPOINT}"])
def test_a_refused_lake_shows_no_password(url):
    """Credentials before a bucket are no part of its name."""
    with pytest.raises(SettingsError, match="names no lake") as caught:
        open_files(url)

    assert "user" not in str(caught.value)


@pytest.mark.parametrize("url", ["dynamodb://user:p@ss@clicks", f"other://clicks?{ENDPOINT}"])
def test_a_refused_store_shows_no_password(url):
    """Credentials before a table are no part of its name."""
    with pytest.raises(SettingsError, match="names no") as caught:
        connect(url)

    assert "user" not in str(caught.value)
