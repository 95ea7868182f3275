"""A User-Agent string and the browser's hints tell type, platform, browser and model."""

import json
import time

import pytest
import user_agents
import yaml

from clickkit import Device
from clickkit.capture.client_hints import ClientHints
from clickkit.capture.device import detect_device, judge_unlisted

CHROME_ON_WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
SAFARI_ON_IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Mobile/15E148 Safari/604.1"
)
SAFARI_ON_IPAD = (
    "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.7 Mobile/15E148 Safari/604.1"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (CHROME_ON_WINDOWS, ("desktop", "Windows", "10", "Chrome", "142.0.0", False)),
        (SAFARI_ON_IPHONE, ("mobile", "iOS", "18.6", "Mobile Safari", "18.6", False)),
        (SAFARI_ON_IPAD, ("tablet", "iOS", "17.7", "Mobile Safari", "17.7", False)),
        (GOOGLEBOT, ("bot", None, None, "Googlebot", "2.1", True)),
        ("curl/8.5.0", ("bot", None, None, "curl", "8.5.0", True)),
        ("", ("other", None, None, None, None, False)),
        ("\x00😀" * 500, ("other", None, None, None, None, False)),
    ],
)
def test_known_user_agents(user_agent, expected):
    """What is not recognised is None, never a guess."""
    found = detect_device(user_agent)

    assert (
        found.type,
        found.platform,
        found.platform_version,
        found.browser,
        found.browser_version,
        found.is_bot,
    ) == expected


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        ("Mozilla/5.0 (Linux; Android 13; SM-X710) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile", "tablet"),
        ("Mozilla/5.0 (Linux; Android 15; SM-S938B Build/AP3A; wv) AppleWebKit/537.36 Chrome/140", "mobile"),
        ("Dalvik/2.1.0 (Linux; U; Android 12; AFTKA Build/PS7642)", "tv"),
        ("Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 Chrome/94.0 Safari/537.36", "tv"),
        ("Opera/9.80 (Linux mips; U; HbbTV/1.1.1 (; Philips; ; ; ; )) Presto/2.9.167", "tv"),
        ("Mozilla/5.0 (PlayStation; PlayStation 5/6.50) AppleWebKit/605.1.15 Safari/605.1.15", "console"),
        ("Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/609.4 NF/6.0.2.21.3", "console"),
        ("Mozilla/5.0 (X11; Linux x86_64; Quest 3) AppleWebKit/537.36 OculusBrowser/34.0 VR", "wearable"),
        ("Mozilla/5.0 (X11; GNU/Linux) AppleWebKit/537.36 Chrome/109.0 Safari/537.36 Tesla/2024.8", "other"),
        ("Mozilla/5.0 (iPod touch; CPU iPhone OS 15_7 like Mac OS X) AppleWebKit/605.1.15", "mobile"),
        ("Mozilla/5.0 (Linux; Android 17; SAMSUNG SM-X0000) AppleWebKit/537.36 Chrome/150 Mobile", "tablet"),
        ("Nokia6300/2.0 (05.50) Profile/MIDP-2.0 Configuration/CLDC-1.1", "mobile"),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/142.0.0.0", "desktop"),
    ],
)
def test_every_kind_of_device_has_its_type(user_agent, expected):
    """By its model, or by the words that its kind has in common."""
    assert detect_device(user_agent).type == expected


@pytest.mark.parametrize(
    ("system", "rest", "expected"),
    [
        ("Linux; Android 16; Nobodys X1", "Chrome/142.0.0.0 Mobile Safari/537.36", "mobile"),
        ("Linux; Android 16; Nobodys X1", "Chrome/142.0.0.0 Safari/537.36", "tablet"),
        ("Linux; Android 16; Nobodys Tab 9", "Chrome/142.0.0.0 Mobile Safari/537.36", "tablet"),
        ("Linux; Android 14; Nobodys Smart TV", "Chrome/142.0.0.0 Safari/537.36", "tv"),
        ("Windows NT 10.0; Win64; x64", "Chrome/142.0.0.0 Safari/537.36", "desktop"),
    ],
)
def test_a_model_on_no_list_is_judged_by_words(system, rest, expected):
    """New devices come out every day."""
    assert judge_unlisted(f"Mozilla/5.0 ({system}) AppleWebKit/537.36 {rest}").type == expected


