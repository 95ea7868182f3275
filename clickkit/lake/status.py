"""What a lake holds, from its manifests."""

import datetime as dt
import hashlib
import os

import msgspec
import pyarrow as pa

from clickkit.errors import LakeError
from clickkit.lake.files import Files, open_files, parts_by_day
from clickkit.lake.layout import MANIFEST, ROOT, Manifest, day_of, days_between, decode_manifest, partition
from clickkit.lake.schemas import one_schema


class LakeStatus(msgspec.Struct, frozen=True):
    """The days, rows and bytes of a lake, the days missing between its first and its last, and its digest.

    `last_export` is when a manifest last changed. `digest` is the SHA-256 of all manifests in the order of
    their days: two lakes with the same digest hold the same bytes.
    """

    first: dt.date
    last: dt.date
    days: int
    gaps: list[dt.date]
    rows: int
    bytes: int
    last_export: dt.datetime
    digest: str


class PartitionStatus(msgspec.Struct, frozen=True):
    """One day of a lake: its folder, what its manifest says, and the schema of its Parquet files."""

    folder: str
    manifest: Manifest
    schema: pa.Schema


def lake_status(lake: str | os.PathLike[str]) -> LakeStatus:
    """Read every manifest of a lake.

    Raises:
        LakeError: there is no such lake, or a partition has no manifest or a damaged one.
    """
    files = open_files(lake)
    days = list(parts_by_day(files))
    digest, rows, size = hashlib.sha256(), 0, 0
    changed = []
    for day in days:
        path = f"{partition(day)}/{MANIFEST}"
        content = read_manifest(files, partition(day))
        manifest = decode_manifest(content, path)
        digest.update(content)
        rows += manifest.rows
        size += sum(part.bytes for part in manifest.parts)
        changed.append(files.changed_at(path))
    missing = sorted(set(days_between(days[0], days[-1])) - set(days))
    return LakeStatus(days[0], days[-1], len(days), missing, rows, size, max(changed), digest.hexdigest())


def newest_partition(lake: str | os.PathLike[str]) -> PartitionStatus | None:
    """Read the manifest and the schema of a lake's newest day; None when the lake is empty.

    Raises:
        LakeError: the day has no manifest, or its manifest or a part is damaged.
    """
    files = open_files(lake)
    days = {day for path in files.parts(ROOT) if (day := day_of(path))}
    if not days:
        return None
    folder = partition(max(days))
    manifest = decode_manifest(read_manifest(files, folder), f"{folder}/{MANIFEST}")
    return PartitionStatus(folder, manifest, one_schema(files, files.parts(folder)))


def read_manifest(files: Files, folder: str) -> bytes:
    """Return the manifest of a partition as it stands there.

    Raises:
        LakeError: it has none.
    """
    content = files.read(f"{folder}/{MANIFEST}")
    if content is None:
        raise LakeError(f"{files.url}/{folder} has no manifest: export the day again")
    return content
