"""The audience page in a real browser that reaches the collector only."""

import statistics
import urllib.request

import httpx
import pytest
from playwright.sync_api import expect

from clickkit.capture.audience import audience_page
from clickkit.capture.place_sources import parse_place_sources
from clickkit.capture.sites import SITES, Site

OSLO = {"latitude": 59.9139, "longitude": 10.7522}
NORWAY = {
    **dict.fromkeys(("city", "region", "latitude", "longitude")),
    **{"country": "Norway", "country_code": "NO", "source": "timezone"},
}
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Mobile/15E148 Safari/604.1"
)
SIGNALS = {
    "gpc": "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get() { return true } })",
    "dnt": "Object.defineProperty(Navigator.prototype, 'doNotTrack', { get() { return '1' } })",
}
COUNT_POSITIONS = """window.positions = 0;
const ask = Geolocation.prototype.getCurrentPosition;
Geolocation.prototype.getCurrentPosition = function (...given) {
  positions += 1;
  return ask.apply(this, given);
}"""
NAUGHTY = [
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    '"><svg onload=window.hacked=1>',
    "</style><b id=hacked>",
    "javascript:window.hacked=1",
    "${window.hacked = 1}",
    "&lt;b&gt; &amp;amp;",
    "'; drop table events; --",
    "ﷺ‮ Zalgo t̨͙o̯ 👩‍👩‍👧 \u202eabc",
    "nul\\u0000 %00 %s {0} $style",
]
MEASURE = """async (name) => {
  const button = document.querySelector(`[data-name="${name}"]`), last = document.querySelector("#last");
  const answered = new Promise((resolve) => new MutationObserver(() =>
    last.dataset.state === "accepted" && resolve(performance.now())).observe(last, { attributes: true }));
  const tapped = performance.now();
  button.click();
  return (await answered) - tapped;
}"""


@pytest.fixture
def visit(browser):
    """Return a function that opens the page; what it asks of others than the collector is a failure."""
    contexts, outside, errors = [], [], []

    def visit(collector, script="", alter=None, **options):
        context = browser.new_context(**{"timezone_id": "Europe/Oslo"} | options)
        contexts.append(context)
        context.on("weberror", lambda raised: errors.append(str(raised.error)))
        context.route(
            lambda url: not url.startswith((collector.url, "data:")),
            lambda route: (outside.append(route.request.url), route.abort()),
        )
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.requests = []
        page.on("request", lambda request: page.requests.append((request.method, request.url)))
        if alter:
            page.route(f"{collector.url}/", lambda route: route.fulfill(**alter))
        page.goto(f"{collector.url}/")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert (outside, errors) == ([], [])


def tap(page, name, state="accepted"):
    """Tap a site's button, and wait until the page says what became of it."""
    page.get_by_role("button", name=name, exact=True).click()
    expect(page.locator("#last")).to_have_attribute("data-state", state)
    expect(page.locator("#feedback b")).to_have_text(name)


