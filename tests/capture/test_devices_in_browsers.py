"""The device of a click, from a real browser to the stored item."""

import pytest

SAFARI_ON_MAC = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Safari/605.1.15"
)
PIXEL = {
    "userAgent": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Mobile Safari/537.36",
    "userAgentMetadata": {
        "brands": [
            {"brand": "Chromium", "version": "142"},
            {"brand": "Google Chrome", "version": "142"},
            {"brand": "Not_A Brand", "version": "99"},
        ],
        "fullVersionList": [
            {"brand": "Chromium", "version": "142.0.7444.59"},
            {"brand": "Google Chrome", "version": "142.0.7444.60"},
            {"brand": "Not_A Brand", "version": "99.0.0.0"},
        ],
        "platform": "Android",
        "platformVersion": "16.0.0",
        "architecture": "",
        "model": "Pixel 9",
        "mobile": True,
    },
}
NEVER = """
if (navigator.userAgentData) navigator.userAgentData.getHighEntropyValues = () => new Promise(() => {});
"""
HINTS_ARE_THERE = "async () => 'model' in (await import('/tracker.js')).hints"


@pytest.mark.parametrize(("has_touch", "expected"), [(True, "tablet"), (False, "desktop")])
def test_an_ipad_that_asks_for_desktop_pages_is_a_tablet(visit, wait_for_rows, has_touch, expected):
    """It says that it is a Mac, and only its touch screen tells it from one."""
    page = visit(user_agent=SAFARI_ON_MAC, has_touch=has_touch)

    page.click("#buy")

    (row,) = wait_for_rows(1)
    assert row["device"]["type"] == expected
    assert row["device"]["model"] == ("iPad" if has_touch else "Mac")
    assert row["device"]["platform"] == ("iOS" if has_touch else "Mac OS X")


def test_chromes_hints_arrive_with_the_click(visit, wait_for_rows):
    """Its User-Agent says Android 10 and K; model and full version are asked for once a page."""
    page = visit()
    page.context.new_cdp_session(page).send("Emulation.setUserAgentOverride", PIXEL)
    page.reload()
    page.wait_for_function(HINTS_ARE_THERE)

    page.click("#buy")

    (row,) = wait_for_rows(1)
    device = row["device"]
    assert (device["type"], device["brand"], device["model"]) == ("mobile", "Google", "Pixel 9")
    assert (device["platform"], device["platform_version"]) == ("Android", "16.0.0")
    assert (device["browser"], device["browser_version"]) == ("Chrome Mobile", "142.0.7444.60")
    assert "hints" not in row


def test_chromes_own_hints_give_its_full_version(browser, visit, wait_for_rows):
    """As it is: headless, steered by a test, and said to be so."""
    page = visit()
    page.wait_for_function(HINTS_ARE_THERE)

    page.click("#buy")

    (row,) = wait_for_rows(1)
    device = row["device"]
    assert (device["type"], device["is_bot"], device["bot_reason"]) == ("bot", True, "headless browser")
    assert device["browser_version"] == browser.version


def test_a_click_before_the_exact_values_are_there_goes_without(visit, wait_for_rows):
    """Nothing waits for them."""
    page = visit(script=NEVER, user_agent=SAFARI_ON_MAC, has_touch=True)

    page.click("#leave")

    (row,) = wait_for_rows(1)
    assert row["device"]["model"] == "iPad"


def test_the_audience_page_asks_for_hints(collector, browser):
    """By Accept-CH; from then on this origin's requests carry them."""
    context = browser.new_context()
    page = context.new_page()
    answer = page.goto(collector.url)
    with page.expect_request(lambda request: "/clicks" in request.url) as posted:
        page.click(".ck-site")

    assert "Sec-CH-UA-Full-Version-List" in answer.headers["accept-ch"]
    assert "sec-ch-ua-full-version-list" in posted.value.all_headers()
    assert posted.value.response().headers["accept-ch"] == answer.headers["accept-ch"]
    context.close()
