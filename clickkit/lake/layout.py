"""Where things lie in a lake: partitions by UTC day, parts, and the manifest beside them.

    clicks/year=2026/month=11/day=23/part-00.parquet
    clicks/year=2026/month=11/day=23/_manifest.json
    clicks/_lake.json                                   into how many parts days are cut
    _receipts/20261127T103000Z-1a2b3c4d.json            what an erasure took away

Names that begin with an underscore are passed over by DuckDB's globs, pyarrow, Spark and Athena.
"""

import datetime as dt
import re

import msgspec
import pyarrow as pa

from clickkit.errors import LakeError, SettingsError

ROOT = "clicks"
MANIFEST = "_manifest.json"
LAKE = f"{ROOT}/_lake.json"

Day = dt.date | str
"""A UTC day: a `datetime.date`, or text such as `2026-11-23`."""


class Part(msgspec.Struct, frozen=True):
    """One Parquet file of a partition: its name, its size in bytes, and the SHA-256 of its content."""

    name: str
    rows: int
    bytes: int
    sha256: str


class Lake(msgspec.Struct, frozen=True):
    """What holds for a whole lake: into how many parts each of its days is cut."""

    parts: int = 1


class Manifest(msgspec.Struct, frozen=True):
    """What a partition consists of; `columns` maps each column to its Arrow type."""

    day: dt.date
    rows: int
    parts: list[Part]
    columns: dict[str, str]


def as_day(value: Day) -> dt.date:
    """Return a day given as a date, a datetime (its UTC day), or text in the form 2026-11-23.

    Raises:
        SettingsError: the text is no such date.
    """
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).date() if value.tzinfo else value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{value!r} is not a day: write it as 2026-11-23") from error


def days_between(since: Day, until: Day) -> list[dt.date]:
    """Return every day from `since` to `until`, both included.

    Raises:
        SettingsError: `until` lies before `since`.
    """
    first, last = as_day(since), as_day(until)
    if last < first:
        raise SettingsError(f"until ({last}) lies before since ({first}): choose an earlier since")
    return [first + dt.timedelta(days=offset) for offset in range((last - first).days + 1)]


def part_name(number: int) -> str:
    """Return the file name of a part."""
    return f"part-{number:02d}.parquet"


def partition(day: dt.date) -> str:
    """Return the folder of a day within the lake."""
    return f"{ROOT}/year={day.year:04d}/month={day.month:02d}/day={day.day:02d}"


def day_of(path: str) -> dt.date | None:
    """Return the day that a path within the lake belongs to, or None."""
    found = re.search(r"year=(\d{4})/month=(\d\d)/day=(\d\d)/", path)
    try:
        return dt.date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def encode_manifest(manifest: Manifest) -> bytes:
    """Encode a manifest as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def manifest_of(day: dt.date, parts: list[Part], schema: pa.Schema) -> Manifest:
    """Return the manifest of a day's parts."""
    columns = {field.name: str(field.type) for field in schema}
    return Manifest(day, sum(part.rows for part in parts), parts, columns)


def decode_manifest(content: bytes, path: str) -> Manifest:
    """Decode the manifest that stands at a path.

    Raises:
        LakeError: it is none.
    """
    try:
        return msgspec.json.decode(content, type=Manifest)
    except msgspec.DecodeError as error:
        raise LakeError(f"{path} is damaged: {error}; export its day again") from error


def decode_lake(content: bytes) -> Lake:
    """Decode what holds for a whole lake.

    Raises:
        LakeError: it is damaged.
    """
    try:
        return msgspec.json.decode(content, type=Lake)
    except msgspec.DecodeError as error:
        raise LakeError(
            f'{LAKE} is damaged: {error}; write {{"parts":N}} there, with the number of parts of a day'
        ) from error
