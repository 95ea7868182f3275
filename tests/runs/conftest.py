"""A notebook of three questions, a lake of three days, and one pinned run of it."""

import datetime as dt
import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from clickkit import Device, Event, connect, export
from clickkit.runs.execution import execute

FIRST, LAST = dt.date(2026, 11, 20), dt.date(2026, 11, 22)
PARAMETERS = 'since = None\nuntil = None\nlake = ""\nbutton = "Buy"'
READ = "events = read_lake(lake_url(lake), since, until)"
COUNT = f"""{READ}\nevents.filter(f"button = '{{button}}'").count("id").df()"""
DRAW = 'charts.bars(metrics.by_button(events), x="clicks", y="button", title="Clicks by button")'
PIN = "pin(lake_url(lake), since, until, seed=7)"


def click(name, day, **fields):
    """Return a click at noon of a day of November 2026."""
    moment = dt.datetime(2026, 11, day, 12, tzinfo=dt.UTC)
    defaults = {"button": "Buy", "page_url": "https://example.com/", "device": Device(type="mobile")}
    return Event(id=name, timestamp=moment, visitor_id="v", **defaults | fields)


def notebook(*cells, title="How many clicks?"):
    """Return a notebook that asks about a lake and pins what it was told."""
    imports = "from clickkit import lake_url, pin, read_lake\nfrom clickkit.analysis import charts, metrics"
    parameters = new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    code = [new_code_cell(imports), parameters, *map(new_code_cell, cells)]
    made = new_notebook(cells=[new_markdown_cell(f"# {title}"), *code])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


@pytest.fixture(name="make_notebook")
def make_notebook_fixture():
    """Return the function that makes a notebook of cells."""
    return notebook


@pytest.fixture(scope="session")
def asked(tmp_path_factory):
    """Return a folder with a store, its lake (10 clicks on each of three days), a lock, and a notebook."""
    folder = tmp_path_factory.mktemp("asked")
    store = connect(f"sqlite:///{folder / 'clicks.db'}")
    store.put([click(f"{day}-{n}", day) for day in (20, 21, 22) for n in range(10)])
    export(store, folder / "lake", FIRST, LAST)
    store.close()
    (folder / "requirements.lock").write_text("duckdb==2.0\n")
    nbformat.write(notebook(COUNT, DRAW, PIN), folder / "ask.ipynb")
    return folder


@pytest.fixture(scope="session")
def pinned(asked):
    """Return that folder with `out.ipynb`, a run of the notebook in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(asked)
        execute(asked / "ask.ipynb", asked / "out.ipynb", {"lake": "lake", "since": "2026-11-20"})
    return asked


@pytest.fixture
def copied(pinned, tmp_path, monkeypatch):
    """Return a copy of the run's folder, to work in and to change."""
    folder = tmp_path / "copied"
    shutil.copytree(pinned, folder)
    monkeypatch.chdir(folder)
    return folder
