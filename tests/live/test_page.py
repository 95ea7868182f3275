"""The live dashboard under Voila, in a real browser that reaches this machine only."""

import datetime as dt
import re
import sqlite3
import threading
import uuid

import pytest
from playwright.sync_api import expect

from clickkit import Device, Event, Location, connect

PATIENCE_MS = 90_000
SHOWN = 20
NAUGHTY = "<img src=x onerror=\"document.title='hacked'\">'\"&amp;\u202e\U0001f9e8"


class Clicks:
    """A store that clicks of now are put into."""

    def __init__(self, folder):
        self.file = str(folder / "clicks.db")
        self.store = connect(f"sqlite:///{self.file}")

    def put(self, button="Sign up", **fields):
        """Store a click of now."""
        now = dt.datetime.now(dt.UTC)
        defaults = {"timestamp": now, "received_at": now, "page_url": "https://example.com/"}
        defaults["device"] = Device(type="mobile", platform="iOS")
        self.store.put([Event(id=uuid.uuid4().hex, button=button, **defaults | fields)])

    def stored(self):
        """Return how many clicks of today the store has."""
        return sum(batch.num_rows for batch in self.store.scan(dt.datetime.now(dt.UTC).date()))


@pytest.fixture(scope="module")
def clicks(tmp_path_factory):
    """Return a store with one click in it."""
    clicks = Clicks(tmp_path_factory.mktemp("live"))
    clicks.put()
    yield clicks
    clicks.store.close()


@pytest.fixture(scope="module")
def opened(browser, clicks, serving_voila, find_port, tmp_path_factory):
    """Return a page with the dashboard; it notes what it sends, and what may not be.

    A request to another machine, a dialog or an error in a script may not be.
    """
    settings = {
        "CLICKKIT_STORE": clicks.store.url,
        "CLICKKIT_COLLECTOR_URL": f"http://127.0.0.1:{find_port()}",
    }
    log = tmp_path_factory.mktemp("voila") / "voila.log"
    with serving_voila("live.ipynb", log, **settings) as served, browser.new_context() as context:
        page = context.new_page()
        page.sent, page.wrong = [], []
        context.on("weberror", lambda raised: page.wrong.append(str(raised.error)))
        page.on("dialog", lambda dialog: (page.wrong.append(dialog.message), dialog.dismiss()))
        page.on("websocket", lambda one: one.on("framesent", lambda frame: page.sent.append(str(frame))))
        page.set_default_timeout(PATIENCE_MS)
        context.route(
            lambda url: not url.startswith((served, "data:", "blob:")),
            lambda route: (page.wrong.append(route.request.url), route.abort()),
        )
        page.goto(served)
        yield page


@pytest.fixture
def page(opened):
    """Return the page when it is live."""
    expect(opened.locator(".ck-live-status [role=status]")).to_have_text("Live", timeout=PATIENCE_MS)
    yield opened
    assert opened.wrong == []


def total(page):
    """Return the locator of the clicks today."""
    return page.locator(".ck-live-tile").first.locator(".ck-live-value")


def shown(page):
    """Return the clicks today, as the page shows them."""
    return int(total(page).inner_text().replace(",", ""))


def test_each_click_is_shown_and_counted(clicks, page):
    """Whenever it comes between two readings; `python -m bench.show` measures how soon."""
    for number in range(5):
        name = f"Click {number} {uuid.uuid4().hex[:6]}"
        page.wait_for_timeout(number * 83)
        clicks.put(name)
        expect(page.locator(".ck-live-newest-list b").first).to_have_text(name)

    assert shown(page) == clicks.stored()
    expect(page.get_by_text("as many as the store has")).to_be_visible()
    latency = page.locator(".ck-live-tile").nth(3)
    expect(latency).to_contain_text(re.compile(r"\d+ ms\s*p95 \d+ ms"))


def test_the_total_equals_the_stores_whatever_comes(clicks, page):
    """Four writers at once, some clicks hours late, some twice; at the end both have the same number."""
    midnight = dt.datetime.combine(dt.datetime.now(dt.UTC).date(), dt.time(), dt.UTC)

    def write():
        for number in range(60):
            now = dt.datetime.now(dt.UTC)
            late = midnight if number % 20 == 7 else max(midnight, now - dt.timedelta(seconds=number % 9))
            event = Event(id=uuid.uuid4().hex, button="Many", timestamp=late, page_url="https://example.com/")
            clicks.store.put([event])
            clicks.store.put([event])

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    expected = clicks.stored()
    expect(total(page)).to_have_text(f"{expected:,}", timeout=20_000)


