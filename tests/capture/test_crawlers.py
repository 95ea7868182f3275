"""Bots by their User-Agent."""

import json

import pytest

from clickkit.capture.crawlers import crawlers


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "crawler: Googlebot"),
        ("Mozilla/5.0 (compatible; NobodyKnowsBot/1.0)", "crawler: Generic Bot"),
        ("curl/8.5.0", "library: curl"),
        ("python-requests/2.32.3", "library: python-requests"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "HeadlessChrome/142.0.0.0 Safari/537.36",
            "headless browser",
        ),
        ("", None),
    ],
)
def test_a_bot_has_a_reason(user_agent, expected):
    """In a few words."""
    assert crawlers().reason(user_agent) == expected


@pytest.mark.parametrize(
    "user_agent",
    [
        "Mozilla/5.0 (Linux; Android 15; CPH2655 Build/AP3A.240617.008) AppleWebKit/537.36 "
        "(KHTML, like Gecko) Chrome/119.0.6045.163 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 4.2.2; HTC Butterfly Build/JDQ39) AppleWebKit/537.36 "
        "(KHTML, like Gecko) Chrome/31.0.1650.59 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/120.0.0.0 Mobile Safari/537.36",
    ],
)
def test_a_word_of_the_list_makes_no_bot_of_a_phone(user_agent):
    """Builds of Android end in 008, and a phone is a Butterfly."""
    assert crawlers().reason(user_agent) is None


def test_nearly_every_crawler_is_flagged(shared):
    """At least 99 % of the strings of the crawlers' list."""
    listed = json.loads((shared / "ua" / "crawler-user-agents.json").read_text())
    instances = [instance for one in listed for instance in one["instances"]]

    flagged = sum(crawlers().reason(instance) is not None for instance in instances)

    assert len(instances) > 2000
    assert flagged >= 0.99 * len(instances)
