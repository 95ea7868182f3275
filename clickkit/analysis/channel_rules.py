"""The rules of channels, once, for SQL and for Python.

A session's source, medium and campaign are its page's utm parameters or, without any, the referrer's host; in
small letters, a host without www. `CHANNEL` is the SQL of its channel, `channel_of` the same in Python. The
rules are those that `channels` states; the first that fits holds.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

_SEARCH = (
    r"^(([a-z]{2}|www|m|search)\.)*"
    r"(google|bing|yahoo|duckduckgo|baidu|yandex|ecosia|naver|seznam|qwant|startpage|brave|ask|aol)"
    r"(\.[a-z]{2,3}){0,2}$|googlequicksearchbox$"
)
_SOCIAL = (
    r"^([a-z0-9-]+\.)*(facebook|instagram|linkedin|twitter|reddit|pinterest|tiktok|threads|whatsapp|snapchat|"
    r"mastodon|bluesky|tumblr|quora|weibo|vk)(\.[a-z]{2,6}){0,2}$|^(fb|ig|x|(www\.)?x\.com|t\.co|lnkd\.in|bsky\.app)$"
)
_PAID = "^(.*cp.*|ppc|retargeting|paid.*)$"
_EMAIL = "^e[-_ ]?mail$"
_HOST = r"^[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*@)?(\[[^\]]*\]|[^/?#:]*)"
_TAG = "^[^#]*[?&]utm_{name}=([^&#]*)"
_ORIGIN = "case when is_tagged then 'tag' when source = own_host then 'own site' else 'other site' end"


class Beginning(NamedTuple):
    """What a channel follows from; `origin` is tag, own site or other site."""

    source: str
    medium: str
    campaign: str
    origin: str


class _Is(NamedTuple):
    field: str
    words: tuple[str, ...]

    def sql(self) -> str:
        words = ", ".join(f"'{word}'" for word in self.words)
        return f"{_COLUMNS.get(self.field, self.field)} in ({words})"

    def holds(self, beginning: Beginning) -> bool:
        return getattr(beginning, self.field) in self.words


class _Matches(NamedTuple):
    field: str
    pattern: str

    def sql(self) -> str:
        return f"regexp_matches({self.field}, '{self.pattern}')"

    def holds(self, beginning: Beginning) -> bool:
        return _found(self.pattern, getattr(beginning, self.field)) is not None


_COLUMNS = {"origin": _ORIGIN}
_OTHERWISE = "referral"
_RULES: tuple[tuple[str, tuple[_Is | _Matches, ...]], ...] = (
    ("direct", (_Is("source", ("",)), _Is("medium", ("",)), _Is("campaign", ("",)))),
    ("direct", (_Is("source", ("(direct)",)),)),
    ("internal", (_Is("origin", ("own site",)),)),
    ("paid search", (_Matches("source", _SEARCH), _Matches("medium", _PAID))),
    ("social", (_Matches("source", _SOCIAL),)),
    ("social", (_Matches("medium", "^(social|sm|social[- ](network|media))$"),)),
    ("display", (_Is("medium", ("display", "banner", "expandable", "interstitial", "cpm")),)),
    ("other", (_Matches("medium", _PAID),)),
    ("organic search", (_Matches("source", _SEARCH),)),
    ("organic search", (_Is("medium", ("organic",)),)),
    ("email", (_Matches("source", _EMAIL),)),
    ("email", (_Matches("medium", _EMAIL),)),
    ("referral", (_Is("medium", ("referral", "app", "link")),)),
    ("other", (_Is("origin", ("tag",)),)),
)

CHANNEL = "\n".join(
    (
        "case",
        *(f"when {' and '.join(test.sql() for test in tests)} then '{channel}'" for channel, tests in _RULES),
        f"else '{_OTHERWISE}' end",
    )
)
"""The SQL of a channel, over `source, medium, campaign, is_tagged, own_host`."""


def channel_of(page_url: str, referrer: str | None = None) -> tuple[str, Beginning]:
    """Return the channel of a session that begins on a page, and what it follows from.

    >>> channel_of("https://shop.example/?utm_source=Bing&utm_medium=PPC")[0]
    'paid search'
    """
    beginning = _beginning(page_url, referrer or "")
    fits = (channel for channel, tests in _RULES if all(test.holds(beginning) for test in tests))
    return next(fits, _OTHERWISE), beginning


def host_of(url: str) -> str:
    """Return the host of an address, in small letters and without www; "" when it has none."""
    found = _found(_HOST, url)
    return _small(found[2] if found else "").removeprefix("www.")


def host_sql(url: str) -> str:
    """Return the SQL of `host_of`."""
    return rf"regexp_replace(lower(regexp_extract({url}, '{_HOST}', 2)), '^www\.', '')"


def tag_sql(name: str, url: str) -> str:
    """Return the SQL of a utm parameter, decoded, in small letters; what cannot be decoded stays as it is."""
    found = f"replace(regexp_extract({url}, '{_TAG.format(name=name)}', 1), '+', ' ')"
    return f"lower(coalesce(try(url_decode({found})), {found}))"


def _beginning(page_url: str, referrer: str) -> Beginning:
    tags = _tag("source", page_url), _tag("medium", page_url), _tag("campaign", page_url)
    own, before = host_of(page_url), host_of(referrer)
    if any(tags):
        return Beginning(*tags, "tag")
    return Beginning(before, "", "", "own site" if before == own else "other site")


def _tag(name: str, url: str) -> str:
    found = _found(_TAG.format(name=name), url)
    text = found[1].replace("+", " ") if found else ""
    try:
        return _small(unquote_to_bytes(text).decode())
    except UnicodeDecodeError:
        return _small(text)


def _found(pattern: str, text: str) -> re.Match[str] | None:
    """Find a pattern as SQL does: its end is the end of the text, not a line's."""
    return re.search(pattern.replace("$", r"\Z"), text)


def _small(text: str) -> str:
    """Return a text in small letters as SQL does: one letter for one, whatever stands beside it."""
    return "".join(letter.lower()[0] for letter in text)
