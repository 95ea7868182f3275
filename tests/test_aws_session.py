"""Sessions that share what was read of AWS's services, and nothing else."""

import botocore.loaders
import pytest
from botocore.exceptions import ProfileNotFound

from clickkit.aws_session import aws_session


def test_a_service_is_described_once(monkeypatch):
    """The second session's client reads no file of botocore's, and asks the same."""
    first = aws_session(region="eu-north-1").client("s3")
    monkeypatch.setattr(botocore.loaders.JSONFileLoader, "load_file", lambda *_: None)

    second = aws_session(region="us-east-1").client("s3")

    assert second.meta.service_model.operation_names == first.meta.service_model.operation_names
    assert (first.meta.region_name, second.meta.region_name) == ("eu-north-1", "us-east-1")


def test_credentials_are_each_sessions_own(monkeypatch):
    """Of the environment at its time."""
    keys = []
    for key in ("one", "other"):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        keys.append(aws_session().get_credentials().access_key)

    assert keys == ["one", "other"]


def test_a_folder_of_ones_own_descriptions_is_looked_into(monkeypatch, tmp_path):
    """Such as for an endpoint that botocore does not know."""
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))

    places = aws_session()._session.get_component("data_loader").search_paths

    assert places[0] == str(tmp_path)
    assert len(places) > 1


def test_however_many_there_are_the_places_to_look_are_as_many():
    """A process that runs for months opens many."""
    places = [aws_session(region="eu-north-1")._session.get_component("data_loader").search_paths]
    places.append(aws_session(region="eu-north-1")._session.get_component("data_loader").search_paths)

    assert places[0] == places[1]


def test_a_profile_that_is_not_there_is_said(monkeypatch):
    """As boto3 says it."""
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(ProfileNotFound, match="nobody"):
        aws_session()