def test_names_are_text(clicks, page):
    """Whatever a button, a city or a country is called, nothing of it is markup."""
    place = Location(city=NAUGHTY, country="</script><b>Bold</b>", country_code="<b")
    for _ in range(3):
        clicks.put(NAUGHTY, location=place, device=Device(type="<i>", platform="${1}"))

    newest = page.locator(".ck-live-newest-list li").first
    expect(newest.locator("b")).to_have_text(NAUGHTY)
    expect(newest.locator(".ck-hint")).to_have_text(f"{NAUGHTY}, </script><b>Bold</b> · <i> · ${{1}}")
    expect(page.locator(".ck-live-countries")).to_contain_text("</script><b>Bold</b>")
    assert page.locator(".ck-live img, .ck-live-bars b, .ck-live script").count() == 0
    assert page.title() != "hacked"


def test_naughty_strings_are_text(clicks, page, naughty_strings):
    """Each in turn as button, city and platform, twenty at a time, and the page goes on."""
    for start in range(0, len(naughty_strings), SHOWN):
        names = naughty_strings[start : start + SHOWN]
        now, step = dt.datetime.now(dt.UTC), dt.timedelta(microseconds=1)
        clicks.store.put(
            [
                Event(
                    id=uuid.uuid4().hex,
                    button=name,
                    timestamp=now + number * step,
                    page_url=name,
                    device=Device(platform=name),
                    location=Location(city=name),
                )
                for number, name in enumerate(names)
            ]
        )
        page.wait_for_function(
            """(names) => {
                const rows = [...document.querySelectorAll(".ck-live-newest-list li")].slice(0, names.length);
                const shown = (row, selector) => row.querySelector(selector).textContent;
                return rows.every((row, at) => shown(row, "b") === names[at]
                    && shown(row, ".ck-hint") === `${names[at]} · ${names[at]}`);
            }""",
            arg=names[::-1],
        )

    assert page.locator(".ck-live :is(script, img, iframe, audio, video, style, a, form)").count() == 0
    expect(total(page)).to_have_text(f"{clicks.stored():,}")


def test_axe_finds_nothing(clicks, page, find_violations_everywhere):
    """While clicks come, and while it is paused."""
    clicks.put(location=Location(city="Oslo", country="Norway", country_code="NO"))
    expect(page.locator(".ck-live-newest-list .ck-hint").first).to_contain_text("Oslo")
    live = find_violations_everywhere(page)

    page.get_by_role("button", name="Pause").click()
    paused = find_violations_everywhere(page)
    page.get_by_role("button", name="Resume").click()

    assert (live, paused) == ([], [])


def test_a_country_is_on_the_map(clicks, page):
    """Norway as a shape, Singapore as a point."""
    clicks.put(location=Location(city="Oslo", country="Norway", country_code="NO"))
    clicks.put(location=Location(city="Singapore", country="Singapore", country_code="SG"))

    expect(page.locator(".ck-live-map path[data-clicked] title")).to_have_text("Norway: 1")
    expect(page.locator(".ck-live-map circle[data-clicked] title")).to_have_text("Singapore: 1")


def test_paused_it_holds_and_resumed_it_catches_up(clicks, page):
    """By keyboard; no number changes while it is paused."""
    pause = page.get_by_role("button", name="Pause")
    pause.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".ck-live-status")).to_contain_text(re.compile(r"Paused, showing \d\d:\d\d:\d\d"))
    before = page.locator(".ck-live").inner_text()
    clicks.put("While paused")
    page.wait_for_timeout(1500)  # three updates would have come
    assert page.locator(".ck-live").inner_text() == before

    page.keyboard.press("Enter")

    expect(page.locator(".ck-live-newest-list b").first).to_have_text("While paused")
    expect(total(page)).to_have_text(f"{clicks.stored():,}")


