"""The report's page, asked as a widget and under Voila in a real browser that reaches this machine only."""

import csv
import datetime as dt
import io
import time
from contextlib import closing

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import TimeoutError, expect

from clickkit import Device, Event, Location, connect, export, read_lake, simulate
from clickkit.event import SCHEMA
from clickkit.report.dashboard import report_dashboard

PATIENCE_MS = 90_000  # a busy machine starts a kernel slowly
DAY = dt.date(2026, 11, 22)
NAUGHTY = '<img src=x onerror="alert(1)">'


def ask(page, wait_until, **asked):
    """Ask as the page does, and return what it shows as progress and report."""
    page._handle_custom_msg({"kind": "ask", "asked": asked}, [])
    wait_until(lambda: not page._answering, "the report")
    return page.progress, page.report


def download(page, wait_until, file_format):
    """Pull a file as the page does, and return every message and the content."""
    messages, content = [], b""

    def send(message, buffers=()):
        nonlocal content
        content += b"".join(buffers)
        messages.append(message)

    page.send = send
    page._handle_custom_msg({"kind": "download", "format": file_format, "view": "v"}, [])
    seen = 0
    while True:
        wait_until(lambda: len(messages) > seen, "a piece")  # noqa: B023
        seen += 1
        if messages[-1]["kind"] in ("end", "refused"):
            return messages, content
        page._handle_custom_msg({"kind": "next", "view": "v"}, [])


def test_an_error_is_said_and_the_next_question_is_answered(filled, wait_until):
    """Reversed, missing and damaged: the page goes on."""
    page = report_dashboard(filled)
    part = filled / "clicks/year=2026/month=11/day=21/part-00.parquet"
    whole = part.read_bytes()

    reversed_range, nothing = ask(page, wait_until, days="", since="2026-11-22", until="2026-11-16")
    part.write_bytes(b"damaged")
    damaged, _ = ask(page, wait_until)
    part.write_bytes(whole)
    fine, report = ask(page, wait_until)

    assert reversed_range["failed"]
    assert "reversed" in reversed_range["message"]
    assert nothing == {}
    assert damaged["failed"]
    assert "export the day of a damaged part again" in damaged["message"]
    assert (fine["failed"], fine["message"]) == (False, "Shown: 2026-11-16 to 2026-11-22.")
    assert report["totals"][0][1] == 17


