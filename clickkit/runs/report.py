"""A report: the notebooks that answer questions, run on a range of days into a folder of pages."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from clickkit.errors import RunError, SettingsError
from clickkit.lake.digest import lake_state
from clickkit.lake.files import open_files
from clickkit.runs.execution import execute, is_run
from clickkit.runs.index import Answer, answer_of, index_page
from clickkit.runs.notebook import parameters_of, read_notebook
from clickkit.runs.page import write_pages

_ASKED = {"since", "until", "lake"}
_FIRST_NUMBER = 2  # 01 is the export


def answering_notebooks(folder: Path) -> list[Path]:
    """Return the numbered notebooks of a folder, from 02 on, that take since, until and lake.

    Raises:
        SettingsError: there are none.
    """
    numbered = [
        path
        for path in sorted(folder.glob("*.ipynb"))
        if (number := re.match(r"\d+", path.name)) and int(number[0]) >= _FIRST_NUMBER
    ]
    found = [path for path in numbered if parameters_of(read_notebook(path)).keys() >= _ASKED]
    if not found:
        raise SettingsError(
            f"no notebook in {folder} is numbered 02 or more and has the parameters since, until and lake: "
            "name notebooks, or run this in the project's folder"
        )
    return found


def write_report(
    notebooks: Sequence[Path],
    folder: Path,
    lake: str,
    since: dt.date,
    until: dt.date,
    *,
    over: dt.date,
    say: Callable[[str], None],
) -> int:
    """Run notebooks one after the other into a folder, with a page for each and an index of all.

    Each run is a pinned one that can be checked. One that fails is named in the index, and the others
    go on. `over` is the last day that is over, for those that take a `day`. Return how many failed; `say`
    hears of each as it begins.

    Raises:
        SettingsError: a notebook cannot be read, takes no since, until and lake, or two have one name.
        LakeError: there is no such lake, or it has nothing in that range.
        ClickkitError: the pages cannot be made.
    """
    _check(notebooks)
    state = lake_state(lake, since, until)
    given = {"since": str(since), "until": str(until), "lake": _near(lake)}
    folder.mkdir(parents=True, exist_ok=True)
    answers: list[Answer] = []
    for number, notebook in enumerate(notebooks, 1):
        say(f"{number}/{len(notebooks)} {notebook.stem} …")
        run = folder / notebook.name
        if run.exists() and is_run(run):
            run.unlink()  # what fails now must not show what went well before
        try:
            takes_day = "day" in parameters_of(read_notebook(notebook))
            execute(notebook, run, given | ({"day": str(min(until, over))} if takes_day else {}))
        except RunError as error:
            say(f"    FAILED: {error.reason}")
            answers.append(answer_of(notebook, run, failure=error.reason))
        else:
            answers.append(answer_of(notebook, run))
    say("pages …")
    write_pages([answer.run for answer in answers if answer.run.exists()])
    page = index_page(answers, lake=open_files(lake).url, since=since, until=until, state=state)
    (folder / "index.html").write_text(page, encoding="utf-8")
    return sum(bool(answer.failure) for answer in answers)


def _near(lake: str) -> str:
    """Return a lake's URL, relative if it can be: a report that is handed on need not name the machine."""
    url, here = open_files(lake).url, Path.cwd()
    return (
        url if "://" in url or not Path(url).is_relative_to(here) else Path(url).relative_to(here).as_posix()
    )


def _check(notebooks: Sequence[Path]) -> None:
    for notebook in notebooks:
        missing = sorted(_ASKED - parameters_of(read_notebook(notebook)).keys())
        if missing:
            raise SettingsError(
                f"{notebook} takes no {', '.join(missing)}: its parameters must be since, until and lake"
            )
    names = [notebook.name for notebook in notebooks]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SettingsError(f"two notebooks are called {twice[0]}: rename one, as each page takes its name")
