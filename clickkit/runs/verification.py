"""Checking a run: what it was made from, held against now, and the notebook run again."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from clickkit.errors import LakeError, RunError, SettingsError
from clickkit.lake.digest import LakeState
from clickkit.lake.files import open_files
from clickkit.lake.receipts import Receipt, read_receipts
from clickkit.runs.execution import execute
from clickkit.runs.explanation import explain
from clickkit.runs.notebook import Notebook, failure_of, parameters_of, read_notebook, record_of
from clickkit.runs.outputs import differing_cells
from clickkit.runs.record import Record, make_record
from clickkit.runs.table import shown_code
from clickkit.runs.versions import Versions

_SHORT = 12


class RunVerification(msgspec.Struct, frozen=True):
    """What was found: nothing in `changes` means that the run is the same, byte for byte."""

    record: Record
    changes: list[str]
    is_explained: bool = False
    """Whether receipts of erasure explain all that changed in the lake, and nothing else did."""

    @property
    def is_same(self) -> bool:
        """Whether nothing changed."""
        return not self.changes


def verify_run(run: Path, *, environment: Mapping[str, str], lake: str = "", folder: Path) -> RunVerification:
    """Hold a pinned run against now, and run it again beside, with the same parameters.

    `lake` says where the lake is now if it has moved; `environment` is that of the second run, `folder`
    where it takes place. The run and the lake are left as they are.

    Raises:
        SettingsError: the file is no pinned run, or one that failed.
        LakeError: a receipt of erasure is damaged.
    """
    then = read_notebook(run)
    record = _recorded(run, then)
    where = open_files(lake or record.lake)
    parameters = _parameters(then, record, where.url, moved=bool(lake))
    with tempfile.TemporaryDirectory(prefix="clickkit-verify-") as place:
        again = Path(place) / "again.ipynb"
        try:
            execute(run, again, parameters, environment={**environment, "CLICKKIT_LAKE": where.url})
        except RunError as error:
            cells = [f"run again, it fails: {error.reason}"]
            now = _record_now(record, where.url, folder)
        else:
            notebook = read_notebook(again)
            cells = differing_cells(then, notebook)
            now = record_of(notebook)
    of_lake = list(_of_lake(record.state, now.state if now else None, read_receipts(where)))
    others = [
        *(_of_versions(record.versions, now.versions) if now else []),
        *(_of_value("seed", record.seed, now.seed) if now else []),
        *(_of_value("the store's ledger", record.ledger, now.ledger) if now else []),
        *_of_parameters(then, record),
    ]
    is_explained = bool(of_lake) and not others and all("; explained by " in change for change in of_lake)
    return RunVerification(record, [*of_lake, *others, *cells], is_explained)


def _recorded(run: Path, notebook: Notebook) -> Record:
    if failure := failure_of(notebook):
        raise SettingsError(f"{run} is a run that failed ({failure}): mend the notebook and run it again")
    record = record_of(notebook)
    if record is None:
        raise SettingsError(
            f"{run} is no pinned run: end the notebook with clickkit.pin(lake, since, until), and run it "
            f"with clickkit runs run NOTEBOOK {run}"
        )
    return record


def _parameters(notebook: Notebook, record: Record, lake: str, *, moved: bool) -> dict[str, Any]:
    """Return the parameters of the run, with the lake where it is now."""
    given = record.parameters
    if given is None:  # run by papermill's own engine
        given = notebook["metadata"].get("papermill", {}).get("parameters", {})
    named = given.get("lake")
    is_elsewhere = named and (moved or open_files(named).url != lake)
    return {**given, "lake": lake} if is_elsewhere else dict(given)


def _record_now(record: Record, lake: str, folder: Path) -> Record | None:
    """Return what can be said without the second run; None when the days are gone."""
    try:
        return make_record(lake, record.since, record.until, seed=record.seed, folder=folder)
    except LakeError:
        return None


def _of_lake(then: LakeState, now: LakeState | None, receipts: list[Receipt]) -> Iterator[str]:
    before = {day.day: day for day in then.days}
    after = {day.day: day for day in now.days} if now else {}
    for day in sorted(before.keys() | after.keys()):
        old, new = before.get(day), after.get(day)
        if old is None and new is not None:
            yield f"day {day} was added: {new.rows:,} rows"
        elif old is not None and (new is None or new.digest != old.digest):
            why = explain(day, old, new, receipts)
            what = "is gone" if new is None else "changed"
            rows = f"{old.rows:,} → {new.rows if new else 0:,} rows"
            yield f"day {day} {what}: {rows}{f'; {why}' if why else ''}"
    if now and before == after and then.digest != now.digest:
        yield f"the manifests changed, though no event did: {then.digest[:_SHORT]} → {now.digest[:_SHORT]}"


def _of_versions(then: Versions, now: Versions) -> Iterator[str]:
    if (then.clickkit, then.source) != (now.clickkit, now.source):
        yield (
            f"code changed: {shown_code(then)} (files {then.source[:_SHORT]}) → "
            f"{shown_code(now)} (files {now.source[:_SHORT]})"
        )
    yield from _of_value("lock", then.lock and then.lock[:_SHORT], now.lock and now.lock[:_SHORT])
    yield from _of_value("Python", then.python, now.python)
    for name in sorted(then.packages.keys() | now.packages.keys()):
        yield from _of_value(f"package {name}", then.packages.get(name), now.packages.get(name))


def _of_parameters(notebook: Notebook, record: Record) -> Iterator[str]:
    """Hold the parameters that were recorded against those that the cells of the file say."""
    said = parameters_of(notebook)
    given = record.parameters
    if given is None:
        given = {**said, **notebook["metadata"].get("papermill", {}).get("parameters", {})}
    for name in sorted(given.keys() | said.keys()):
        yield from _of_value(f"parameter {name}", given.get(name), said.get(name))


def _of_value(name: str, then: object, now: object) -> Iterator[str]:
    if then != now:
        shown_then, shown_now = ("none" if value is None else str(value) for value in (then, now))
        yield f"{name} changed: {shown_then} → {shown_now}"