def test_damage_inside_a_part_is_said(sqlite_store, tmp_path, wait_until):
    """Its end is whole, so it is found only when its rows are read."""
    sqlite_store.put(list(simulate(DAY, DAY)))
    export(sqlite_store, tmp_path / "lake", DAY, DAY)
    part = tmp_path / "lake/clicks/year=2026/month=11/day=22/part-00.parquet"
    content = part.read_bytes()
    part.write_bytes(content[:4] + b"\xff" * (len(content) // 2) + content[4 + len(content) // 2 :])
    page = report_dashboard(tmp_path / "lake")

    progress, report = ask(page, wait_until)

    assert progress["failed"]
    assert "`clickkit lake verify` names what is damaged" in progress["message"]
    assert report == {}


def test_a_missing_lake_is_said_and_found_when_it_is_there(sqlite_store, tmp_path, wait_until):
    """Refresh is all it takes."""
    page = report_dashboard(tmp_path / "lake")

    missing, _ = ask(page, wait_until)
    held = page.held
    sqlite_store.put(list(simulate(DAY, DAY, visitors=3)))
    export(sqlite_store, tmp_path / "lake", DAY, DAY)
    found, report = ask(page, wait_until)

    assert missing["failed"]
    assert "no lake at" in missing["message"]
    assert "clickkit export" in missing["message"]
    assert held == {}
    assert not found["failed"]
    assert report["range"] == {"since": "2026-11-22", "until": "2026-11-22", "counted": "all"}


def test_the_newest_question_wins(filled, wait_until):
    """Whoever clicks three times waits for one answer."""
    page = report_dashboard(filled)

    for days in ("7", "30", "7"):
        page._handle_custom_msg({"kind": "ask", "asked": {"days": days}}, [])
    ask(page, wait_until, days="all", counted="recorded")

    assert page.report["days"] == "all"
    assert page.report["range"]["counted"] == "recorded"
    assert page.report["totals"][0][1] == 21


def test_another_range_takes_less_than_two_seconds(filled, wait_until):
    """Of the processor, which a busy machine does not change; the first answer warms up what draws."""
    page = report_dashboard(filled)
    ask(page, wait_until)
    start = time.process_time()

    ask(page, wait_until, days="all")

    assert time.process_time() - start < 2
    assert page.report["range"]["since"] == "2026-11-09"


def test_too_many_events_are_refused_with_the_statement_instead(filled, wait_until):
    """A browser has its limits; the same range one event smaller is taken."""
    page = report_dashboard(filled, most_rows=17)
    ask(page, wait_until)
    (refused,), content = download(page, wait_until, "csv")

    page = report_dashboard(filled, most_rows=18)
    ask(page, wait_until)
    begin, *_, end = download(page, wait_until, "csv")[0]

    assert "18 events are too many for a browser, which takes 17: choose fewer days" in refused["message"]
    assert refused["statement"].startswith("copy (from read_parquet('")
    assert content == b""
    assert (begin["name"], begin["rows"]) == ("clicks-2026-11-16-2026-11-22.csv", 18)
    assert end["kind"] == "end"


def test_a_download_that_fails_is_said(filled, wait_until):
    """The lake may have changed since the page was drawn."""
    page = report_dashboard(filled)
    (early,), _ = download(page, wait_until, "csv")
    ask(page, wait_until)
    (filled / "clicks/year=2026/month=11/day=21/part-00.parquet").write_bytes(b"damaged")

    messages, _ = download(page, wait_until, "parquet")

    assert "nothing to download yet" in early["message"]
    assert messages[-1]["kind"] == "refused"
    assert "export the day of a damaged part again" in messages[-1]["message"]


@pytest.fixture(scope="module")
def served(browser, tmp_path_factory, serving_voila, make_lake):
    """Serve the notebook by Voila; return its address, the lake and its store."""
    folder = tmp_path_factory.mktemp("report")
    store, lake = make_lake(folder)
    log = folder / "voila.log"
    with closing(store), serving_voila("report.ipynb", log, CLICKKIT_LAKE=str(lake)) as url:
        yield url, lake, store, log


@pytest.fixture(scope="module")
def make_lake():
    """Return a function that makes a lake of 40 simulated days and a few naughty clicks, and its store."""

    def make_lake(folder):
        first = DAY - dt.timedelta(days=39)
        store = connect(f"sqlite:///{folder / 'clicks.db'}")
        events = list(simulate(first, DAY, visitors=20))
        naughty = [NAUGHTY, "=HYPERLINK(1)", "@x", "+1", "-1", 'a "b", c\nd', "Ærø 🎉"]
        events += [
            type(event)(
                id=f"n{number}",
                button=button,
                timestamp=event.timestamp,
                page_url="https://example.com/",
                visitor_id=f"n{number}",
                referrer=button,
            )
            for number, (button, event) in enumerate(zip(naughty * 30, events[-210:], strict=True))
        ]
        store.put(events)
        export(store, folder / "lake", first, DAY)
        return store, folder / "lake"

    return make_lake


@pytest.fixture
def open_page(served, browser):
    """Return a function that opens the report; a request to another machine and a dialog are failures."""
    contexts, forbidden = [], []

    def open_page(**options):
        context = browser.new_context(**options)
        contexts.append(context)
        context.route(
            lambda url: not url.startswith(served[0]),
            lambda route: (forbidden.append(route.request.url), route.abort()),
        )
        page = context.new_page()
        page.on("dialog", lambda dialog: (forbidden.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: forbidden.append(str(error)))
        page.set_default_timeout(PATIENCE_MS)
        page.goto(served[0])
        try:
            page.wait_for_selector(".ck-figures figure")
        except TimeoutError:
            pytest.fail(f"no figures: {page.inner_text('body')}\n{served[3].read_text()[-5000:]}")
        return page

    expect.set_options(timeout=PATIENCE_MS)
    yield open_page
    expect.set_options(timeout=5_000)
    for context in contexts:
        context.close()
    assert [text for text in forbidden if not text.startswith(("data:", "blob:"))] == []


def taken(page, button):
    """Press a download button; return the file's name and content."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button).click()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


def test_downloads_equal_the_lake(served, open_page):
    """Every row and column of the range, in both forms; a formula has a ' in front."""
    page = open_page(accept_downloads=True)
    events = read_lake(served[1], DAY - dt.timedelta(days=6), DAY)
    expected = events.project(", ".join(SCHEMA.names)).to_arrow_table()

    csv_name, as_csv = taken(page, "Download CSV")
    parquet_name, as_parquet = taken(page, "Download Parquet")
    rows = list(csv.DictReader(io.StringIO(as_csv.decode("utf-8-sig"), newline="")))

    assert csv_name == "clicks-2026-11-16-2026-11-22.csv"
    assert parquet_name == "clicks-2026-11-16-2026-11-22.parquet"
    assert pq.read_table(io.BytesIO(as_parquet)) == expected
    assert [row["id"] for row in rows] == expected["id"].to_pylist()
    harmless = {text: f"'{text}" for text in ("=HYPERLINK(1)", "@x", "+1", "-1")}
    for row, event in zip(rows, expected.to_pylist(), strict=True):
        assert row["button"] == harmless.get(event["button"], event["button"])
        assert row["timestamp"] == event["timestamp"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        assert row["device.browser"] == ((event["device"] or {}).get("browser") or "")
        longitude = (event["location"] or {}).get("longitude")
        assert (float(row["location.longitude"] or "nan") == longitude) == (longitude is not None)
    assert harmless["@x"] in {row["button"] for row in rows}
    expect(page.locator(".ck-files")).to_contain_text(f"{expected.num_rows:,} events")


def test_names_are_shown_as_text(open_page):
    """Neither picture nor table runs what a visitor sent."""
    page = open_page()

    page.locator("figure", has_text="By button").get_by_text("As a table").click()

    expect(page.locator("figure", has_text="By button").locator("tbody")).to_contain_text(NAUGHTY)
    assert page.locator(".ck-report img").count() == 0


def test_another_range_shows(open_page):
    """By a preset, which then looks pressed."""
    page = open_page()

    for name, days in (("Last 30 days", 30), ("Everything", 40), ("Last 7 days", 7)):
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("img", name=f"clicks, {days} days")).to_be_visible()
        assert page.get_by_role("button", name=name).get_attribute("aria-pressed") == "true"


def test_a_reversed_range_is_said_and_the_page_goes_on(open_page):
    """By keyboard alone: two dates, Enter, and again."""
    page = open_page()

    page.get_by_label("From", exact=True).fill("2026-11-20")
    page.get_by_label("To", exact=True).fill("2026-11-17")
    page.keyboard.press("Enter")
    expect(page.locator(".ck-message")).to_have_text(
        "The range is reversed: 2026-11-20 lies after 2026-11-17. Swap the two days."
    )
    assert not page.locator(".ck-answer").is_visible()
    page.get_by_label("To", exact=True).fill("2026-11-21")
    page.keyboard.press("Enter")

    expect(page.get_by_role("img", name="clicks, 2 days")).to_be_visible()
    assert page.locator(".ck-message").inner_text() == "Shown: 2026-11-20 to 2026-11-21."


def test_axe_finds_nothing(open_page, find_violations_everywhere):
    """With a figure's table unfolded, and after an error."""
    page = open_page()
    figure = page.locator("figure", has_text="By button")
    figure.get_by_text("As a table").click()
    expect(figure.locator("tbody")).to_be_visible()
    shown = find_violations_everywhere(page)

    page.get_by_label("From", exact=True).fill("2026-11-20")
    page.get_by_label("To", exact=True).fill("2026-11-17")
    page.keyboard.press("Enter")
    expect(page.locator(".ck-message")).to_contain_text("The range is reversed")

    assert (shown, find_violations_everywhere(page)) == ([], [])


def test_the_page_fits_every_screen(open_page, check_screens):
    """Nothing is wider than the window, on a phone or a projector, light or dark."""
    check_screens(open_page(viewport={"width": 1920, "height": 800}, color_scheme="dark"))


def test_a_late_click_shows_after_refresh(served, open_page, make_event):
    """The choice of days and sources stays; the digest is that of the new manifests."""
    _, lake, store, _ = served
    page = open_page()
    page.locator(".ck-report select").select_option("recorded")
    expect(page.locator(".ck-total").first).to_have_text("210")
    digest = page.locator(".ck-origin").inner_text()

    store.put([make_event("late", timestamp=dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC), visitor_id="l")])
    export(store, lake, "2026-11-20", "2026-11-20")
    page.get_by_role("button", name="Refresh").click()

    expect(page.locator(".ck-total").first).to_have_text("211")
    assert page.locator(".ck-report select").input_value() == "recorded"
    assert page.locator(".ck-origin").inner_text() != digest


def test_naughty_strings_are_text(served, open_page, naughty_strings):
    """As buttons, cities and devices of a day of their own, of six visitors each: no place is hidden."""
    _, lake, store, _ = served
    day = DAY + dt.timedelta(days=1)
    events = [
        Event(
            id=f"{number}-{visitor}",
            button=name,
            timestamp=dt.datetime.combine(day, dt.time(12), dt.UTC),
            page_url=f"https://{name}.example/",
            visitor_id=f"{number}-{visitor}",
            location=Location(city=name, country=name),
            device=Device(type=name, browser=name),
        )
        for number, name in enumerate(naughty_strings)
        for visitor in range(6)
    ]
    store.put(events)
    export(store, lake, day, day)
    page = open_page()

    page.get_by_label("From", exact=True).fill(str(day))
    page.get_by_label("To", exact=True).fill(str(day))
    page.keyboard.press("Enter")
    expect(page.locator(".ck-total").first).to_have_text(f"{len(events):,}")
    for summary in page.get_by_text("As a table").all():
        summary.click()

    shown = page.locator("figure", has_text="By button").locator("tbody td:first-child").all_text_contents()
    assert len(shown) > 10
    assert set(naughty_strings).issuperset(shown[:10])
    assert page.locator(".ck-report :is(script, img, iframe, audio, video, style, a)").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
