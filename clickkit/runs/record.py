"""What a run leaves behind, so that it can be checked: the lake's state, the code, the parameters."""

import datetime as dt
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from clickkit.errors import SettingsError
from clickkit.lake.digest import LakeState, lake_state
from clickkit.lake.files import open_files
from clickkit.lake.layout import Day, as_day
from clickkit.runs.versions import Versions, find_versions

KEY = "clickkit"
"""Where the record stands in the metadata of a notebook, and of the output that shows it."""


class Record(msgspec.Struct, frozen=True):
    """The lake that a run asked, the days from `since` to `until` as they were, and what asked them.

    `since` and `until` are as the run gave them: None is as far as the lake goes. `parameters` are those
    of the notebook, also the ones that nobody changed; None: they are not known yet. `ledger` is the SHA-256
    of the days of a store's ledger, if it was asked.
    """

    lake: str
    since: dt.date | None
    until: dt.date | None
    state: LakeState
    seed: int | None
    versions: Versions
    parameters: dict[str, Any] | None = None
    ledger: str | None = None


def make_record(
    lake: str | os.PathLike[str],
    since: Day | None,
    until: Day | None,
    *,
    seed: int | None,
    folder: Path,
    ledger: Iterable[Any] | None = None,
) -> Record:
    """Return the record of a run that is made now, in a folder.

    Raises:
        LakeError: there is no such lake, or it has nothing in that range.
        SettingsError: a day or the lake's URL cannot be understood.
    """
    return Record(
        lake=open_files(lake).url,
        since=None if since is None else as_day(since),
        until=None if until is None else as_day(until),
        state=lake_state(lake, since, until),
        seed=seed,
        versions=find_versions(folder),
        ledger=None if ledger is None else hashlib.sha256(msgspec.json.encode(list(ledger))).hexdigest(),
    )


def encode_record(record: Record) -> dict[str, Any]:
    """Return a record as plain values for JSON."""
    plain: dict[str, Any] = msgspec.to_builtins(record)
    return plain


def decode_record(plain: Mapping[str, Any]) -> Record:
    """Return the record of plain values.

    Raises:
        SettingsError: they are no record, or one of another version of clickkit.
    """
    try:
        return msgspec.convert(plain, Record)
    except msgspec.ValidationError as error:
        raise SettingsError(f"the record of the run is damaged ({error}): run the notebook again") from error
