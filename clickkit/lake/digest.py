"""What days of a lake hold, told by digests that two machines can compare."""

import datetime as dt
import hashlib
import os

import msgspec

from clickkit.errors import LakeError
from clickkit.lake.files import open_files, parts_by_day
from clickkit.lake.layout import MANIFEST, Day, Manifest, as_day, decode_manifest, partition
from clickkit.lake.status import read_manifest


class DayState(msgspec.Struct, frozen=True):
    """One day of a lake: its rows and its `day_digest`."""

    day: dt.date
    rows: int
    digest: str


class LakeState(msgspec.Struct, frozen=True):
    """The days of a lake in a range, the oldest first, and the SHA-256 of their manifests in that order.

    Of a whole lake it is the digest that `lake_status` returns.
    """

    digest: str
    days: list[DayState]

    @property
    def rows(self) -> int:
        """How many events all days have."""
        return sum(day.rows for day in self.days)


def day_digest(manifest: Manifest) -> str:
    """Return the SHA-256, in hex, over the SHA-256 (in hex) of a day's parts, in their order.

    The same events in the same number of parts have the same digest.
    """
    return hashlib.sha256("".join(part.sha256 for part in manifest.parts).encode()).hexdigest()


def lake_state(lake: str | os.PathLike[str], since: Day | None = None, until: Day | None = None) -> LakeState:
    """Read the manifests of the days from `since` to `until`, both included; None: as far as the lake goes.

    Raises:
        LakeError: there is no such lake, it has nothing in that range, or a manifest is missing or damaged.
        SettingsError: a day or the lake's URL cannot be understood.
    """
    files = open_files(lake)
    held = list(parts_by_day(files))
    first = held[0] if since is None else as_day(since)
    last = held[-1] if until is None else as_day(until)
    digest, days = hashlib.sha256(), []
    for day in (day for day in held if first <= day <= last):
        content = read_manifest(files, partition(day))
        manifest = decode_manifest(content, f"{partition(day)}/{MANIFEST}")
        digest.update(content)
        days.append(DayState(day, manifest.rows, day_digest(manifest)))
    if not days:
        raise LakeError(
            f"lake {files.url} has nothing from {first} to {last}: it holds {held[0]} to {held[-1]}"
        )
    return LakeState(digest.hexdigest(), days)