def test_a_paused_page_still_says_that_it_is_there(page):
    """Every few seconds, or its task would end."""
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    page.wait_for_timeout(1000)
    page.sent.clear()

    page.wait_for_timeout(6500)

    assert 1 <= sum("alive" in frame for frame in page.sent) <= 2
    assert not [frame for frame in page.sent if "shown" in frame]
    page.get_by_role("button", name="Resume").click()


def test_a_collector_that_is_away_is_named(page):
    """Clicks may still come from elsewhere, so the page goes on."""
    collector = page.locator(".ck-live-collector")
    expect(collector).to_contain_text("Collector does not answer at http://127.0.0.1:")
    expect(collector).to_contain_text("Connection refused")


def test_while_the_store_is_away_it_says_so_and_goes_on_by_itself(clicks, page):
    """The last numbers stay, with their time and the reason."""
    before = shown(page)
    database = sqlite3.connect(clicks.file)
    database.execute("alter table events rename to away")
    try:
        away = page.get_by_text(re.compile(r"Showing \d\d:\d\d:\d\d, the store is away: .*no such table"))
        expect(away).to_be_visible(timeout=5_000)
        assert shown(page) == before
    finally:
        database.execute("alter table away rename to events")
        database.close()
    clicks.put("Back")

    expect(page.locator(".ck-live-status [role=status]")).to_have_text("Live", timeout=5_000)
    expect(page.locator(".ck-live-newest-list b").first).to_have_text("Back")


def test_updates_write_in_place_and_leave_nothing_behind(clicks, page):
    """The same nodes all the time: no row, shape or text node is added however many clicks come."""
    count = "() => document.querySelectorAll('.ck-live *').length"
    expect(page.locator(".ck-live-newest-list li").first).to_be_visible()
    page.evaluate("""() => {
        window.added = 0;
        new MutationObserver((changes) => {
            for (const change of changes)
                window.added += [...change.addedNodes].filter((node) => node.nodeType === 1).length;
        }).observe(document.querySelector('.ck-live'), { childList: true, subtree: true });
    }""")
    before = page.evaluate(count)
    for _ in range(10):
        clicks.put(f"Button {uuid.uuid4().hex[:4]}")
        page.wait_for_timeout(150)
    expect(total(page)).to_have_text(f"{clicks.stored():,}")

    assert page.evaluate(count) == before
    assert page.evaluate("window.added") == 0


def test_a_screen_reader_hears_the_total_at_most_every_ten_seconds(clicks, page):
    """Everything that changes every second is silent."""
    page.evaluate("""() => {
        window.spoken = [];
        const told = { childList: true, characterData: true, subtree: true };
        for (const node of document.querySelectorAll('.ck-live [role=status], .ck-live [aria-live]'))
            new MutationObserver(() => window.spoken.push(node.textContent)).observe(node, told);
    }""")
    for _ in range(12):
        clicks.put()
        page.wait_for_timeout(250)

    assert len(page.evaluate("window.spoken")) <= 1
    assert re.fullmatch(
        r"[\d,]+ clicks today, [\d,]+ sessions now", page.locator(".ck-live-spoken").inner_text()
    )


@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
def test_nothing_is_wider_than_the_page(page, width):
    """From a phone to a projector, once the charts have followed."""
    page.set_viewport_size({"width": width, "height": 900})

    page.wait_for_function("""() => [...document.querySelectorAll('.ck-live > .ck-card')]
        .every((card) => card.getBoundingClientRect().right <= innerWidth
            && card.scrollWidth <= card.clientWidth)""")
    page.wait_for_function("document.body.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_has_one_colour_beside_the_cards(page, scheme):
    """Also on a projector that is wider than the cards."""
    page.emulate_media(color_scheme=scheme)
    colours = (
        "['body', '#main'].map((name) => getComputedStyle(document.querySelector(name)).backgroundColor)"
    )

    beside, behind = page.evaluate(colours)

    assert beside == behind == {"light": "rgb(245, 246, 248)", "dark": "rgb(15, 18, 22)"}[scheme]


def test_with_reduced_motion_nothing_moves(clicks, page):
    """No animation runs, not even for a new click."""
    page.emulate_media(reduced_motion="reduce")
    page.wait_for_function("document.getAnimations().length === 0")
    clicks.put("Calm")
    expect(page.locator(".ck-live-newest-list b").first).to_have_text("Calm")

    assert page.evaluate("document.getAnimations().length") == 0
