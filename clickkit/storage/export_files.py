"""The files of a finished export, in a local folder or in an S3 bucket: opened for reading, whole."""

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from io import BufferedIOBase
from pathlib import Path
from typing import Protocol

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from s3transfer.exceptions import RetriesExceededError

from clickkit.address import parse_address, without_userinfo
from clickkit.aws_session import aws_session
from clickkit.errors import SettingsError, StoreError

_CONFIG = Config(connect_timeout=3, read_timeout=60, retries={"mode": "standard", "max_attempts": 4})


class ExportFiles(Protocol):
    """Files by their names, relative to the folder of the export."""

    @property
    def url(self) -> str:
        """The folder or URL, without secrets."""

    def open(self, name: str) -> AbstractContextManager[BufferedIOBase]:
        """Open a file for reading at any place; raise `StoreError` when it cannot be had as a whole."""


def open_export_files(url: str) -> ExportFiles:
    """Open what a folder or `s3://bucket/prefix?region=…&endpoint=…` names; nothing is read yet.

    Raises:
        SettingsError: the URL is of another kind or has an option that does not exist.
    """
    if "://" not in url and url and not url.startswith("s3:"):
        return _Folder(Path(url).absolute())
    address = parse_address(url, "s3")
    if address is None:
        raise SettingsError(
            f"{without_userinfo(url)!r} names no export: write a folder, or "
            "s3://bucket/prefix/AWSDynamoDB/01693685827463-2d8752fd?region=eu-north-1"
        )
    return _Bucket(address.name, address.path, address.endpoint, address.region)


class _Folder:
    """A folder on this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.url = str(root)

    @contextmanager
    def open(self, name: str) -> Iterator[BufferedIOBase]:
        """Open a file."""
        try:
            file = (self._root / name).open("rb")
        except OSError as error:
            raise _missing(name, self.url, error) from error
        with file:
            yield file


class _Bucket:
    """A prefix of an S3 bucket; credentials come from boto3's usual chain."""

    def __init__(self, bucket: str, prefix: str, endpoint: str | None, region: str | None) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self.url = f"s3://{bucket}/{prefix}"
        try:
            self._client = aws_session(region=region).client("s3", endpoint_url=endpoint, config=_CONFIG)
        except (BotoCoreError, ValueError) as error:
            raise SettingsError(f"cannot open {self.url}: {error}; check endpoint and AWS_PROFILE") from error

    @contextmanager
    def open(self, name: str) -> Iterator[BufferedIOBase]:
        """Copy an object to the temporary disk, which a connection that is cut off does not harm."""
        with tempfile.TemporaryFile() as file:
            try:
                self._client.download_fileobj(self._bucket, f"{self._prefix}/{name}".lstrip("/"), file)
            except (BotoCoreError, ClientError, RetriesExceededError) as error:
                raise _missing(name, self.url, error) from error
            file.seek(0)
            yield file


def _missing(name: str, url: str, error: Exception) -> StoreError:
    return StoreError(
        f"cannot read {name} of the export at {url}: {error}; "
        "name the folder AWSDynamoDB/<export>, which has manifest-summary.json in it"
    )
