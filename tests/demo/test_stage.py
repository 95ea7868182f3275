"""The demonstration, in a real browser that reaches this machine only."""

import datetime as dt
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import httpx
import psutil
import pytest
from playwright.sync_api import expect

from clickkit import connect, read_lake
from clickkit.capture.sites import SITES

PROGRAM = str(Path(sys.executable).with_name("clickkit"))
PUBLIC_URL = "https://a1b2-84-208-20-110.ngrok-free.app"
OSLO = {"latitude": 59.91, "longitude": 10.75}
PATIENCE_MS = 90_000  # a busy machine starts a kernel slowly


class Demo:
    """A running `clickkit demo` with a store and a lake of its own."""

    def __init__(self, folder, project, ports, *options):
        self.store_url, self.lake = f"sqlite:///{folder / 'clicks.db'}", folder / "lake"
        self.log = folder / "demo.log"
        settings = {
            "CLICKKIT_STORE": self.store_url,
            "CLICKKIT_LAKE": str(self.lake),
            "CLICKKIT_PUBLIC_URL": PUBLIC_URL,
        }
        command = [
            PROGRAM,
            "demo",
            "--no-browser",
            "--port",
            str(ports[0]),
            "--collector-port",
            str(ports[1]),
            "--folder",
            str(folder),
            *options,
        ]
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command, cwd=project, env=os.environ | settings, stdout=output, stderr=output
            )

    def said(self, pattern):
        """Return what the demo printed for a pattern, or None; fail when it ended."""
        text = self.log.read_text()
        found = re.search(pattern, text)
        assert found or self.process.poll() is None, text
        return found

    def clicks(self):
        """Return today's events from the store."""
        store, today = connect(self.store_url), dt.datetime.now(dt.UTC).date()
        rows = [row for batch in store.scan(today) for row in batch.to_pylist()]
        store.close()
        return rows

    def stop(self):
        """Press Ctrl-C and return the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def demo(browser, tmp_path_factory, project, find_port, wait_until):
    """Return a demo that is ready, and its address."""
    running = Demo(tmp_path_factory.mktemp("demo"), project, (find_port(), find_port()))
    try:
        wait_until(lambda: running.said(r"ready: (http://127\.0\.0\.1:\d+/)"), "ready:", seconds=120)
        running.url = running.said(r"ready: (\S+)")[1]
        yield running
    finally:
        running.process.terminate()
        running.process.wait(60)


@pytest.fixture
def open_page(demo, browser):
    """Return a function that opens the tracker; every request to another machine is a failure."""
    contexts, outside = [], []

    def open_page(**options):
        context = browser.new_context(**{"timezone_id": "UTC"} | options)  # of no country
        contexts.append(context)
        context.route(
            lambda url: not url.startswith(demo.url),
            lambda route: (outside.append(route.request.url), route.abort()),
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(demo.url)
        page.wait_for_selector(".ck-site")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [url for url in outside if not url.startswith(("data:", "blob:"))] == []


def click(page, button):
    """Click a site's button and wait until the page says that the click is stored."""
    page.click(f'[data-button="{button}"]')
    feedback = page.locator('.ck-feedback[data-state="stored"]')
    expect(feedback).to_contain_text(f"{button} stored as click", timeout=PATIENCE_MS)
    return feedback.inner_text()


def test_every_button_is_stored_with_its_device_and_page(demo, open_page):
    """The store has type, platform, browser and page URL of each click; without consent no place."""
    page = open_page()

    said = [click(page, site.button) for site in SITES]

    rows = {row["button"]: row for row in demo.clicks()}
    assert len(SITES) >= 10
    assert set(rows) == {site.button for site in SITES}
    for site in SITES:
        row = rows[site.button]
        assert row["page_url"] == site.page_url
        assert (row["device"]["type"], row["device"]["platform"]) == ("bot", "Linux")  # a headless browser
        assert "Chrome" in row["device"]["browser"]
        assert row["location"] is None
        assert row["received_at"] >= row["timestamp"]
    assert {row["sequence"] for row in rows.values()} == set(range(len(SITES)))
    assert len({row["session_id"] for row in rows.values()}) == 1
    assert all("not shared" in text and demo.store_url in text for text in said)


