"""The files of a lake, in a local folder or in an S3 bucket: read, list and publish in one step."""

import datetime as dt
import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Protocol

import pyarrow as pa
import pyarrow.fs

from clickkit.address import parse_address, without_userinfo
from clickkit.errors import LakeError, SettingsError
from clickkit.lake.layout import ROOT, day_of
from clickkit.lake.local_files import LocalFiles
from clickkit.lake.s3_files import S3Files


class Files(Protocol):
    """What a lake needs of its files; paths are relative to the lake, with forward slashes."""

    @property
    def url(self) -> str:
        """The URL that `open_files` takes."""

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None when there is no such file."""

    def parts(self, folder: str) -> list[str]:
        """Return the paths of all Parquet files below a folder, sorted."""

    def manifests(self, folder: str) -> list[str]:
        """Return the paths of all manifests below a folder, sorted."""

    def names(self, folder: str) -> list[str]:
        """Return the paths of all files below a folder, sorted."""

    def version(self, path: str) -> str | None:
        """Return what changes whenever the file at a path does; None when there is none."""

    def changed_at(self, path: str) -> dt.datetime:
        """Return when a file changed last (UTC)."""

    def replace(self, path: str, expected: str | None) -> AbstractContextManager[IO[bytes]]:
        """Yield a new file, which takes its path in one atomic and durable step when the block ends.

        An error in the block leaves what was there. So does a file whose version is not the expected one
        any more: `ChangedError`. The same bytes again change nothing.
        """

    def clear_leavings(self, folder: str) -> None:
        """Remove what killed runs left half-written below a folder."""

    def open(self, path: str) -> pa.NativeFile | None:
        """Open a file for reading at any place, or return None when there is no such file."""

    def locate(self, path: str) -> str:
        """Return the path as `filesystem` wants it."""

    @property
    def filesystem(self) -> pyarrow.fs.FileSystem:
        """The pyarrow file system that reads them."""


def parts_by_day(files: Files) -> dict[dt.date, list[str]]:
    """Return the Parquet files of every day of a lake, the oldest day first.

    Raises:
        LakeError: there is no such lake, or it cannot be read.
    """
    found: dict[dt.date, list[str]] = {}
    for path in files.parts(ROOT):
        if day := day_of(path):
            found.setdefault(day, []).append(path)
    if not found:
        raise LakeError(f"no lake at {files.url}: check the path, or write one first with: clickkit export")
    return dict(sorted(found.items()))


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
    if text and "://" not in text and not text.startswith(("s3:", "s3//")):
        return LocalFiles(Path(text).absolute())
    address = parse_address(text, "s3")
    if address is None:
        raise SettingsError(
            f"{without_userinfo(text)!r} names no lake: write a folder (data/lake) or "
            "s3://bucket/prefix?region=eu-north-1&endpoint=http://127.0.0.1:8333"
        )
    return S3Files(address.name, address.path, endpoint=address.endpoint, region=address.region)