CHROME_ON_ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 {}Safari/537.36"
)
CHROME = (("Chromium", "142.0.7444.59"), ("Google Chrome", "142.0.7444.60"))


def test_hints_tell_what_chrome_leaves_out():
    """The model, the system's version and the browser's full one."""
    hints = ClientHints(
        brands=CHROME, is_mobile=True, platform="Android", platform_version="16.0.0", model="Pixel 9"
    )

    assert detect_device(CHROME_ON_ANDROID.format("Mobile "), hints) == Device(
        type="mobile",
        platform="Android",
        platform_version="16.0.0",
        browser="Chrome Mobile",
        browser_version="142.0.7444.60",
        brand="Google",
        model="Pixel 9",
        is_bot=False,
    )


@pytest.mark.parametrize(
    ("model", "mobile", "expected"),
    [("SM-X710", "", "tablet"), ("SM-X710", "Mobile ", "tablet"), ("BRAVIA 4K VH2", "", "tv")],
)
def test_the_model_of_the_hints_decides_the_type(model, mobile, expected):
    """It is on the list, though the User-Agent does not name it."""
    hints = ClientHints(platform="Android", model=model)

    assert detect_device(CHROME_ON_ANDROID.format(mobile), hints).type == expected


@pytest.mark.parametrize(
    ("form_factors", "expected"),
    [
        (("Tablet",), "tablet"),
        (("Mobile", "XR"), "wearable"),
        (("Automotive",), "other"),
        (("Desktop",), "mobile"),
        ((), "mobile"),
    ],
)
def test_the_form_that_a_browser_says_comes_first(form_factors, expected):
    """A headset is a wearable, a car is none of our types; emulators say Desktop, whatever they emulate."""
    hints = ClientHints(is_mobile=True, form_factors=form_factors)

    assert detect_device(CHROME_ON_ANDROID.format("Mobile "), hints).type == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [("19.0.0", "11"), ("13.0.0", "11"), ("10.0.0", "10"), ("0.3.0", "8.1"), ("0.1.0", "7"), ("", "10")],
)
def test_windows_11_is_seen_by_its_platform_version(version, expected):
    """Its User-Agent says 10 for ever."""
    hints = ClientHints(platform="Windows", platform_version=version)

    found = detect_device(CHROME_ON_WINDOWS, hints)

    assert (found.platform, found.platform_version) == ("Windows", expected)


@pytest.mark.parametrize(
    ("brands", "expected"),
    [
        ((("Chromium", "142.0.7444.59"),), ("Chrome", "142.0.7444.59")),
        ((("Brave", "142.0.0.0"), ("Chromium", "142.0.7444.59")), ("Brave", "142.0.0.0")),
        ((("Chromium", "142.1"), ("Microsoft Edge", "142.0.3595.53")), ("Edge", "142.0.3595.53")),
        ((), ("Chrome", "142.0.0")),
    ],
)
def test_a_brand_names_the_browser_in_our_words(brands, expected):
    """Brave hides behind Chrome in its User-Agent."""
    found = detect_device(CHROME_ON_WINDOWS, ClientHints(brands=brands))

    assert (found.browser, found.browser_version) == expected


def test_a_page_in_an_app_keeps_the_apps_name():
    """Its brand is only the view that the app has of the web."""
    instagram = CHROME_ON_ANDROID.format("Mobile ") + " Instagram 406.0.0.58.159 Android"

    found = detect_device(instagram, ClientHints(brands=(("Android WebView", "142.0.7444.59"),)))

    assert (found.browser, found.browser_version) == ("Instagram", "406.0.0")


SAFARI_ON_MAC = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Safari/605.1.15"
)


def test_a_mac_with_a_touch_screen_is_an_ipad():
    """It asks for desktop pages, as iPads do unless told otherwise."""
    ipad = detect_device(SAFARI_ON_MAC, ClientHints(touch_points=5))
    mac = detect_device(SAFARI_ON_MAC, ClientHints(touch_points=0))

    assert (ipad.type, ipad.platform, ipad.platform_version) == ("tablet", "iOS", None)
    assert (ipad.browser, ipad.browser_version, ipad.brand, ipad.model) == (
        "Mobile Safari",
        "18.6",
        "Apple",
        "iPad",
    )
    assert (mac.type, mac.platform, mac.model) == ("desktop", "Mac OS X", "Mac")


