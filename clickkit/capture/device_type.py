"""Which kind of device a User-Agent and client hints speak of."""

from functools import lru_cache

import regex
from user_agents.parsers import UserAgent

from clickkit.capture.catalogue import catalogue
from clickkit.capture.client_hints import ClientHints
from clickkit.capture.patterns import Patterns

_FORM_FACTORS = {
    "XR": "wearable",
    "Watch": "wearable",
    "Automotive": "other",
    "Tablet": "tablet",
    "Mobile": "mobile",
    "Desktop": "desktop",
}

_CERTAIN = regex.compile(
    r"hbbtv/|smarttv[;a)]|\b[a-z]+[ _]shell[ _]\w{6}|\bvidaa\b|ce-html|andr0id|coolita os|\(tv;", regex.IGNORECASE
)
_DESKTOP = regex.compile(
    r"\bwin(?:dows|32|64|9[58])|macintosh|\bmac_?(?:os|powerpc)|(?<!like )mac os x|x11|\blinux|\bcros\b|amigaos"
    r"|os/2|beos|haiku|risc os|inferno|bsd\b|sunos",
    regex.IGNORECASE,
)
_RULES = (
    (
        "tv",
        r"smart[ -_]?tv|hbbtv|netcast|web0s|webos\.tv|tizen.+\btv\b|\btv\b.+tizen|viera|bravia|aquos|google ?tv"
        r"|android ?tv|apple ?tv|tvos|crkey|roku|\baft[a-z0-9]+ (?:build|\))|opera tv|opr/.+ omi/|nettv|inettv"
        r"|vidaa|leanback|dtv|\bstb\b|set-?top|tv ?box|tv ?stick|\bott\b|maple ?20|espial|ce-html|freebox|lg browser",
    ),
    ("console", r"playstation|xbox|nintendo|\bpsp\b|ps ?vita|steam deck|\bouya\b|\bshield portable\b"),
    ("wearable", r"\bwatch|wear ?os|glass \d|quest|oculus|pico [34]|vive focus|\bvision ?os\b|sm-[rl]\d{3}"),
    ("other", r"qtcarbrowser|tesla/|automotive|smart ?speaker|homepod|audioos|\becho\b"),
    (
        "tablet",
        r"tablet(?! pc)|\bipad|kindle|playbook|touchpad|\bpad\b|mediapad|matepad|\btab\b|galaxy tab|nexus (?:7|9|10)\b"
        r"|sm-[tx]\d{3}|gt-[pn](?:1|3|5|6|7|8)\d{3}|xoom|windows nt 6\.[23].+(?:arm|touch)|\bsilk/(?!.+mobile)",
    ),
    (
        "mobile",
        r"iphone|ipod|windows phone|iemobile|windows ce|windows mobile|blackberry|bb10|symb(?:ian|os)|series ?[346]0"
        r"|midp|cldc|j2me|kaios|\bbada\b|maemo|meego|sailfish|opera (?:mini|mobi)|up\.browser|obigo|teleca|netfront"
        r"|brew|palm|webos|fennec|ucweb|docomo|kddi|softbank|vodafone|nokia|sonyericsson|\bmobile\b",
    ),
)


def type_of(user_agent: str, agent: UserAgent, hints: ClientHints) -> str:
    """Return the type of a device that is no bot's.

    What the browser says of its form comes first, then the model where it is known, then words that kinds of
    devices have in common.
    """
    for factor, found in _FORM_FACTORS.items():
        if factor in hints.form_factors:
            return found
    if _CERTAIN.search(user_agent):
        return "tv"
    return catalogue().type_of(user_agent) or _by_words(user_agent) or _by_system(user_agent, agent, hints)


def is_ipad_in_disguise(user_agent: str, hints: ClientHints) -> bool:
    """Tell whether a Mac is an iPad that asks for desktop pages: a Mac has no touch screen."""
    return hints.touch_points > 1 and "Macintosh" in user_agent and "Chrome/" not in user_agent


def _by_words(user_agent: str) -> str | None:
    index = _rules().first(user_agent)
    found = None if index is None else _RULES[index][0]
    return None if found == "mobile" and "Android" in user_agent else found


def _by_system(user_agent: str, agent: UserAgent, hints: ClientHints) -> str:
    """Android on a phone says Mobile, on a tablet it does not; its apps say neither."""
    if hints.is_mobile:
        return "mobile"
    if agent.os.family == "Android" or hints.platform == "Android":
        is_browser = "AppleWebKit" in user_agent or "Gecko" in user_agent
        return "tablet" if is_browser and "Mobile" not in user_agent else "mobile"
    if agent.is_pc or _DESKTOP.search(user_agent):
        return "desktop"
    if agent.is_tablet:
        return "tablet"
    return "mobile" if agent.is_mobile else "other"


@lru_cache(maxsize=1)
def _rules() -> Patterns:
    return Patterns([pattern for _, pattern in _RULES])
