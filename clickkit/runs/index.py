"""The index page of a report: every question with its figure, what it was made from, and where to read on."""

import datetime as dt
import html
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from clickkit.lake.digest import LakeState
from clickkit.runs.notebook import Notebook, code_cells, read_notebook, record_of, text_of, title_of
from clickkit.runs.page import web_page
from clickkit.runs.record import Record
from clickkit.runs.table import shown_code, shown_lake, shown_range

_SHORT = 12


class Answer(msgspec.Struct, frozen=True):
    """One notebook of a report: its question, its figure as a data URL, and what it was made from.

    `failure` is the error that ended it, if one did; without a pin there is no `record`.
    """

    run: Path
    question: str
    figure: str
    figure_name: str
    record: Record | None
    failure: str = ""


def answer_of(notebook: Path, run: Path, *, failure: str = "") -> Answer:
    """Return what the index says of a run, or of the notebook when there is no run to read."""
    read = read_notebook(run if run.exists() else notebook)
    figure, name = _figure_of(read) if run.exists() else ("", "")
    return Answer(
        run, title_of(read) or run.stem, figure, name, None if failure else record_of(read), failure
    )


def _figure_of(notebook: Notebook) -> tuple[str, str]:
    """Return the picture of the cell tagged `answer`, else the first, as a data URL, and what it shows."""
    for cell in sorted(
        code_cells(notebook), key=lambda cell: "answer" not in cell["metadata"].get("tags", [])
    ):
        for output in cell.get("outputs", []):
            if picture := output.get("data", {}).get("image/png"):
                name = text_of(output["data"].get("text/plain", "Figure"))
                url = f"data:image/png;base64,{text_of(picture).replace(chr(10), '')}"
                return url, re.sub(r"^Figure\((['\"])(.*)\1, .*\)$", r"\2", name)
    return "", ""


def index_page(
    answers: Sequence[Answer], *, lake: str, since: dt.date, until: dt.date, state: LakeState
) -> str:
    """Return the page as HTML."""
    failed = [answer for answer in answers if answer.failure]
    title = f"Answers from {since} to {until}"
    count = f"{len(answers) - len(failed)} of {len(answers)} questions answered"
    body = f"""<main class="ck-index">
<header>
<h1>{title}</h1>
<p class="ck-lead">{count}, from {state.rows:,} events on {len(state.days):,} days (UTC).</p>
{_warning(failed)}
</header>
<div class="ck-answers">
{"".join(_card(answer, state) for answer in answers)}</div>
{_origin(answers, lake, state)}
</main>"""
    return web_page(title, body)


def _warning(failed: Sequence[Answer]) -> str:
    if not failed:
        return ""
    names = ", ".join(html.escape(answer.run.stem) for answer in failed)
    return f'<p class="ck-warning" role="alert"><strong>Without an answer:</strong> {names}</p>'


def _card(answer: Answer, state: LakeState) -> str:
    question, page = html.escape(answer.question), html.escape(answer.run.with_suffix(".html").name)
    heading = f'<h2><a href="{page}">{question}</a></h2>' if answer.run.exists() else f"<h2>{question}</h2>"
    if answer.failure:
        shown = f'<p class="ck-failure"><strong>It failed.</strong> {html.escape(answer.failure)}</p>'
    elif answer.figure:
        alt = html.escape(answer.figure_name)
        shown = f'<a class="ck-thumb" href="{page}" tabindex="-1"><img src="{answer.figure}" alt="{alt}"></a>'
    else:
        shown = '<p class="ck-hint">No figure: the page has the answer.</p>'
    return f'<article class="ck-card">\n{heading}\n{shown}\n{_made_from(answer, state)}\n</article>\n'


def _made_from(answer: Answer, whole: LakeState) -> str:
    """Link to the run, and say what it was made from where it is not what all were."""
    name, page = html.escape(answer.run.name), html.escape(answer.run.with_suffix(".html").name)
    links = f'<a href="{page}">page</a>, <a href="{name}" download>notebook {name}</a>'
    read = f"<dt>Read</dt><dd>{links if answer.run.exists() else f'{name} did not start'}</dd>"
    if answer.record is None:
        said = "" if answer.failure else "<dt>Not pinned</dt><dd>it cannot be checked</dd>"
    elif (state := answer.record.state) == whole:
        said = ""
    else:
        said = (
            f"<dt>Days</dt><dd>{shown_range(answer.record)}, {state.rows:,} rows</dd>"
            f"<dt>Manifests</dt><dd><code>{state.digest[:_SHORT]}</code></dd>"
        )
    return f"<dl>{said}{read}</dl>"


def _origin(answers: Sequence[Answer], lake: str, state: LakeState) -> str:
    """Say what all answers were made from, and how to check one."""
    record = next((answer.record for answer in answers if answer.record), None)
    facts = [("Lake", shown_lake(lake, Path.cwd())), ("Manifests", f"SHA-256 {state.digest}")]
    if record:
        versions = record.versions
        facts += [
            ("Code", shown_code(versions)),
            ("Lock", f"SHA-256 {versions.lock}" if versions.lock else "none"),
        ]
        facts += [("Python", versions.python)]
    rows = "".join(f"<dt>{name}</dt><dd>{html.escape(value)}</dd>" for name, value in facts)
    checked = next((answer.run.name for answer in answers if answer.record), "")
    how = (
        f"<p>Check an answer: <code>clickkit runs verify {html.escape(checked)}</code></p>" if checked else ""
    )
    heading = "<h2>Where the numbers come from</h2>"
    return f'<section class="ck-card ck-origin">{heading}<dl>{rows}</dl>{how}</section>'