def test_a_steered_browser_is_a_bot_on_its_device():
    """A test or a scraper: its type is its device's, where a headless one is of type bot."""
    steered = detect_device(CHROME_ON_WINDOWS, ClientHints(is_steered=True))
    headless = detect_device(CHROME_ON_WINDOWS.replace("Chrome/", "HeadlessChrome/"))
    hinted = detect_device(CHROME_ON_WINDOWS, ClientHints(brands=(("HeadlessChrome", "142.0.0.0"),)))

    assert (steered.type, steered.is_bot, steered.bot_reason) == ("desktop", True, "automated browser")
    assert (headless.type, headless.is_bot, headless.bot_reason) == ("bot", True, "headless browser")
    assert (hinted.type, hinted.is_bot, hinted.bot_reason) == ("bot", True, "headless browser")


@pytest.mark.parametrize(("cases", "field"), [("test_ua", "browser"), ("test_os", "platform")])
def test_browsers_and_systems_are_those_of_uap_core(shared, cases, field):
    """At least 99 % of its families, which are our vocabulary."""
    text = (shared / "ua" / "uap-core" / f"{cases}.yaml").read_text(encoding="utf-8")
    listed = yaml.load(text, yaml.CSafeLoader)["test_cases"]

    right = sum(
        (getattr(detect_device(case["user_agent_string"]), field) or "Other") == case["family"]
        for case in listed
    )

    assert len(listed) > 400
    assert right >= 0.99 * len(listed)


@pytest.mark.parametrize(
    "part", ["bot", "cubot ", "a-", "Android 9; ", "SAMSUNG ", "TV;", "Opera/9.80 (Linux mips "]
)
def test_a_user_agent_that_is_made_to_be_slow_is_not(part):
    """2,048 characters of what patterns begin with take milliseconds, not their square."""
    detect_device("warm")
    began = time.process_time()

    detect_device((part * 2048)[:2048])

    assert time.process_time() - began < 0.05


TOP_SYSTEMS = {  # by hand: what the most used User-Agents of November 2026 are
    "Windows NT 10.0; Win64; x64": "desktop",
    "Macintosh; Intel Mac OS X 10": "desktop",
    "X11; Linux x86_64": "desktop",
    "X11; CrOS x86_64": "desktop",
    "iPhone; CPU iPhone OS": "mobile",
    "Linux; Android 10; K": "mobile",
}
TOP_TABLET = CHROME_ON_ANDROID.format("").replace("142", "153")  # Android that does not say Mobile


def test_the_most_used_user_agents_have_the_right_type_and_are_no_bots(shared):
    """Every one of them: a mistake here would be everybody's."""
    names = ("desktop", "mobile", "index")
    files = [json.loads((shared / "ua" / f"top-user-agents_{name}.json").read_text()) for name in names]
    listed = {user_agent for file in files for user_agent in file}

    assert len(listed) >= 100
    for user_agent in listed:
        (expected,) = [
            kind for start, kind in TOP_SYSTEMS.items() if user_agent.startswith(f"Mozilla/5.0 ({start}")
        ]
        found = detect_device(user_agent)
        assert found.type == ("tablet" if user_agent == TOP_TABLET else expected), user_agent
        assert (found.is_bot, found.bot_reason) == (False, None), user_agent


def test_the_native_parser_answers_like_user_agents_itself(shared):
    """The faster way behind `user-agents` changes no answer for the most used agents."""
    listed = [
        entry["ua"] if isinstance(entry, dict) else entry
        for name in ("desktop", "mobile")
        for entry in json.loads((shared / "ua" / f"top-user-agents_{name}.json").read_text())
    ]
    assert len(listed) >= 100
    for user_agent in listed:
        theirs, ours = user_agents.parse(user_agent), detect_device(user_agent)
        assert (ours.platform or "Other", ours.browser or "Other") == (
            theirs.os.family,
            theirs.browser.family,
        )
        assert (ours.type == "desktop") == (theirs.is_pc and not theirs.is_tablet and not theirs.is_mobile)


def test_a_model_of_a_maker_that_is_not_known_is_kept():
    """The name of every device is none: Chrome writes K on all of them."""
    agent = "Mozilla/5.0 (Linux; Android 14; {}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0"

    found = [detect_device(agent.format(model)) for model in ("SM-X710", "K")]

    assert [(one.brand, one.model) for one in found] == [(None, "SM-X710"), (None, None)]
