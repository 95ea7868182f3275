"""Which kind of device a User-Agent and client hints speak of."""

from functools import lru_cache

import re2
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
}

_CERTAIN = re2.compile(
    r"(?i)hbbtv/|smarttv[;a)]|\b[a-z]+[ _]shell[ _]\w{6}|\bvidaa\b|ce-html|andr0id|coolita os|\(tv;|tclwebkit"
)
_PLAIN_DESKTOP = re2.compile(
    r"Mozilla/5\.0 \((?:Windows NT [\d.]+(?:; Win64; x64|; WOW64)?|Macintosh; Intel Mac OS X [\d_.]+"
    r"|X11; (?:Ubuntu; )?Linux x86_64|X11; CrOS \w+ [\d.]+)(?:; rv:[\d.]+)?\)"
    r"(?: (?:AppleWebKit|Chrome|Safari|Version|Firefox|Gecko|Edg|OPR)/[\d.]+| \(KHTML, like Gecko\))*"
)
_DESKTOP = regex.compile(
    r"\bwin(?:dows(?! phone| ce| mobile)|32|64|9[58])|macintosh|\bmac_?(?:os|powerpc)|(?<!like )mac os x"
    r"|x11|\blinux|\bcros\b|amigaos|os/2|beos|haiku|risc os|inferno|bsd\b|sunos|suse\b|x86[_-]64|os=mac"
    r"|\bdesktop\b",
    regex.IGNORECASE,
)
_RULES = (
    ("mobile", r"windows phone|iemobile|lumia|\biph(?:one|\d)|ipod|puffin/[\d.]+[ailfw]p"),
    ("desktop", r"chromebook|netbook|waydroid"),
    (
        "console",
        r"playstation|\bxbox|nintendo|\bpsp\b|ps ?vita|steam ?(?:deck|gameoverlay)|\bouya\b|gamepad"
        r"|_tv;ps\d",
    ),
    (
        "tv",
        r"smart[ -_]?tv|hbbtv|netcast|web0s|webos\.tv|viera|bravia|aquos|\btv\b|hdtv|google ?tv|apple ?tv"
        r"|tvos|android ?tv|crkey|roku|opera tv|\bomi/|nettv|inettv|vidaa|vizi ?o|leanback|dtv_|\bstb\b"
        r"|set-?top|tv ?box|tv ?stick|\bott\b|maple ?20|espial|ce-html|freebox|lg browser"
        r"|[;(] ?aft[a-z]\w*(?: build|[;)])|tivo|youview|opera/9\.80 \(linux (?:mips|arm|sh4)|brightsign"
        r"|gw-device|google fiber|hybridcast|panatv|led\d\d"
        r"|; (?:24|28|32|39|4[0-9]|5[058]|6[05]|7[05]|8[56]|98)[a-z]{1,4}\d{2,4}|mecool|nexbox|x96|h96"
        r"|\bmxq|\btx\d\b",
    ),
    (
        "wearable",
        r"\bwatch(?:os|\d|\b)|wear ?os|glass \d|\bquest|oculus|\bpico [34]|vive focus|vision ?os"
        r"|\bsm-[rl]\d{3}",
    ),
    (
        "other",
        r"qtcarbrowser|tesla/|automotive|smart ?speaker|homepod|audioos|echo (?:show|dot|spot)|raspberry"
        r"|odroid|projector|\bcar\b|quad-core t\d|octa-?(?:core)? ?t8|; yt\d{4}|\bpos\b",
    ),
    (
        "tablet",
        r"tablet(?! pc)|puffin/[\d.]+[ailfw]t|\bipad|kindle|playbook|touchpad|pad\b|/apad|pad[ _]\d|tab\b"
        r"|tab[ _-]?\d|nexus (?:7|9|10)\b|\bsm-[tx]\d{3}|\bgt-(?:p\d|n5|n8)\d{3}|xoom"
        r"|windows nt 6\.[23].+(?:arm|touch)|\bsilk/",
    ),
)
_PHONES = re2.compile(
    r"(?i)windows ce|blackberry|bb10|symb(?:ian|os)|series ?[346]0|midp|cldc|j2me|kaios|\bbada\b|maemo|meego"
    r"|sailfish|opera (?:mini|mobi)|up\.browser|\bup/\d|obigo|teleca|netfront|\bbrew\b|palm|webos/|fennec"
    r"|ucweb|docomo|kddi|softbank|vodafone|nokia|sonyericsson|samsung-sgh|\bmobile\b"
)


def type_of(user_agent: str, agent: UserAgent, hints: ClientHints) -> str:
    """Return the type of a device that is no bot's.

    What the browser says of its form comes first, then the model where it is listed, then words that kinds
    of devices have in common.
    """
    form = _by_form(user_agent, hints)
    if form is not None:
        return form
    if _PLAIN_DESKTOP.fullmatch(user_agent):  # many clicks are, and no list has them
        return "desktop"
    listed = catalogue().look_up(user_agent)
    if listed.model is not None:
        return listed.model
    if listed.brand is not None and listed.brand != "mobile":
        return listed.brand
    return _by_words(user_agent) or listed.brand or _by_system(user_agent, agent, hints)


def guess_type(user_agent: str, agent: UserAgent, hints: ClientHints) -> str:
    """Return the type of a device whose model is not listed."""
    return _by_form(user_agent, hints) or _by_words(user_agent) or _by_system(user_agent, agent, hints)


def is_ipad_in_disguise(user_agent: str, hints: ClientHints) -> bool:
    """Tell whether a Mac is an iPad that asks for desktop pages: a Mac has no touch screen."""
    return hints.touch_points > 0 and "Macintosh" in user_agent and "Chrome/" not in user_agent


def _by_form(user_agent: str, hints: ClientHints) -> str | None:
    said = (found for factor, found in _FORM_FACTORS.items() if factor in hints.form_factors)
    return next(said, "tv" if _CERTAIN.search(user_agent) else None)


def _by_words(user_agent: str) -> str | None:
    index = _rules().first(user_agent)
    return None if index is None else _RULES[index][0]


def _by_system(user_agent: str, agent: UserAgent, hints: ClientHints) -> str:
    """Android on a phone says Mobile, on a tablet it does not; its apps say neither."""
    if hints.is_mobile:
        return "mobile"
    if agent.os.family == "Android" or hints.platform == "Android":
        is_browser = "AppleWebKit" in user_agent or "Gecko" in user_agent
        return "tablet" if is_browser and "Mobile" not in user_agent else "mobile"
    if _PHONES.search(user_agent):
        return "mobile"
    if agent.is_pc or _DESKTOP.search(user_agent):
        return "desktop"
    if agent.is_tablet:
        return "tablet"
    return "mobile" if agent.is_mobile else "other"


@lru_cache(maxsize=1)
def _rules() -> Patterns:
    return Patterns([pattern for _, pattern in _RULES])
