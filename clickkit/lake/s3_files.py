"""The files of a lake in an S3 bucket."""

import datetime as dt
import hashlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import botocore.session
import pyarrow as pa
import pyarrow.fs
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from clickkit.aws_session import aws_session
from clickkit.errors import ChangedError, LakeError, SettingsError
from clickkit.lake.layout import MANIFEST

_AWS = re.compile(r"\.amazonaws\.com(\.cn)?$")
_CONFIG = Config(connect_timeout=3, read_timeout=60, retries={"mode": "standard", "max_attempts": 4})


class S3Files:
    """Files below a prefix of an S3 bucket; credentials come from boto3's usual chain."""

    def __init__(self, bucket: str, prefix: str, *, endpoint: str | None, region: str | None) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._endpoint = endpoint
        try:
            self._session = aws_session(region=region)
            self._client = self._session.client("s3", endpoint_url=self._endpoint, config=_CONFIG)
        except (BotoCoreError, ValueError) as error:
            raise SettingsError(
                f"cannot open s3://{bucket}: {error}; check endpoint and AWS_PROFILE"
            ) from error

    @property
    def url(self) -> str:
        """The URL that `open_files` takes, without secrets."""
        options = {"endpoint": self._endpoint, "region": self._session.region_name}
        query = "&".join(f"{name}={value}" for name, value in options.items() if value)
        return f"s3://{self._key('')}".rstrip("/") + (f"?{query}" if query else "")

    def read(self, path: str) -> bytes | None:
        """Return an object's content, or None."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key_in_bucket(path))
            content: bytes = answer["Body"].read()
            return content
        except self._client.exceptions.NoSuchKey:
            return None
        except (BotoCoreError, ClientError) as error:
            raise self._failed(error) from error

    def parts(self, folder: str) -> list[str]:
        """Return the paths of all Parquet objects below a folder, sorted."""
        found = self._below(folder)
        return [path for path in found if path.endswith(".parquet") and path.split("/")[-1][0] not in "._"]

    def manifests(self, folder: str) -> list[str]:
        """Return the paths of all manifests below a folder, sorted."""
        return [path for path in self._below(folder) if path.endswith(f"/{MANIFEST}")]

    def names(self, folder: str) -> list[str]:
        """Return the paths of all objects below a folder, sorted."""
        return self._below(folder)

    def _below(self, folder: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._key_in_bucket(folder) + "/"
        )
        start = len(self._key_in_bucket(""))
        try:
            keys = [entry["Key"][start:] for page in pages for entry in page.get("Contents", [])]
        except (BotoCoreError, ClientError) as error:
            raise self._failed(error) from error
        return sorted(keys)

    def version(self, path: str) -> str | None:
        """Return the object's ETag."""
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=self._key_in_bucket(path))
        except (BotoCoreError, ClientError) as error:
            if _status(error) == 404:
                return None
            raise self._failed(error) from error
        etag: str = found["ETag"]
        return etag

    def changed_at(self, path: str) -> dt.datetime:
        """Return the object's time."""
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=self._key_in_bucket(path))
        except (BotoCoreError, ClientError) as error:
            raise self._failed(error) from error
        changed: dt.datetime = found["LastModified"]
        return changed.astimezone(dt.UTC)

    @contextmanager
    def replace(self, path: str, expected: str | None) -> Iterator[IO[bytes]]:
        """Write to a temporary file, and put it as a whole, on the condition that nobody else did."""
        with tempfile.TemporaryFile() as file:
            yield file
            file.seek(0)
            if expected == f'"{hashlib.file_digest(file, "md5").hexdigest()}"':
                return
            file.seek(0)
            condition = {"IfMatch": expected} if expected else {"IfNoneMatch": "*"}
            try:
                self._client.put_object(
                    Bucket=self._bucket, Key=self._key_in_bucket(path), Body=file, **condition
                )
            except (BotoCoreError, ClientError) as error:
                if _status(error) in (404, 409, 412):
                    raise ChangedError(
                        f"{self.locate(path)} was changed by another export: run this one again"
                    ) from error
                raise self._failed(error) from error

    def clear_leavings(self, folder: str) -> None:
        """Do nothing: an object is put as a whole."""

    def open(self, path: str) -> pa.NativeFile | None:
        """Open an object for reading."""
        if self.version(path) is None:
            return None
        try:
            return self.filesystem.open_input_file(self.locate(path))
        except OSError as error:
            raise self._failed(error) from error

    def locate(self, path: str) -> str:
        """Return bucket and key."""
        return self._key(path)

    @property
    def filesystem(self) -> pyarrow.fs.FileSystem:
        """pyarrow's S3 file system with boto3's credentials, endpoint and certificates."""
        found: str = self._client.meta.endpoint_url
        bundle = botocore.session.get_session().get_config_variable("ca_bundle")
        credentials = self._session.get_credentials()
        frozen: dict[str, Any] = {}
        if credentials is not None:
            keys = credentials.get_frozen_credentials()
            frozen = {
                "access_key": keys.access_key,
                "secret_key": keys.secret_key,
                "session_token": keys.token,
            }
        return pyarrow.fs.S3FileSystem(
            endpoint_override=self._endpoint or (None if _AWS.search(found) else found),
            region=self._session.region_name,
            connect_timeout=3,
            request_timeout=60,
            tls_ca_file_path=bundle or None,
            **frozen,
        )

    def _key_in_bucket(self, path: str) -> str:
        return f"{self._prefix}/{path}" if self._prefix else path

    def _key(self, path: str) -> str:
        return f"{self._bucket}/{self._key_in_bucket(path)}"

    def _failed(self, error: Exception) -> LakeError:
        return LakeError(
            f"lake {self.url} failed: {error}; check the bucket, the endpoint and the credentials"
        )


def _status(error: Exception) -> int | None:
    """Return the HTTP status of a client's error."""
    if not isinstance(error, ClientError):
        return None
    status: int | None = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status
