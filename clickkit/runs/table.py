"""A record as people read it: a small table, as HTML and as text."""

import datetime as dt
import html
import json
from pathlib import Path

from clickkit.runs.record import Record
from clickkit.runs.versions import Versions

_SHORT = 12
_TEXT_DAYS = 14


def record_html(record: Record, folder: Path) -> str:
    """Return the table as HTML without scripts, styles or links; the days fold when they are many."""
    rows = "\n".join(
        f"<tr><th>{name}</th><td>{html.escape(value)}</td></tr>" for name, value in _facts(record, folder)
    )
    days = "\n".join(
        f"<tr><td>{day.day}</td><td>{day.rows:,}</td><td><code>{day.digest[:_SHORT]}</code></td></tr>"
        for day in record.state.days
    )
    state = " open" if len(record.state.days) <= _TEXT_DAYS else ""
    return (
        f'<div class="clickkit-run">\n<table>\n{rows}\n</table>\n'
        f"<details{state}><summary>Rows and digest of each day</summary>\n"
        f"<table>\n<tr><th>Day</th><th>Rows</th><th>Digest</th></tr>\n{days}\n</table>\n</details>\n</div>"
    )


def record_text(record: Record, folder: Path) -> str:
    """Return the table as text; of many days the first and the last."""
    days = [f"  {day.day}  {day.rows:>9,}  {day.digest[:_SHORT]}" for day in record.state.days]
    if len(days) > _TEXT_DAYS:
        half = _TEXT_DAYS // 2
        days = [*days[:half], f"  … {len(days) - 2 * half:,} more days …", *days[-half:]]
    facts = [f"{name:<11} {value}" for name, value in _facts(record, folder)]
    return "\n".join([*facts, "Rows and digest of each day", *days])


def _facts(record: Record, folder: Path) -> list[tuple[str, str]]:
    """Return names and values, those that stand in every viewer and may be long last."""
    versions, state = record.versions, record.state
    facts = [
        ("Lake", shown_lake(record.lake, folder)),
        ("Days", f"{shown_range(record)}, {len(state.days):,} with events"),
        ("Rows", f"{state.rows:,}"),
        ("Manifests", f"SHA-256 {state.digest}"),
        ("Seed", "none" if record.seed is None else str(record.seed)),
        ("Code", shown_code(versions)),
        ("Lock", "none" if versions.lock is None else f"SHA-256 {versions.lock}"),
        ("Python", versions.python),
    ]
    if record.parameters is not None:
        shown = ", ".join(f"{name} = {_literal(value)}" for name, value in record.parameters.items())
        facts.append(("Parameters", shown or "none"))
    return facts


def shown_lake(url: str, folder: Path) -> str:
    """Return a lake's URL as it may stand in a notebook that is handed on: without machine or endpoint."""
    if "://" in url:
        return url.partition("?")[0]
    path = Path(url)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else f"…/{path.name}"


def shown_range(record: Record) -> str:
    """Return the first and the last day, in UTC."""
    first: dt.date = record.since or record.state.days[0].day
    last: dt.date = record.until or record.state.days[-1].day
    return f"{first} to {last} (UTC)"


def shown_code(versions: Versions) -> str:
    """Return clickkit's version, with its commit if there is one."""
    commit = f", commit {versions.commit[:_SHORT]}" if versions.commit else ""
    return f"clickkit {versions.clickkit}{commit}{', with changes' if versions.is_dirty else ''}"


def _literal(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
