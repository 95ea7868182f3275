"""The files of a lake, in a local folder or in an S3 bucket: read, list and publish in one step."""

import contextlib
import os
import uuid
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import boto3
import pyarrow.fs
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from clickkit.address import without_userinfo
from clickkit.errors import LakeError, SettingsError
from clickkit.folder import fsync_folder, make_folder

_CONFIG = Config(connect_timeout=3, read_timeout=60, retries={"mode": "standard", "max_attempts": 4})


class Files(Protocol):
    """What a lake needs of its files; paths are relative to the lake, with forward slashes."""

    @property
    def url(self) -> str:
        """The URL that `open_files` takes."""

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None when there is no such file."""

    def parts(self, folder: str) -> list[str]:
        """Return the paths of all Parquet files below a folder, sorted."""

    def publish(self, path: str, content: bytes) -> None:
        """Put content at a path in one atomic and durable step: readers see the old or the new."""

    def locate(self, path: str) -> str:
        """Return the path as `filesystem` wants it."""

    @property
    def filesystem(self) -> pyarrow.fs.FileSystem:
        """The pyarrow file system that reads them."""


class LocalFiles:
    """Files in a local folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.filesystem = pyarrow.fs.LocalFileSystem()

    @property
    def url(self) -> str:
        """The folder."""
        return str(self._root)

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None."""
        try:
            return (self._root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._failed(error) from error

    def parts(self, folder: str) -> list[str]:
        """Return the paths of all Parquet files below a folder, sorted."""
        if self._root.exists() and not self._root.is_dir():
            raise LakeError(f"lake {self.url} is a file: name a folder")
        found = (self._root / folder).rglob("[!._]*.parquet")
        return sorted(path.relative_to(self._root).as_posix() for path in found)

    def publish(self, path: str, content: bytes) -> None:
        """Write beside, fsync, rename, fsync the folders."""
        target = self._root / path
        beside = target.with_name(f"_{uuid.uuid4().hex}.tmp")
        try:
            make_folder(target.parent)
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, target)
            fsync_folder(target.parent)
        except OSError as error:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise self._failed(error) from error

    def locate(self, path: str) -> str:
        """Return the path of a file on this machine."""
        return (self._root / path).as_posix()

    def _failed(self, error: Exception) -> LakeError:
        return LakeError(f"lake {self.url} failed: {error}; check the folder, its rights and the disk's room")


class S3Files:
    """Files below a prefix of an S3 bucket; credentials come from boto3's usual chain."""

    def __init__(self, bucket: str, prefix: str, *, endpoint: str | None, region: str | None) -> None:
        self._bucket = bucket
        self._prefix = prefix.strip("/")
        self._endpoint = endpoint and without_userinfo(endpoint)
        try:
            self._session = boto3.Session(region_name=region)
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
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._key_in_bucket(folder) + "/"
        )
        start = len(self._key_in_bucket(""))
        try:
            keys = [entry["Key"][start:] for page in pages for entry in page.get("Contents", [])]
        except (BotoCoreError, ClientError) as error:
            raise self._failed(error) from error
        return sorted(key for key in keys if key.endswith(".parquet") and key.split("/")[-1][0] not in "._")

    def publish(self, path: str, content: bytes) -> None:
        """Put the object: S3 shows the old one or the new one, never a part of it."""
        try:
            self._client.put_object(Bucket=self._bucket, Key=self._key_in_bucket(path), Body=content)
        except (BotoCoreError, ClientError) as error:
            raise self._failed(error) from error

    def locate(self, path: str) -> str:
        """Return bucket and key."""
        return self._key(path)

    @property
    def filesystem(self) -> pyarrow.fs.FileSystem:
        """pyarrow's S3 file system with the same credentials."""
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
            endpoint_override=self._endpoint,
            region=self._session.region_name,
            connect_timeout=3,
            request_timeout=60,
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


def open_files(url: str | os.PathLike[str]) -> Files:
    """Open the files of the lake that a path or URL names; nothing is read or made yet.

    `data/lake` is a local folder. `s3://bucket/prefix` is a bucket; `?region=` and `?endpoint=`
    replace boto3's own. Credentials do not belong into a URL: an endpoint's are passed over.

    Raises:
        SettingsError: the URL is of another kind or has an option that does not exist.
    """
    text = os.fspath(url)
    parts = urlsplit(text)
    if text and "://" not in text and not text.startswith(("s3:", "s3//")):
        return LocalFiles(Path(text).absolute())
    options = dict(parse_qsl(parts.query))
    endpoint, region = options.pop("endpoint", None), options.pop("region", None)
    if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc or options:
        raise SettingsError(
            f"{without_userinfo(text)!r} names no lake: write a folder (data/lake) or "
            "s3://bucket/prefix?region=eu-north-1&endpoint=http://127.0.0.1:8333"
        )
    return S3Files(parts.netloc, parts.path, endpoint=endpoint, region=region)
