"""What is written in a chart: names from visitors made safe to draw, and numbers as people write them."""

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Iterable
from itertools import accumulate

NOT_XML = "[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]"
"""Characters that no SVG may hold: one from a visitor would end the process that draws."""

NOT_KNOWN = "not known"

_LABEL_LETTERS = 28
_SITE = re.compile("^https?://[^/]+")


def safe(text: str) -> str:
    """Return a text whose characters an SVG may hold."""
    return re.sub(NOT_XML, "\ufffd", text)


def short(names: Iterable[object]) -> list[str]:
    """Return names cut to the width of a label, each still one of its own; a null is "not known".

    Where one would be cut, addresses of one site lose its name, in which they do not differ. The library that
    draws would cut in the middle of a character that takes two units of UTF-16, and fail.
    """
    cut_names: list[str] = []
    for name in _without_site([named(name) for name in names]):
        fitting = _fitting(name)
        cut = name if fitting == len(name) else f"{name[: fitting - 1]}…"
        while cut in cut_names:
            cut += "\u200b"  # without width
        cut_names.append(cut)
    return cut_names


def _without_site(names: list[str]) -> list[str]:
    """Return addresses of one site as paths, when one of them would be cut; other names as they are."""
    sites = {site and site[0] for site in (_SITE.match(name) for name in names if name != NOT_KNOWN)}
    if len(sites) != 1 or None in sites or all(_fitting(name) == len(name) for name in names):
        return names
    return [_SITE.sub("", name) or "/" for name in names]


def _fitting(name: str) -> int:
    """Return how many letters of a name have their place in a label."""
    widths = accumulate(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in name)
    return sum(width <= _LABEL_LETTERS for width in widths)


def named(name: object) -> str:
    """Return a name as people write it: a null is "not known", a day is "2 Nov 2026"."""
    if is_missing(name):
        return NOT_KNOWN
    if isinstance(name, dt.date):  # pandas' times are dates too
        midnight = not isinstance(name, dt.datetime) or name.time() == dt.time()
        return f"{name.day} {name:%b %Y}" if midnight else f"{name.day} {name:%b %Y %H:%M}"
    return safe(str(name))


def is_missing(value: object) -> bool:
    """Return whether a cell is null, however the table spells it: only a null differs from itself."""
    return value is None or type(value).__name__ in ("NAType", "NaTType") or value != value


def written(value: float, number_format: str) -> str:
    """Return a number in one of Python's formats, with the minus sign of print; nothing for a null.

    Besides, `.1pp` writes a difference of shares in percentage points: 0.05 is "5.0 pp". A whole number
    without a precision of its own stays whole: "1,234", not "1,234.0".
    """
    if is_missing(value) or math.isinf(value):
        return ""
    if number_format.endswith("pp"):
        return f"{written(value * 100, f'{number_format[:-2]}f')} pp"
    whole = number_format == "," and float(value).is_integer()
    text = format(
        int(value) if whole else float(value), ",.4g" if number_format == "," and not whole else number_format
    )
    return text.replace("-", "\u2212")
