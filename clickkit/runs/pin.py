"""The last cell of a notebook: what its answers were made from."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from clickkit.lake.layout import Day
from clickkit.runs.record import KEY, Record, encode_record, make_record
from clickkit.runs.table import record_html, record_text


class Pin:
    """A record that shows itself as a table in every notebook viewer, online or not.

    The record itself goes along in the output's metadata, where `clickkit runs verify` finds it.
    """

    def __init__(self, record: Record, folder: Path) -> None:
        self.record = record
        self._folder = folder

    def __repr__(self) -> str:
        """Return the table as text."""
        return record_text(self.record, self._folder)

    def _repr_mimebundle_(self, **_options: Any) -> tuple[dict[str, str], dict[str, Any]]:
        shown = {
            "text/html": record_html(self.record, self._folder),
            "text/plain": record_text(self.record, self._folder),
        }
        return shown, {KEY: encode_record(self.record)}


def pin(
    lake: str | os.PathLike[str],
    since: Day | None = None,
    until: Day | None = None,
    *,
    seed: int | None = None,
    ledger: Iterable[Any] | None = None,
) -> Pin:
    """Return what a notebook's answers were made from, for its last cell to show.

    It holds the lake, the days from `since` to `until` (UTC, both included; None: as far as the lake
    goes) with rows and digest of each, the digest of their manifests, the seed, the digest of the store's
    `ledger` where it was asked, and the versions of clickkit, lock, Python and packages. Run by papermill,
    the notebook can be checked: `clickkit runs verify OUT.ipynb`.

        pin(lake_url(lake), since, until)

    Raises:
        LakeError: there is no such lake, or it has nothing in that range.
        SettingsError: a day or the lake's URL cannot be understood.
    """
    folder = Path.cwd()
    return Pin(make_record(lake, since, until, seed=seed, folder=folder, ledger=ledger), folder)
