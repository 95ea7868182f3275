"""What the tracker on a page captures and how it is served, in a real browser."""

import datetime as dt
import gzip
import urllib.request

import pytest
from playwright.sync_api import expect

OSLO = {"latitude": 59.91, "longitude": 10.75}
DEFINE = "Object.defineProperty({0}, '{1}', {{ get() {{ {2} }} }})"
WITHOUT_FETCH_AT_FIRST = """
if (location.pathname === "/" && !sessionStorage.visited) {
  sessionStorage.visited = true;
  window.fetch = () => new Promise(() => {});
}
"""
SIGNALS = {
    "gpc": DEFINE.format("Navigator.prototype", "globalPrivacyControl", "return true"),
    "dnt": DEFINE.format("Navigator.prototype", "doNotTrack", "return '1'"),
}


def test_the_collector_serves_the_module(site):
    """A script under 5 KB compressed, with its type, kept by the browser for some minutes."""
    with urllib.request.urlopen(f"{site.url}/tracker.js") as response:
        headers, body = response.headers, response.read()

    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "public, max-age=300"
    assert len(gzip.compress(body)) < 5_000


def test_elements_with_data_click_are_captured_by_mouse_and_keyboard(site, visit, wait_for_rows):
    """A click on whatever lies inside counts; the name is the attribute, the text, or the label."""
    page = visit()

    for selector in ("#other", "#icon", "#inner b", "#text i", "#bare"):
        page.click(selector)
    page.focus("#buy")
    page.keyboard.press("Enter")
    page.keyboard.press("Space")

    rows = wait_for_rows(6)
    assert [row["button"] for row in rows] == ["Buy", "Buy", "Read more", "Menu", "Buy", "Buy"]
    assert [row["x"] is None for row in rows] == [False, False, False, False, True, True]
    assert {row["page_url"] for row in rows} == {f"{site.url}/"}


@pytest.mark.parametrize("script", ["", WITHOUT_FETCH_AT_FIRST])
def test_a_click_in_the_moment_of_leaving_arrives_and_is_stored_once(site, visit, wait_for_rows, script):
    """By fetch or, where that does not return, by beacon; what nobody confirmed is sent again."""
    page = visit(script=script)

    page.click("#leave")

    page.wait_for_url("**/elsewhere")
    (row,) = wait_for_rows(1)
    page.goto(site.url)
    site.wait_for_empty_queue(page)
    assert row["button"] == "Leave"
    assert [again["id"] for again in site.rows()] == [row["id"]]
    assert {event["id"] for event in site.events()} == {row["id"]}


@pytest.mark.parametrize("signal", SIGNALS)
def test_with_a_privacy_signal_nothing_is_stored_queued_or_sent(site, visit, signal):
    """Global Privacy Control and Do Not Track need no option; what lay there before is removed."""
    page = visit("/elsewhere", SIGNALS[signal])
    page.evaluate("localStorage.setItem('clickkit.visitor', '\"me\"')")
    page.goto(site.url)

    page.click("#buy")
    tracked = site.track(page, "Buy")
    page.click("#leave")

    page.wait_for_url("**/elsewhere")
    assert (tracked, page.evaluate("localStorage.length"), site.posted) == (None, 0, [])


def test_a_session_ends_after_30_minutes_without_and_24_hours_with_events(site, visit, wait_until):
    """Visitor and sequence go on over reloads; a new session counts from 0."""
    page = visit()
    clock = dt.datetime.now(dt.UTC)
    for minutes in [0, 30, *[29] * 48, 20, 31]:
        clock += dt.timedelta(minutes=minutes)
        page.clock.set_fixed_time(clock)
        page.click("#buy")
    page.reload()
    page.clock.set_fixed_time(clock + dt.timedelta(minutes=1))
    page.click("#buy")

    wait_until(lambda: len({event["id"] for event in site.events()}) == 53, "53 events")
    events = sorted({event["id"]: event for event in site.events()}.values(), key=lambda e: e["timestamp"])
    assert len({event["visitorId"] for event in events}) == 1
    assert len({event["sessionId"] for event in events}) == 3
    assert [event["sequence"] for event in events] == [*range(50), 0, 0, 1]


def test_code_may_track_without_the_script_element(site, visit, wait_for_rows):
    """An import alone does nothing; a mistake in the fields reaches the console, not the page."""
    page = visit("/elsewhere")

    event = site.track(page, "Sign up", id="mine", properties={"plan": "free"})
    circle = "import('/tracker.js').then(({ track }) => { const a = {}; a.a = a; return track('B', a); })"

    (row,) = wait_for_rows(1)
    assert page.evaluate(circle) is None
    assert (row["id"], row["button"], row["properties"]) == (event["id"], "Sign up", '{"plan":"free"}')
    assert row["id"] != "mine"
    expect(page).to_have_title("Elsewhere")


def test_with_consent_the_place_goes_along(visit, wait_for_rows):
    """A page offers the consent of the widget."""
    page = visit(permissions=["geolocation"], geolocation=OSLO)
    page.evaluate(
        "async () => { const { start, createConsent } = await import('/tracker.js');"
        " await new Promise((shared) => { const consent = createConsent(({ state }) => state === 'shared' &&"
        " shared()); start({ consent }); consent.allow(); }); }"
    )

    page.click("#buy")

    (row,) = wait_for_rows(1)
    assert (row["location"]["city"], row["location"]["country_code"]) == ("Oslo", "NO")
