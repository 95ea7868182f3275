"""DynamoDB's own export of a table to S3, read as if it were the table: for those too large to query.

ExportTableToPointInTime writes a folder `AWSDynamoDB/<export>/` of manifest-summary.json,
manifest-files.json (a line for each data file: name, items, checksum) and data/*.json.gz, lines of
`{"Item": {…}}` in the order of the table's hashes.
"""

import base64
import datetime as dt
import gzip
import hashlib
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from io import BufferedIOBase
from pathlib import Path
from typing import TypeVar

import msgspec
import pyarrow as pa

from clickkit.errors import StoreError
from clickkit.event import partition_key
from clickkit.storage.dynamodb_json import parse_lines
from clickkit.storage.export_files import open_export_files
from clickkit.storage.store import ALL_SHARDS, LedgerDay, partition_keys

_FORMAT = "DYNAMODB_JSON"
_TABLE = "create table items (pk text, sk text, line blob, primary key (sk)) without rowid"
_SCAN = """
select line from items
where sk > ? and sk < ? and pk in (select value from json_each(?)) order by sk
"""
_CACHE = "pragma cache_size = -65536"  # KiB: items come in the order of hashes, not of keys
_BATCH_ROWS = 5_000
_DAMAGES = (sqlite3.Error, OSError, EOFError, ValueError, zlib.error)

Decoded = TypeVar("Decoded")


class _Summary(msgspec.Struct, rename="camel"):
    item_count: int
    output_format: str = _FORMAT
    export_type: str = "FULL_EXPORT"


class _DataFile(msgspec.Struct):
    key: str = msgspec.field(name="dataFileS3Key")
    items: int = msgspec.field(name="itemCount")
    md5: str = msgspec.field(name="md5Checksum")


class _Text(msgspec.Struct):
    value: str = msgspec.field(name="S")


class _Keys(msgspec.Struct):
    pk: _Text
    sk: _Text


class _Line(msgspec.Struct):
    keys: _Keys = msgspec.field(name="Item")


_summary_decoder = msgspec.json.Decoder(_Summary)
_data_file_decoder = msgspec.json.Decoder(_DataFile)
_line_decoder = msgspec.json.Decoder(_Line)


class DynamoDBExport:
    """An export of a table as `export` reads a store, its items sorted once on the temporary disk.

    The disk needs room for the items of the days that are wanted, as JSON; TMPDIR says where. Memory
    holds one batch. The ledger is a table of its own, so it is not in the export: it stays as it is.
    """

    def __init__(self, url: str, *, since: dt.date = dt.date.min, until: dt.date = dt.date.max) -> None:
        """Read the whole export and keep the days from `since` to `until`, both included.

        Raises:
            StoreError: it is incomplete, damaged, of another format, or not of a clickkit table.
            SettingsError: the URL cannot be understood.
        """
        self._files = open_export_files(url)
        self._first, self._last = partition_key(since, 0), partition_key(until, 99)
        self._folder = tempfile.TemporaryDirectory(prefix="clickkit-")
        self._path = Path(self._folder.name) / "items.db"
        try:
            self._days = self._load()
        except _DAMAGES as error:
            self.close()
            raise self._failed(error) from error
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """The folder or URL of the export, without secrets."""
        return self._files.url

    @property
    def days(self) -> list[dt.date]:
        """The UTC days that have events, oldest first."""
        return sorted(map(dt.date.fromisoformat, self._days))

    def scan(
        self, day: dt.date, shard: int | Sequence[int] = ALL_SHARDS, after: str = ""
    ) -> Iterator[pa.RecordBatch]:
        """Yield shards of a day in batches of 5,000 events, oldest first."""
        shards = msgspec.json.encode(partition_keys(day, shard)).decode()
        with closing(sqlite3.connect(self._path, check_same_thread=False)) as reader:
            try:
                cursor = reader.execute(_SCAN, (after or f"{day}T", f"{day}U", shards))
                while rows := cursor.fetchmany(_BATCH_ROWS):
                    yield parse_lines(b"\n".join(line for (line,) in rows))
            except sqlite3.Error as error:
                raise self._failed(error) from error

    def ledger(self) -> list[LedgerDay]:
        """Return nothing: the ledger is not in the export."""
        return []

    def mark_exported(self, lake: str, changes: Mapping[dt.date, int]) -> None:
        """Note nothing: the table's ledger is not here."""

    def close(self) -> None:
        """Remove the sorted items."""
        self._folder.cleanup()

    def _load(self) -> set[str]:
        """Sort the items into a file by their keys and return the days that they have."""
        summary = self._decode(_summary_decoder, "manifest-summary.json", self._read("manifest-summary.json"))
        if (summary.output_format, summary.export_type) != (_FORMAT, "FULL_EXPORT"):
            raise self._failed(f"it is a {summary.export_type} in {summary.output_format}, no {_FORMAT}")
        lines = self._read("manifest-files.json").splitlines()
        data_files = [self._decode(_data_file_decoder, "manifest-files.json", line) for line in lines]
        listed = sum(data_file.items for data_file in data_files)
        if listed != summary.item_count:
            raise self._failed(f"its data files hold {listed} items, not {summary.item_count}")
        days: set[str] = set()
        with closing(sqlite3.connect(self._path, isolation_level=None)) as writer:
            writer.execute("pragma journal_mode = off")
            writer.execute("pragma synchronous = off")
            writer.execute(_CACHE)
            writer.execute(_TABLE)
            for data_file in data_files:
                writer.execute("begin")
                days |= self._load_file(writer, data_file)
                writer.execute("commit")
        return days

    def _load_file(self, writer: sqlite3.Connection, data_file: _DataFile) -> set[str]:
        name = f"data/{data_file.key.rpartition('/')[2]}"
        days: set[str] = set()
        seen = 0
        with self._files.open(name) as file:
            digest = base64.b64encode(hashlib.file_digest(file, "md5").digest()).decode()
            if digest != data_file.md5:
                raise self._failed(f"{name} has the MD5 {digest}, not {data_file.md5}")
            file.seek(0)
            for line in _lines(file):
                keys = self._decode(_line_decoder, name, line).keys
                seen += 1
                try:
                    dt.date.fromisoformat(keys.pk.value.partition("#")[0])
                except ValueError as error:
                    raise self._failed(
                        f"{name} is not that of a clickkit table: it has the key {keys.pk.value!r}"
                    ) from error
                if self._first <= keys.pk.value <= self._last:
                    days.add(keys.pk.value[:10])
                    writer.execute("insert into items values (?, ?, ?)", (keys.pk.value, keys.sk.value, line))
        if seen != data_file.items:
            raise self._failed(f"{name} has {seen} items, not {data_file.items}")
        return days

    def _read(self, name: str) -> bytes:
        with self._files.open(name) as file:
            return file.read()

    def _decode(self, decoder: msgspec.json.Decoder[Decoded], name: str, content: bytes) -> Decoded:
        try:
            return decoder.decode(content)
        except msgspec.DecodeError as error:
            raise self._failed(f"{name} is not that of a clickkit table: {error}") from error

    def _failed(self, reason: object) -> StoreError:
        return StoreError(
            f"DynamoDB's export at {self.url} cannot be read: {reason}; copy it again, or make a new full "
            f"export in {_FORMAT}"
        )


def _lines(file: BufferedIOBase) -> Iterator[bytes]:
    with gzip.open(file) as lines:
        for line in lines:
            if line := line.strip():
                yield line
