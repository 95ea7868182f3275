"""The files of a lake in a local folder."""

import contextlib
import datetime as dt
import filecmp
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.fs

from clickkit.errors import ChangedError, LakeError
from clickkit.folder import fsync_folder, lock, locked_folder, make_folder
from clickkit.lake.layout import MANIFEST

_LEAVING = "_*.tmp"


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
        return self._below(folder, "[!._]*.parquet")

    def manifests(self, folder: str) -> list[str]:
        """Return the paths of all manifests below a folder, sorted."""
        return self._below(folder, MANIFEST)

    def names(self, folder: str) -> list[str]:
        """Return the paths of all files below a folder, sorted, leavings of killed runs aside."""
        return [
            path
            for path in self._below(folder, "*")
            if (self._root / path).is_file() and not path.endswith(".tmp")
        ]

    def _below(self, folder: str, pattern: str) -> list[str]:
        if self._root.exists() and not self._root.is_dir():
            raise LakeError(f"lake {self.url} is a file: name a folder")
        found = (self._root / folder).rglob(pattern)
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
            for leaving in target.parent.glob(_LEAVING):
                _clear_leaving(leaving)
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

    def clear_leavings(self, folder: str) -> None:
        """Remove leavings; what a run is writing just now stays."""
        for path in self._below(folder, _LEAVING):
            _clear_leaving(self._root / path)

    def open(self, path: str) -> pa.NativeFile | None:
        """Open a file for reading."""
        try:
            return pa.OSFile(str(self._root / path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed(error) from error

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


def _clear_leaving(path: Path) -> None:
    """Remove what a killed run left half-written, a file that nobody holds locked."""
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