def test_with_consent_the_city_goes_along_until_it_is_withdrawn(demo, open_page):
    """59.91 N 10.75 E is Oslo, Norway."""
    page = open_page(permissions=["geolocation"], geolocation=OSLO, locale="nb-NO")
    before = {row["id"] for row in demo.clicks()}

    page.get_by_label("Share my city").check()
    shown = click(page, "Wikipedia")
    page.get_by_label("Share my city").uncheck()
    click(page, "GitHub")

    new = {row["button"]: row["location"] for row in demo.clicks() if row["id"] not in before}
    assert "Oslo, Norway" in shown
    assert (new["Wikipedia"]["city"], new["Wikipedia"]["country"], new["Wikipedia"]["country_code"]) == (
        "Oslo",
        "Norway",
        "NO",
    )
    assert (new["Wikipedia"]["latitude"], new["Wikipedia"]["longitude"]) == (59.9, 10.8)
    assert new["GitHub"] is None


def test_a_denied_position_breaks_nothing(demo, open_page):
    """The switch goes back, and clicks go on without a place."""
    page = open_page(permissions=[])
    before = {row["id"] for row in demo.clicks()}

    page.get_by_label("Share my city").click()
    expect(page.get_by_label("Share my city")).not_to_be_checked(timeout=PATIENCE_MS)
    shown = click(page, "Netflix")

    (row,) = [row for row in demo.clicks() if row["id"] not in before]
    assert "declined" in page.inner_text(".ck-tracker")
    assert "not shared" in shown
    assert row["location"] is None


def test_export_writes_todays_partition_and_the_chart_counts_it(demo, open_page):
    """From the click to the figure, on one page."""
    page = open_page()
    click(page, "Google")
    clicks, today = len(demo.clicks()), dt.datetime.now(dt.UTC).date()

    page.get_by_role("button", name="Export today").click()

    expect(page.locator(".ck-charts")).to_contain_text(
        f"Today: {clicks} clicks by button", timeout=PATIENCE_MS
    )
    expect(page.locator(".ck-export")).to_contain_text(f"day={today.day:02d}/part-00.parquet")
    row = page.locator(".ck-item tr", has_text="button")
    expect(row).to_have_text("buttonSGoogle")
    expect(row.locator("abbr")).to_have_attribute("title", "String")
    page.get_by_text("Exact JSON").click()
    item = json.loads(page.inner_text(".ck-item pre"))
    assert item["button"] == {"S": "Google"}
    assert item["pk"]["S"].startswith(f"{today}#")
    files = page.get_by_role("table", name="Files of clicks/year=")
    expect(files).to_contain_text(f"part-00.parquet{clicks}")
    expect(page.locator(".ck-columns")).to_contain_text("timestamp timestamp[us, tz=UTC]")
    assert read_lake(demo.lake, today, today).count("id").fetchall() == [(clicks,)]


def test_the_page_fits_every_screen(open_page, check_screens):
    """Nothing is wider than the window, on a phone or a projector, light or dark."""
    page = open_page(viewport={"width": 1920, "height": 800}, color_scheme="dark")

    check_screens(page)

    assert page.locator(".ck-site").count() == len(SITES)


def test_axe_finds_nothing(open_page, find_violations_everywhere):
    """Before a click, and after one with everything unfolded and an export."""
    page = open_page()
    expect(page.locator(".ck-charts svg").first).to_be_visible(timeout=PATIENCE_MS)
    before = find_violations_everywhere(page)

    click(page, "Wikipedia")
    page.get_by_text("As JSON").click()
    page.get_by_text("Exact JSON").click()
    page.get_by_role("button", name="Export today").click()
    expect(page.locator(".ck-charts")).to_contain_text("Today:", timeout=PATIENCE_MS)

    assert (before, find_violations_everywhere(page)) == ([], [])


