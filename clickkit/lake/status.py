"""What a lake holds, from its manifests."""

import datetime as dt
import hashlib
import os

import msgspec

from clickkit.errors import LakeError
from clickkit.lake.files import open_files, parts_by_day
from clickkit.lake.layout import MANIFEST, days_between, decode_manifest, partition


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
        content = files.read(path)
        if content is None:
            raise LakeError(f"{files.url}/{partition(day)} has no manifest: export the day again")
        manifest = decode_manifest(content, path)
        digest.update(content)
        rows += manifest.rows
        size += sum(part.bytes for part in manifest.parts)
        changed.append(files.changed_at(path))
    missing = sorted(set(days_between(days[0], days[-1])) - set(days))
    return LakeStatus(days[0], days[-1], len(days), missing, rows, size, max(changed), digest.hexdigest())
