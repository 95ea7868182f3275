"""A report is a folder of pages that open without a network."""

import datetime as dt
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from clickkit import SettingsError
from clickkit.lake.digest import LakeState
from clickkit.runs.index import answer_of, index_page
from clickkit.runs.report import answering_notebooks

PROGRAM = str(Path(sys.executable).with_name("clickkit"))
WIDTHS = (390, 1920)


@pytest.fixture(scope="module")
def written(asked, tmp_path_factory):
    """Return what `clickkit report` said of a good and a broken notebook, and the folder that it wrote."""
    folder = tmp_path_factory.mktemp("report")
    broken = nbformat.read(asked / "ask.ipynb", as_version=4)
    broken.cells[0].source, broken.cells[3].source = (
        "# Which <sites> fail?",
        "raise ValueError('<b>gone</b>')",
    )
    nbformat.write(broken, asked / "broken.ipynb")
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CLICKKIT_")}
    days = ["--since", "2026-11-20", "--until", "2026-11-21"]
    done = subprocess.run(
        [PROGRAM, "report", "broken.ipynb", "ask.ipynb", *days, "--lake", "lake", "--to", str(folder)],
        cwd=asked,
        env=plain,
        capture_output=True,
        text=True,
    )
    return done, folder


def test_a_notebook_that_fails_is_named_and_the_others_are_there(written):
    """Exit status 1, and the progress says what runs."""
    done, folder = written

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [
        "1/2 broken …",
        "    FAILED: ValueError: <b>gone</b>",
        "2/2 ask …",
        "pages …",
        f"open {folder / 'index.html'}",
        "1 of 2 notebooks failed: the report names them",
    ]
    assert {path.name for path in folder.iterdir()} == {
        "index.html", "ask.html", "ask.ipynb", "broken.html", "broken.ipynb"
    }  # fmt: skip


def test_its_pages_open_without_a_network(written, browser, find_violations):
    """Nothing is asked for, nothing sticks out, in light and dark; axe finds nothing."""
    _, folder = written
    tried, wrong = [], []
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme, offline=True, bypass_csp=True)
        page = context.new_page()
        page.on("request", lambda asked: tried.append(asked.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        for name in ("index", "ask", "broken"):
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                page.goto((folder / f"{name}.html").as_uri())
                assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            assert find_violations(page) == [], name
        context.close()

    assert wrong == []
    assert [url for url in tried if not url.startswith(("file:", "data:"))] == []


def test_the_index_has_the_questions_figures_and_digests(written, browser):
    """Names are text, whatever they are, and a card leads to its page."""
    _, folder = written
    page = browser.new_page()
    page.goto((folder / "index.html").as_uri())

    cards = page.locator("article")
    assert cards.count() == 2
    assert "Which <sites> fail?" in cards.nth(0).inner_text()
    assert "ValueError: <b>gone</b>" in cards.nth(0).inner_text()
    assert cards.nth(1).locator("img").get_attribute("alt") == "Clicks by button"
    assert page.evaluate("document.querySelector('article img').naturalWidth") > 100
    assert "rows" not in cards.nth(1).inner_text(), "what all were made from is said once"
    assert "1 of 2 questions answered, from 20 events on 2 days" in page.inner_text("header")
    cards.nth(1).get_by_role("heading").get_by_role("link").click()
    assert page.locator("h1").inner_text() == "How many clicks?"
    page.close()


def test_a_card_says_what_it_was_made_from_where_not_all_were(written):
    """Its days and rows; where they are those of the whole, the end of the page says them for all."""
    run = written[1] / "ask.ipynb"
    answer = answer_of(run, run)
    other = LakeState("0" * 64, answer.record.state.days[:1])
    since, until = dt.date(2026, 11, 20), dt.date(2026, 11, 21)

    page = index_page([answer], lake="lake", since=since, until=until, state=other)

    assert "<dd>2026-11-20 to 2026-11-21 (UTC), 20 rows</dd>" in page


def test_the_pages_name_nothing_outside(written):
    """No script, no address of another host that a browser would ask."""
    for path in written[1].glob("*.html"):
        text = path.read_text()
        assert "<script" not in text
        assert not re.findall(r"(?:src|href)=[\"']?https?://|url\(\s*[\"']?https?://|@import", text)


def test_by_default_it_takes_the_numbered_notebooks_that_can_be_asked(project, tmp_path, make_notebook):
    """From 02 on, with since, until and lake."""
    names = [path.name for path in answering_notebooks(project / "notebooks")]
    nbformat.write(make_notebook("1"), tmp_path / "01-first.ipynb")

    assert "02-engagement.ipynb" in names
    assert "01-daily-export.ipynb" not in names
    with pytest.raises(SettingsError, match="numbered 02 or more"):
        answering_notebooks(tmp_path)
