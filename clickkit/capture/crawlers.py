"""Which User-Agents are no person's: crawlers, headless browsers, and libraries."""

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

import regex

from clickkit.capture.catalogue import BEFORE, read_list
from clickkit.capture.patterns import Patterns

_HEADLESS = regex.compile(r"HeadlessChrome|PhantomJS|SlimerJS|Headless", regex.IGNORECASE)
_PHONE = regex.compile(r"Android[ /-]?\d|iPhone|iPad|iPod| WP7/|Device/|\bHTC\b")
_TELLS = regex.compile(r"://|www\.|@|bot\b|crawl|spider|compatible;|Lighthouse", regex.IGNORECASE)


class Crawlers:
    """Two well-kept lists together: Matomo's, which has names, and `crawler-user-agents`."""

    def __init__(self) -> None:
        named = read_list("bots")
        self._names = [str(one["name"]) for one in named]
        self._named = Patterns([one["regex"] for one in named], before=BEFORE)
        listed = _listed()
        self._patterns = [str(one["pattern"]) for one in listed]
        self._is_library = ["http-library" in one["tags"] for one in listed]
        self._listed = Patterns(self._patterns, ignore_case=False)

    def reason(self, user_agent: str) -> str | None:
        """Return why a User-Agent is a bot's, such as `crawler: Googlebot`; None when it is a person's."""
        if _HEADLESS.search(user_agent):
            return "headless browser"
        index = self._named.first(user_agent)
        if index is not None:
            return f"crawler: {self._names[index]}"[:128]
        index = self._listed.first(user_agent)
        if index is None or (_PHONE.search(user_agent) and not _TELLS.search(user_agent)):
            return None
        name = regex.search(self._patterns[index], user_agent)[0].strip(" /(")
        return f"{'library' if self._is_library[index] else 'crawler'}: {name}"[:128]


def _listed() -> Any:
    text = files("crawleruseragents").joinpath("crawler-user-agents.json").read_text(encoding="utf-8")
    return json.loads(text)


@lru_cache(maxsize=1)
def crawlers() -> Crawlers:
    """Read the lists and compile them, once."""
    return Crawlers()