def test_a_click_is_spoken_in_one_sentence(demo, open_page):
    """Not its facts, nor that it is on its way; and an export says each of its steps once."""
    page = open_page()
    page.evaluate("""() => {
        window.spoken = [];
        const told = { childList: true, characterData: true, subtree: true };
        for (const node of document.querySelectorAll('[role=status], [aria-live]')) new MutationObserver(() =>
            node.ariaBusy === 'true' || window.spoken.push(node.textContent)).observe(node, told);
    }""")

    said = click(page, "Wikipedia").splitlines()[0]
    page.get_by_role("button", name="Export today").click()
    expect(page.locator(".ck-export")).to_contain_text("part-00.parquet", timeout=PATIENCE_MS)

    spoken = page.evaluate("window.spoken")
    assert spoken[0] == said
    assert spoken[-1].endswith("part-00.parquet")
    assert len(spoken) == len(set(spoken)) <= 4


def test_click_and_export_by_keyboard_alone(demo, open_page):
    """With a focus that shows, and stays where it was."""
    page = open_page()
    width = "() => parseFloat(getComputedStyle(document.activeElement).outlineWidth)"

    page.locator(".ck-site").last.focus()
    page.keyboard.press("Enter")
    expect(page.locator('.ck-feedback[data-state="stored"]')).to_contain_text("Netflix", timeout=PATIENCE_MS)
    expect(page.locator(".ck-item table")).to_be_visible(timeout=PATIENCE_MS)
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(
            (page.evaluate("document.activeElement.textContent.slice(0, 12)"), page.evaluate(width))
        )
        if reached[-1][0] == "Export today":
            break
    page.keyboard.press("Enter")

    expect(page.locator(".ck-export")).to_contain_text("part-00.parquet", timeout=PATIENCE_MS)
    expect(page.get_by_role("button", name="Export today")).to_be_focused()
    assert [name for name, _ in reached] == ["", "As JSON", "Attributes o", "Exact JSON", "Export today"]
    assert min(outline for _, outline in reached) >= 3


def test_the_collector_runs_beside(demo):
    """Other pages may send to it; the audience finds its page there, and nothing else."""
    address = demo.said(r"collector: (\S+)/clicks")[1]

    with urllib.request.urlopen(f"{address}/health") as answer:
        assert answer.status == 200
    forwarded = {"X-Forwarded-For": "203.0.113.7"}
    with urllib.request.urlopen(urllib.request.Request(f"{address}/", headers=forwarded)) as answer:
        assert answer.status == 200
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(urllib.request.Request(f"{address}/health", headers=forwarded))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_audience_is_invited_by_a_qr_code(demo, open_page, scheme):
    """Black on white also on a dark page, with the address in type that the last row reads."""
    page = open_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme)

    code = page.get_by_role("img", name=f"QR code: {PUBLIC_URL}").bounding_box()
    address = page.locator(".ck-address")

    expect(address).to_have_text(PUBLIC_URL)
    assert code["width"] == code["height"] >= 200
    assert address.evaluate("node => parseFloat(getComputedStyle(node).fontSize)") >= 40


def test_a_store_that_is_away_is_said_and_the_click_can_be_sent_again(demo, open_page):
    """The page keeps the click and its id."""
    page = open_page()
    click(page, "Reddit")
    before = len(demo.clicks())
    database = sqlite3.connect(demo.store_url.removeprefix("sqlite:///"))
    database.execute("alter table events rename to away")
    try:
        page.click('[data-button="Reddit"]')
        expect(page.locator('.ck-feedback[data-state="failed"]')).to_contain_text(
            "was not stored", timeout=PATIENCE_MS
        )
    finally:
        database.execute("alter table away rename to events")
        database.close()

    page.get_by_role("button", name="Send again").click()

    expect(page.locator('.ck-feedback[data-state="stored"]')).to_be_visible(timeout=PATIENCE_MS)
    assert len(demo.clicks()) == before + 1


