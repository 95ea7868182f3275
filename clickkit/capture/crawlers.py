"""Which User-Agents are no person's: those of crawlers, headless browsers and libraries."""

import json
from functools import lru_cache
from importlib.resources import files

import regex

from clickkit.capture.catalogue import BEFORE, read_list
from clickkit.capture.patterns import Patterns

CRAWLER = "crawler: "
LIBRARY = "library: "
HEADLESS = "headless browser"
"""How reasons begin; the name of the crawler or library follows."""

_HEADLESS = regex.compile(r"headless|phantomjs|slimerjs", regex.IGNORECASE)
_PHONE = regex.compile(r"Android[ /]?\d|iPhone|iPad|iPod")
_OWNS_UP = regex.compile(r"://|www\.|@|bot\b|crawl|spider|compatible;|lighthouse", regex.IGNORECASE)
_REASON_LENGTH = 128


class Crawlers:
    """Two lists together: Matomo's, which knows names, and that of `crawler-user-agents`."""

    def __init__(self) -> None:
        bots = read_list("bots")
        self._names = [str(bot["name"]) for bot in bots]
        self._named = Patterns([bot["regex"] for bot in bots], before=BEFORE)
        text = files("crawleruseragents").joinpath("crawler-user-agents.json").read_text(encoding="utf-8")
        self._listed = json.loads(text)
        self._unnamed = Patterns([one["pattern"] for one in self._listed], ignore_case=False)

    def reason(self, user_agent: str) -> str | None:
        """Return why a User-Agent is a bot's, such as `crawler: Googlebot`; None when it is a person's."""
        if _HEADLESS.search(user_agent):
            return HEADLESS
        index = self._named.first(user_agent)
        if index is not None:
            return f"{CRAWLER}{self._names[index]}"[:_REASON_LENGTH]
        index = self._unnamed.first(user_agent)
        return None if index is None or _is_a_phones(user_agent) else self._listed_reason(index, user_agent)

    def _listed_reason(self, index: int, user_agent: str) -> str:
        one = self._listed[index]
        name = regex.search(one["pattern"], user_agent)[0].strip(" /(")
        kind = LIBRARY if "http-library" in one["tags"] else CRAWLER
        return f"{kind}{name}"[:_REASON_LENGTH]


def _is_a_phones(user_agent: str) -> bool:
    """Tell whether a phone says nothing of a crawler: some patterns are words of models and builds, too."""
    return bool(_PHONE.search(user_agent)) and not _OWNS_UP.search(user_agent)


@lru_cache(maxsize=1)
def crawlers() -> Crawlers:
    """Read the lists and compile them, once."""
    return Crawlers()
