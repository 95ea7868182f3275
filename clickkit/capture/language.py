"""Languages: BCP 47 tags in one spelling, and the one that a browser asks for first."""

import re
from functools import lru_cache

_TAG = re.compile(r"[a-z]{2,8}([-_][a-z0-9]{1,8})*", re.IGNORECASE)
_WEIGHTED = re.compile(r"\s*([^\s;,]{1,128})\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?", re.IGNORECASE)
_LONGEST_HEADER = 1024
_KEPT = 1024


@lru_cache(_KEPT)
def normalized(tag: str) -> str:
    """Return a tag as RFC 5646, section 2.1.1, spells it: `nb_no` as `nb-NO`, `ZH-hant` as `zh-Hant`.

    What is no tag is returned as it is.
    """
    if not _TAG.fullmatch(tag):
        return tag
    first, *rest = tag.replace("_", "-").lower().split("-")
    parts = [first]
    for part in rest:
        follows_singleton = len(parts[-1]) == 1
        if follows_singleton or len(part) not in (2, 4) or part[0].isdigit():
            parts.append(part)
        else:
            parts.append(part.upper() if len(part) == 2 else part.title())
    return "-".join(parts)


def preferred(header: str) -> str | None:
    """Return the language that an Accept-Language header likes best, the first of equals; None without one.

    Only the first 1,024 characters are looked at. A star is no language (RFC 9110, section 12.5.4).
    """
    best, most = None, 0.0
    for part in header[:_LONGEST_HEADER].split(","):
        found = _WEIGHTED.fullmatch(part)
        if found and _TAG.fullmatch(found[1]) and float(found[2] or 1) > most:
            best, most = normalized(found[1]), float(found[2] or 1)
    return best
