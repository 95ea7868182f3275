"""The presenter's page under Voila with other sites, in a real browser."""

import json
from contextlib import ExitStack

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect

from clickkit import connect

PATIENCE_MS = 90_000  # a busy machine starts a kernel slowly
CELL = """import json, pathlib
from clickkit import connect, tracker_dashboard
from clickkit.capture.sites import Site
sites = [Site(*site) for site in json.loads(pathlib.Path("{folder}/sites.json").read_text())]
tracker_dashboard(connect("sqlite:///{folder}/clicks.db"), "{folder}/lake", sites=sites)"""
CLICK_EACH = """async (names) => {
  const shown = (selector) => document.querySelector(selector)?.textContent;
  const item = () => [...document.querySelectorAll(".ck-item tr")]
    .find((row) => row.cells[0].textContent === "button")?.cells[2].textContent;
  const seen = [];
  for (const name of names) {
    document.querySelector(`[data-button="${CSS.escape(name)}"]`).click();
    const deadline = performance.now() + 20_000;
    while (shown(".ck-feedback[data-state=stored] strong") !== name || item() !== name) {
      if (performance.now() > deadline) throw new Error(`${name} is shown as ${item()}`);
      await new Promise(requestAnimationFrame);
    }
    seen.push([JSON.parse(shown(".ck-exact pre")).button, JSON.parse(shown(".ck-json pre")).button.S]);
  }
  return seen;
}"""


@pytest.fixture
def open_page(browser, tmp_path, serving_voila):
    """Return a function that serves the page with sites of its own, and opens it; a dialog is a failure."""
    wrong, context = [], browser.new_context(viewport={"width": 390, "height": 800})
    notebook, log = tmp_path / "page.ipynb", tmp_path / "voila.log"

    def open_page(sites):
        (tmp_path / "sites.json").write_text(json.dumps(sites))
        cells = [new_code_cell(CELL.format(folder=tmp_path))]
        nbformat.write(new_notebook(cells=cells), notebook)
        url = served.enter_context(serving_voila(notebook, log, "--VoilaConfiguration.preheat_kernel=False"))
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(url)
        page.wait_for_selector(".ck-site")
        return page

    with ExitStack() as served:
        yield open_page
        context.close()
    assert wrong == []


def test_naughty_names_are_text(open_page, tmp_path, naughty_strings):
    """All as buttons and pages, some clicked and exported: shown and stored as they are, and nothing runs."""
    page = open_page([(name, f"https://example.com/?q={name}") for name in naughty_strings])
    clicked = naughty_strings[::8]

    labels = page.locator(".ck-site > span:nth-child(2)").all_text_contents()
    seen = page.evaluate(CLICK_EACH, clicked)
    page.get_by_role("button", name="Export today").click()
    expect(page.locator(".ck-charts")).to_contain_text(f"Today: {len(clicked)} clicks by button")

    store = connect(f"sqlite:///{tmp_path / 'clicks.db'}")
    assert labels == naughty_strings
    assert seen == [[name, name] for name in clicked]
    assert sum(day.stored for day in store.ledger()) == len(clicked)
    assert page.locator(".clickkit :is(script, img, iframe, audio, video, style, a, form)").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    store.close()
