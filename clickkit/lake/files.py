"""The files of a lake, in a local folder or in an S3 bucket: read, list and publish in one step."""

import contextlib
import datetime as dt
import filecmp
import hashlib
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import boto3
import pyarrow as pa
import pyarrow.fs
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from clickkit.address import without_userinfo
from clickkit.errors import LakeError, SettingsError
from clickkit.folder import fsync_folder, lock, locked_folder, make_folder

_CONFIG = Config(connect_timeout=3, read_timeout=60, retries={"mode": "standard", "max_attempts": 4})


class ChangedError(LakeError):
    """Another export has replaced the file since this one looked at it."""


class Files(Protocol):
    """What a lake needs of its files; paths are relative to the lake, with forward slashes."""

    @property
    def url(self) -> str:
        """The URL that `open_files` takes."""

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None when there is no such file."""

    def parts(self, folder: str) -> list[str]:
        """Return the paths of all Parquet files below a folder, sorted."""

    def version(self, path: str) -> str | None:
        """Return what changes whenever the file at a path does; None when there is none."""

    def changed_at(self, path: str) -> dt.datetime:
        """Return when a file changed last (UTC)."""

    def replace(self, path: str, expected: str | None) -> AbstractContextManager[IO[bytes]]:
        """Yield a new file, which takes its path in one atomic and durable step when the block ends.

        An error in the block leaves what was there. So does a file whose version is not the expected one
        any more: `ChangedError`. The same bytes again change nothing.
        """

    def open(self, path: str) -> pa.NativeFile | None:
        """Open a file for reading at any place, or return None when there is no such file."""

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

    def version(self, path: str) -> str | None:
        """Return the file's number, time and size."""
        try:
            found = (self._root / path).stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed(error) from error
        return f"{found.st_ino}-{found.st_mtime_ns}-{found.st_size}"

    def changed_at(self, path: str) -> dt.datetime:
        """Return the file's time."""
        try:
            return dt.datetime.fromtimestamp((self._root / path).stat().st_mtime, dt.UTC)
        except OSError as error:
            raise self._failed(error) from error

    @contextmanager
    def replace(self, path: str, expected: str | None) -> Iterator[IO[bytes]]:
        """Write beside, fsync, rename, fsync the folders; leavings of killed runs are cleared away."""
        target = self._root / path
        try:
            make_folder(target.parent)
            _clear_leavings(target.parent)
            with _beside(target.parent) as (file, beside):
                yield file
                file.flush()
                os.fsync(file.fileno())
                with locked_folder(target.parent):
                    if self.version(path) != expected:
                        raise ChangedError(f"{target} was changed by another export: run this one again")
                    if expected and filecmp.cmp(beside, target, shallow=False):
                        beside.unlink()
                    else:
                        os.replace(beside, target)
                fsync_folder(target.parent)
        except OSError as error:
            raise self._failed(error) from error

    def open(self, path: str) -> pa.NativeFile | None:
        """Open a file for reading."""
        try:
            return pa.OSFile(str(self._root / path))
        except FileNotFoundError:
            return None

    def locate(self, path: str) -> str:
        """Return the path of a file on this machine."""
        return (self._root / path).as_posix()

    def _failed(self, error: Exception) -> LakeError:
        return LakeError(f"lake {self.url} failed: {error}; check the folder, its rights and the disk's room")


@contextmanager
def _beside(folder: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """Yield a new file, locked, which tells it from the leavings; an error removes it."""
    while True:
        path = folder / f"_{uuid.uuid4().hex}.tmp"
        with path.open("xb+") as file, _removed_on_error(path):
            lock(file.fileno())
            if not path.exists():
                continue  # before it had its lock, another export took it for a leaving
            yield file, path
            return


def _clear_leavings(folder: Path) -> None:
    """Remove what killed runs left half-written: files that nobody holds locked."""
    for path in folder.glob("_*.tmp"):
        with contextlib.suppress(OSError), path.open("rb") as file:
            lock(file.fileno(), wait=False)
            path.unlink()


@contextmanager
def _removed_on_error(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


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

    def open(self, path: str) -> pa.NativeFile | None:
        """Open an object for reading."""
        if self.version(path) is None:
            return None
        return self.filesystem.open_input_file(self.locate(path))

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


def _status(error: Exception) -> int | None:
    """Return the HTTP status of a client's error."""
    if not isinstance(error, ClientError):
        return None
    status: int | None = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status


def publish(files: Files, path: str, content: bytes) -> None:
    """Put content at a path, whatever was there."""
    with files.replace(path, files.version(path)) as file:
        file.write(content)


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
