"""What a browser says of itself beside its User-Agent: client hints, touch, and whether a program steers it.

They come as request headers (`Sec-CH-UA-…`), and from `navigator` by way of the tracker, which asks once a
page. They serve to name the device and are not kept. Whatever a sender writes there, nothing here raises.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
import regex

HEADERS = (
    b"sec-ch-ua",
    b"sec-ch-ua-mobile",
    b"sec-ch-ua-platform",
    b"sec-ch-ua-full-version-list",
    b"sec-ch-ua-platform-version",
    b"sec-ch-ua-model",
    b"sec-ch-ua-form-factors",
)
ASKED = b"Sec-CH-UA-Full-Version-List, Sec-CH-UA-Platform-Version, Sec-CH-UA-Model, Sec-CH-UA-Form-Factors"
"""The value of `Accept-CH`: the hints that browsers send only to those who ask."""

PARAMETER = b"hints="
"""The query parameter of `POST /clicks` in which the tracker says what `navigator` knows, as JSON."""

_MOST_BYTES = 2048
_MOST_ITEMS = 16
_MOST_CHARACTERS = 128
_STRING = regex.compile(r'"((?:[^"\\]|\\.)*+)"((?:;[^,;"]*+(?:"(?:[^"\\]|\\.)*+")?)*+)')
_VERSION = regex.compile(r';\s*v="([^"]*)"')
_GREASE = regex.compile(r"not.{0,3}brand|^\W*$", regex.IGNORECASE)

Brand = tuple[str, str]
RawHints = tuple[bytes | None, ...]


class ClientHints(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser says of itself; what it does not say is empty or None.

    `brands` are names and versions, the full ones where they are given. `touch_points` is
    `navigator.maxTouchPoints`, `is_steered` is `navigator.webdriver`.
    """

    brands: tuple[Brand, ...] = ()
    is_mobile: bool | None = None
    platform: str = ""
    platform_version: str = ""
    model: str = ""
    form_factors: tuple[str, ...] = ()
    touch_points: int = 0
    is_steered: bool = False


def hints_of_request(headers: Mapping[bytes, bytes], query: bytes = b"") -> ClientHints | None:
    """Return what a request's headers and the tracker's parameter say; None when they say nothing.

    Header names are lower-case, as in ASGI. Where both speak, the parameter does: it knows more.
    """
    raw = (query if PARAMETER in query else None, *map(headers.get, HEADERS))
    return None if not any(raw) else _hints(raw)


@lru_cache(maxsize=1_000)
def _hints(raw: RawHints) -> ClientHints | None:
    said = _of_headers(dict(zip(HEADERS, (_text(value) for value in raw[1:]), strict=True)))
    told = _of_query(raw[0] or b"")
    if told is None:
        return said
    gaps = {
        name: getattr(said, name)
        for name in ("brands", "is_mobile", "platform", "platform_version", "model", "form_factors")
        if getattr(told, name) in ("", (), None)
    }
    return msgspec.structs.replace(told, **gaps)


def _of_headers(said: Mapping[bytes, str]) -> ClientHints:
    mobile = said[b"sec-ch-ua-mobile"].strip()
    return ClientHints(
        brands=_brands(said[b"sec-ch-ua-full-version-list"]) or _brands(said[b"sec-ch-ua"]),
        is_mobile={"?1": True, "?0": False}.get(mobile),
        platform=_string(said[b"sec-ch-ua-platform"]),
        platform_version=_string(said[b"sec-ch-ua-platform-version"]),
        model=_string(said[b"sec-ch-ua-model"]),
        form_factors=tuple(name for name, _ in _items(said[b"sec-ch-ua-form-factors"])),
    )


def _of_query(query: bytes) -> ClientHints | None:
    for pair in query.split(b"&"):
        if pair.startswith(PARAMETER) and len(pair) <= _MOST_BYTES:
            try:
                return hints_of_navigator(
                    msgspec.json.decode(unquote_to_bytes(pair[len(PARAMETER) :].replace(b"+", b" ")))
                )
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return None
    return None


def hints_of_navigator(said: Any) -> ClientHints | None:
    """Return what `navigator` says: `touchPoints`, `webdriver`, and `userAgentData`'s high-entropy values.

    None when it is no object; a value of a wrong type counts as left out.
    """
    if not isinstance(said, dict):
        return None
    brands = _named_brands(said.get("fullVersionList")) or _named_brands(said.get("brands"))
    mobile, touch, factors = said.get("mobile"), said.get("touchPoints"), said.get("formFactors")
    return ClientHints(
        brands=brands,
        is_mobile=mobile if isinstance(mobile, bool) else None,
        platform=_short(said.get("platform")),
        platform_version=_short(said.get("platformVersion")),
        model=_short(said.get("model")),
        form_factors=tuple(map(_short, factors[:_MOST_ITEMS])) if isinstance(factors, list) else (),
        touch_points=touch if type(touch) is int and 0 <= touch <= 1000 else 0,
        is_steered=said.get("webdriver") is True,
    )


def _named_brands(said: Any) -> tuple[Brand, ...]:
    if not isinstance(said, list):
        return ()
    pairs = [(_short(one.get("brand")), _short(one.get("version"))) for one in said if isinstance(one, dict)]
    return _without_grease(pairs)


def _brands(header: str) -> tuple[Brand, ...]:
    """Return the brands of a structured field such as `"Chromium";v="142", "Google Chrome";v="142"`."""
    return _without_grease(_items(header))


def _without_grease(pairs: list[Brand]) -> tuple[Brand, ...]:
    """Return the brands without those that mean nothing and are there to keep parsers tolerant."""
    return tuple(pair for pair in pairs[:_MOST_ITEMS] if not _GREASE.search(pair[0]))


def _items(header: str) -> list[Brand]:
    """Return the strings of a structured field's list, each with its parameter `v`."""
    found = []
    for match in _STRING.finditer(header):
        version = _VERSION.search(match[2])
        found.append((_unescaped(match[1]), _short(version[1]) if version else ""))
    return found


def _string(header: str) -> str:
    """Return a structured field's string; one without its quotes, as some senders write it, is understood."""
    items = _items(header)
    return items[0][0] if items else _short(header.strip().strip('"'))


def _unescaped(text: str) -> str:
    return _short(regex.sub(r"\\(.)", r"\1", text))


def _short(value: Any) -> str:
    return value[:_MOST_CHARACTERS] if isinstance(value, str) else ""


def _text(value: bytes | None) -> str:
    return value.decode("latin-1") if value and len(value) <= _MOST_BYTES else ""