def test_one_request_draws_every_button(collector, visit):
    """Scripts, styles and icons come along; under 30 KB as it is, under 10 KB gzipped."""
    page = visit(collector)

    names = page.get_by_role("button").all_inner_texts()
    sizes = page.eval_on_selector_all(".ck-site svg", "all => all.map((svg) => svg.getBBox().width)")
    plain = httpx.get(collector.url, headers={"Accept-Encoding": "identity"})
    gzipped = httpx.get(collector.url, headers={"Accept-Encoding": "gzip"})
    assert page.requests == [("GET", f"{collector.url}/")]
    assert names == [site.button for site in SITES]
    assert len(sizes) == len(SITES)
    assert min(sizes) > 40
    assert plain.text == gzipped.text
    assert (gzipped.headers["content-encoding"], gzipped.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert len(plain.content) < 30_000
    assert int(gzipped.headers["content-length"]) < 10_000


def test_every_tap_is_answered_and_stored_once(collector, visit):
    """With the device, and the page of the site as the Voila tracker has it; of the place the time zone's."""
    page = visit(collector, user_agent=IPHONE, viewport={"width": 390, "height": 844}, has_touch=True)

    for site in SITES:
        tap(page, site.button)
    tap(page, "Google")

    rows = collector.rows()
    named = [(site.button, site.page_url) for site in [*SITES, SITES[0]]]
    assert [(row["button"], row["page_url"]) for row in rows] == named
    assert [row["sequence"] for row in rows] == list(range(13))
    assert {(row["device"]["type"], row["device"]["platform"]) for row in rows} == {("mobile", "iOS")}
    assert [row["location"] for row in rows] == [NORWAY] * len(rows)
    expect(page.locator("#tally")).to_have_text("13 accepted · 0 kept · 0 not sent")
    expect(page.locator('[data-name="Google"] .ck-count')).to_have_text("2")
    expect(page.locator("#connection")).to_have_text("Connected")


def test_a_tap_is_answered_within_a_second(collector, visit):
    """Durable and said so; half of twelve taps, for a machine that does other things too."""
    page = visit(collector)

    waited = [page.evaluate(MEASURE, site.button) for site in SITES]

    assert statistics.median(waited) < 1_000


def test_whoever_declines_sends_nothing_until_they_change_their_mind(collector, visit):
    """It is remembered by the browser, and nothing else is."""
    page = visit(collector)
    tap(page, "Google")

    page.get_by_role("switch", name="Send my clicks").uncheck()
    tap(page, "YouTube", "refused")
    page.reload()
    tap(page, "Reddit", "refused")

    expect(page.get_by_role("switch", name="Send my clicks")).not_to_be_checked()
    expect(page.get_by_role("switch", name="Add my rough place")).to_be_disabled()
    expect(page.locator("#feedback")).to_contain_text("not sent: you declined")
    expect(page.locator("#connection")).to_have_text("Declined: nothing is sent")
    assert page.evaluate("Object.keys(localStorage)") == ["clickkit-opt-out"]
    assert len(collector.posted) == 1

    page.get_by_role("switch", name="Send my clicks").check()
    tap(page, "GitHub")

    assert {row["button"] for row in collector.rows()} == {"Google", "GitHub"}
    assert page.evaluate("localStorage.getItem('clickkit-opt-out')") is None


def test_declining_deletes_what_waits_for_the_collector(collector, visit):
    """Also what was tapped before is not sent then."""
    page = visit(collector)
    collector.stop()
    tap(page, "Google", "waiting")

    page.get_by_role("switch", name="Send my clicks").uncheck()
    collector.start()
    page.reload()
    page.get_by_role("switch", name="Send my clicks").check()
    tap(page, "GitHub")

    assert [row["button"] for row in collector.rows()] == ["GitHub"]


@pytest.mark.parametrize("signal_name", SIGNALS)
def test_a_browser_that_asks_for_privacy_is_told_that_it_has_it(collector, visit, signal_name):
    """Global Privacy Control and Do Not Track cannot be overridden by a switch."""
    page = visit(collector, SIGNALS[signal_name])

    tap(page, "Google", "refused")

    expect(page.get_by_role("switch", name="Send my clicks")).to_be_disabled()
    expect(page.get_by_role("switch", name="Send my clicks")).not_to_be_checked()
    expect(page.locator("#feedback")).to_contain_text("not sent: your browser asks for privacy")
    assert (collector.posted, page.evaluate("localStorage.length")) == ([], 0)


def test_a_privacy_signal_that_only_the_collector_sees_is_shown(collector, visit):
    """Some browsers send the header and tell the page nothing."""
    page = visit(collector, extra_http_headers={"Sec-GPC": "1"})

    tap(page, "Google", "refused")

    expect(page.locator("#feedback")).to_contain_text("not accepted: your browser asks for privacy")
    expect(page.locator("#tally")).to_have_text("0 accepted · 0 kept · 1 not sent")
    assert collector.rows() == []


def test_what_is_tapped_in_an_outage_is_kept_and_sent_later(collector, visit):
    """Three taps with the collector down, then up again: three clicks, once each."""
    page = visit(collector)
    tap(page, "Google")
    collector.stop()
    for name in ("X", "Amazon", "LinkedIn"):
        tap(page, name, "waiting")
    expect(page.locator("#connection")).to_have_text("No connection")
    expect(page.locator("#tally")).to_have_text("1 accepted · 3 kept · 0 not sent")

    collector.start()

    expect(page.locator("#tally")).to_have_text("4 accepted · 0 kept · 0 not sent", timeout=20_000)
    expect(page.locator("#connection")).to_have_text("Connected")
    rows = collector.rows()
    assert [row["button"] for row in rows] == ["Google", "X", "Amazon", "LinkedIn"]


def test_a_phone_that_is_back_online_sends_without_a_long_wait(collector, visit):
    """The back-off may have grown to a minute by then."""
    page = visit(collector)
    page.clock.install()
    page.context.set_offline(True)
    tap(page, "Google", "waiting")
    expect(page.locator("#connection")).to_have_text("No connection")

    page.context.set_offline(False)

    expect(page.locator("#last")).to_have_attribute("data-state", "accepted")  # and no timer ran
    assert [row["button"] for row in collector.rows()] == ["Google"]


def test_a_busy_collector_is_named_and_asked_again(collector, visit):
    """503 keeps the click, and the Retry-After is waited for."""
    page = visit(collector)
    busy = {"status": 503, "body": "{}", "headers": {"Retry-After": "1"}}
    page.route("**/clicks?*", lambda route: route.fulfill(**busy), times=1)

    tap(page, "Google", "waiting")

    expect(page.locator("#connection")).to_have_text("Collector is busy (503)")
    expect(page.locator("#last")).to_have_attribute("data-state", "accepted", timeout=10_000)
    assert len(collector.rows()) == 1


def test_the_position_is_asked_for_after_the_switch_and_rounded(collector, visit):
    """59.9139 N 10.7522 E is kept as Oslo, 59.9 N 10.8 E, and no longer than the switch is on."""
    page = visit(collector, COUNT_POSITIONS, permissions=["geolocation"], geolocation=OSLO)
    place = page.get_by_role("switch", name="Add my rough place")
    tap(page, "Google")
    before = page.evaluate("positions")

    place.check()
    expect(page.locator("#place-hint")).to_contain_text("your city and country go with each click")
    tap(page, "YouTube")
    place.uncheck()
    tap(page, "Reddit")

    rows = collector.rows()
    kept = rows[1]["location"]
    assert (before, page.evaluate("positions")) == (0, 1)
    assert (kept["city"], kept["latitude"], kept["longitude"]) == ("Oslo", 59.9, 10.8)
    assert (rows[0]["location"], rows[2]["location"]) == (NORWAY, NORWAY)


def test_the_page_says_what_is_known_of_a_place_without_its_switch():
    """The time zone names a country unless the operator says otherwise; a trusted proxy names a city."""
    said = {
        sources: audience_page(place_sources=parse_place_sources(sources)).plain.decode()
        for sources in ("timezone", "nothing", "cloudfront")
    }

    names_country = {sources: "country that it names" in text for sources, text in said.items()}
    names_network = {sources: "city of your network" in text for sources, text in said.items()}
    assert names_country == {"timezone": True, "nothing": False, "cloudfront": False}
    assert names_network == {"timezone": False, "nothing": False, "cloudfront": True}
    assert audience_page().plain.decode() == said["timezone"]


def test_without_https_the_place_is_out_of_reach_and_the_page_says_why(collector, visit):
    """In the same Wi-Fi the page comes by http, where browsers tell no place."""
    page = visit(collector, "Object.defineProperty(window, 'isSecureContext', { value: false })")

    expect(page.get_by_role("switch", name="Add my rough place")).to_be_disabled()
    expect(page.locator("#place-hint")).to_have_text("Browsers tell a place only to pages with https.")
    tap(page, "Google")


def test_naughty_names_and_reasons_are_text(collector, visit):
    """They are shown and stored as they are, and run nothing."""
    made = audience_page([Site(name, f"https://example.com/?q={name}") for name in NAUGHTY])
    headers = {name.decode(): value.decode() for name, value in made.headers}
    page = visit(collector, alter={"body": made.plain, "headers": headers})

    for name in NAUGHTY:
        page.locator(f".ck-site >> nth={NAUGHTY.index(name)}").click()
        expect(page.locator("#feedback")).to_have_text(f"{name} accepted. It counts.")
    reason = {"accepted": 0, "rejected": [{"index": 0, "field": "x", "reason": NAUGHTY[1]}]}
    page.route("**/clicks?*", lambda route: route.fulfill(status=400, json=reason))
    page.locator(".ck-site").first.click()

    expect(page.locator("#feedback")).to_have_text(f"{NAUGHTY[0]} not accepted: {NAUGHTY[1]}")
    rows = collector.rows()
    assert [row["button"] for row in rows] == NAUGHTY
    assert [row["page_url"] for row in rows] == [f"https://example.com/?q={name}" for name in NAUGHTY]
    assert page.evaluate("window.hacked") is None
    assert page.locator("#hacked, #feedback img, .ck-site img").count() == 0


def test_a_script_that_was_put_into_the_page_does_not_run(collector, visit):
    """The policy knows the page's own script and style by their hash, and no other."""
    served = httpx.get(collector.url)
    put_in = "<script>hacked = 1</script><img src=x onerror='hacked = 2'><style>h1 { color: red }</style>"
    headers = {name: served.headers[name] for name in ("content-type", "content-security-policy")}
    body = served.text.replace("<main>", f"<main>{put_in}")
    page = visit(collector, alter={"body": body, "headers": headers})

    tap(page, "Google")

    assert page.evaluate("typeof hacked") == "undefined"
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") != "rgb(255, 0, 0)"
    assert len(collector.rows()) == 1


def test_the_headers_keep_everything_foreign_out(collector):
    """No frame around it, no referrer, no guessed type, and nothing from or to elsewhere."""
    with urllib.request.urlopen(collector.url) as answer:
        headers = answer.headers

    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert (policy["default-src"], policy["frame-ancestors"], policy["connect-src"]) == (
        "'none'",
        "'none'",
        "'self'",
    )
    assert policy["script-src"].startswith("'sha256-")
    assert policy["style-src"].startswith("'sha256-")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-type"] == "text/html; charset=utf-8"


def test_it_is_used_by_the_keyboard_alone(collector, visit):
    """Link, buttons and switches in their order, each with a visible focus."""
    page = visit(collector)
    focused = "() => [document.activeElement.dataset.name ?? document.activeElement.id,"
    focused += " parseFloat(getComputedStyle(document.activeElement).outlineWidth)]"
    order = []
    for _ in range(len(SITES) + 3):
        page.keyboard.press("Tab")
        order.append(page.evaluate(focused))
    page.get_by_role("button", name="Netflix").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#feedback")).to_have_text("Netflix accepted. It counts.")
    page.get_by_role("switch", name="Send my clicks").focus()
    page.keyboard.press("Space")

    assert [name for name, _ in order] == ["", *[site.button for site in SITES], "sending", "place"]
    assert min(width for _, width in order) >= 3
    expect(page.get_by_role("switch", name="Send my clicks")).not_to_be_checked()
    (row,) = collector.rows()
    assert (row["button"], row["x"]) == ("Netflix", None)


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1920])
def test_it_fits_every_screen(collector, visit, width):
    """Nothing is wider than the window, a button is large enough for a thumb, and motion can be off."""
    page = visit(collector, viewport={"width": width, "height": 700}, reduced_motion="reduce")
    boxes = [box.bounding_box() for box in page.locator(".ck-site").all()]

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert min(min(box["width"], box["height"]) for box in boxes) >= 72
    assert max(box["x"] + box["width"] for box in boxes) <= width
    transition = page.evaluate("getComputedStyle(document.querySelector('.ck-site')).transitionProperty")
    assert transition == "none"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(collector, visit, find_violations, scheme, width):
    """At the start, after a tap, in an outage and after declining."""
    viewport = {"width": width, "height": 800}
    page = visit(collector, color_scheme=scheme, viewport=viewport, bypass_csp=True)
    found = [find_violations(page)]
    tap(page, "Google")
    found.append(find_violations(page))
    page.route("**/clicks?*", lambda route: route.fulfill(status=503, body="{}"))
    tap(page, "YouTube", "waiting")
    found.append(find_violations(page))
    page.get_by_role("switch", name="Send my clicks").uncheck()
    tap(page, "Reddit", "refused")
    found.append(find_violations(page))

    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(243, 245, 248)", "dark": "rgb(17, 21, 26)"}[scheme]
    assert found == [[], [], [], []]
