"""A User-Agent string tells type, platform and browser."""

import json

import pytest
import user_agents

from clickkit.capture.device import detect_device

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
        ("curl/8.5.0", ("other", None, None, "curl", "8.5.0", False)),
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