def kernels(demo):
    """Return the processes of the demo's kernels."""
    return {one.pid for one in psutil.Process(demo.process.pid).children(recursive=True) if is_kernel(one)}


def is_kernel(process):
    """Tell whether a process is a kernel; one that has ended meanwhile is none."""
    try:
        return any("ipykernel" in word for word in process.cmdline())
    except psutil.NoSuchProcess:
        return False


def test_a_closed_page_leaves_no_kernel(demo, browser, wait_until):
    """The kernel that a page used ends when the page is left, which nothing may intercept."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(demo.url)
    click(page, "X")
    during = kernels(demo)

    page.goto("about:blank")

    wait_until(lambda: len(during - kernels(demo)) == 1, "the page's kernel to end")
    page.close()


def test_the_collector_is_started_again_and_the_show_goes_on(demo, wait_until):
    """The presenter reads that it fell and that it answers again."""
    address = demo.said(r"collector: (\S+)/clicks")[1]
    (collector,) = [one for one in psutil.Process(demo.process.pid).children() if "serve" in one.cmdline()]

    collector.kill()

    wait_until(lambda: demo.said("collector: ended by itself, started again"), "what is said")
    wait_until(lambda: demo.said("collector: answers again"), "the collector")
    with urllib.request.urlopen(f"{address}/health") as answer:
        assert answer.status == 200


def test_the_dashboards_lead_to_each_other(demo, open_page):
    """The page that is shown is marked."""
    page = open_page()
    links = page.get_by_role("navigation", name="Dashboards").get_by_role("link")

    assert links.all_inner_texts() == ["Tracker", "Live", "Report"]
    expect(links.first).to_have_attribute("aria-current", "page")
    page.get_by_role("link", name="Live").click()
    expect(page.locator(".ck-live-status")).to_have_attribute("data-kind", "live", timeout=PATIENCE_MS)


def test_ctrl_c_ends_it_cleanly_and_the_next_start_finds_the_data(demo, project, find_port, wait_until):
    """Exit status 0, no server left, and nothing simulated twice."""
    clicks = len(demo.clicks())

    assert demo.stop() == 0
    assert demo.said("ended; the next start finds the same data")
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(demo.url, timeout=5)

    again = Demo(demo.lake.parent, project, (find_port(), find_port()))
    try:
        wait_until(lambda: again.said("ready: "), "ready:", seconds=120)
        assert again.said(r"\(0 new\)")
        assert len(again.clicks()) == clicks
    finally:
        assert again.stop() == 0


def test_beyond_this_machine_only_the_token_opens_the_dashboards(project, find_port, tmp_path, wait_until):
    """Without it no page, no list of files and no kernel is reached."""
    guarded = Demo(tmp_path, project, (find_port(), find_port()), "--host", "127.0.0.2")
    try:
        wait_until(lambda: guarded.said("ready: "), "ready:", seconds=120)
        address, token = guarded.said(r"ready: (http://127\.0\.0\.2:\d+/)\?token=(\S{20,})").groups()

        for path in ("", "voila/render/tracker.ipynb", "voila/api/contents", "voila/tree"):
            answer = httpx.get(address + path)
            assert (answer.status_code, "login" in answer.headers.get("location", "")) in (
                (302, True),
                (403, False),
            )
        assert httpx.get(address, params={"token": "wrong"}).status_code == 302
        opened = httpx.get(f"{address}voila/render/tracker.ipynb", params={"token": token}, timeout=60)
        assert opened.status_code == 200
        assert token not in (tmp_path / "demo.log").read_text().replace(f"?token={token}", "")
    finally:
        assert guarded.stop() == 0
