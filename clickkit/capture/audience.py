"""The audience page: buttons of web sites on the visitors' phones, in one document."""

import gzip
import hashlib
import html
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from string import Template

import msgspec

from clickkit.capture.answer import ACCEPT_CLIENT_HINTS, Header
from clickkit.capture.asset import read_asset, read_script
from clickkit.capture.geolocation import TIME_ZONE
from clickkit.capture.place_sources import PlaceSources
from clickkit.capture.sites import SITES, Site

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SPACE = re.compile(r"\s*([{};,])\s*|:\s+")
_COUNTRY = " and the country that it names"
_NETWORK = "<li><b>The country and city of your network,</b> which a proxy on the way here adds.</li>"
_TIME_ZONE_ONLY = PlaceSources()
_PAIR = re.compile(r"(--[\w-]+): light-dark\((.+?), (.+?)\);")


class AudiencePage(msgspec.Struct, frozen=True):
    """The document, plain and gzipped, and the headers that keep everything foreign out of it."""

    plain: bytes
    gzipped: bytes
    headers: list[Header]

    def answer(self, headers: Mapping[bytes, bytes]) -> tuple[bytes, list[Header]]:
        """Return the body that a request takes, and its headers."""
        if b"gzip" in headers.get(b"accept-encoding", b""):
            return self.gzipped, [*self.headers, (b"content-encoding", b"gzip")]
        return self.plain, self.headers


def audience_page(
    sites: Sequence[Site] = SITES, *, place_sources: PlaceSources = _TIME_ZONE_ONLY
) -> AudiencePage:
    """Return the page; drawing it takes no other request, and its scripts are known by their hash.

    It says what is captured without a position too, so it asks for the sources of places.
    """
    style = _style("theme.css", "tracker.css", "audience.css")
    script = read_script("tracker.js", "tracker_page.js", "audience.js")
    buttons = "".join(map(_button, sites))
    page = Template(read_asset("audience.html")).substitute(
        style=style,
        script=script,
        sites=buttons,
        country=_COUNTRY if TIME_ZONE in place_sources.names else "",
        network=_NETWORK if place_sources.proxies else "",
    )
    return AudiencePage(page.encode(), gzip.compress(page.encode(), mtime=0), _headers(script, style))


def _button(site: Site) -> str:
    name, page_url = html.escape(site.button), html.escape(site.page_url)
    return (
        f'<button class="ck-site" data-name="{name}" data-page-url="{page_url}">'
        f'<span class="ck-icon">{site.drawing()}</span><span>{name}</span>'
        '<span class="ck-count" aria-hidden="true"></span></button>'
    )


def _style(*names: str) -> str:
    """Return style sheets as one, with `light-dark()` written out: phones of before 2024 lack it."""
    text = _COMMENT.sub("", "".join(map(read_asset, names)))
    dark = "".join(f"{name}:{colour};" for name, _, colour in _PAIR.findall(text))
    text = _PAIR.sub(r"\1: \2;", text) + f"@media (prefers-color-scheme: dark){{.clickkit{{{dark}}}}}"
    return _SPACE.sub(lambda space: space[1] or ":", text).replace(";}", "}")


def _headers(script: str, style: str) -> list[Header]:
    policy = (
        "default-src 'none'; "
        f"script-src {_hash(script)}; style-src {_hash(style)}; img-src data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", policy.encode()),
        (b"referrer-policy", b"no-referrer"),
        (b"permissions-policy", b"geolocation=(self), camera=(), microphone=()"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cache-control", b"no-cache"),
        ACCEPT_CLIENT_HINTS,
        (b"vary", b"Accept-Encoding"),
    ]


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
