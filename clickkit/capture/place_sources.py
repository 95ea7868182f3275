"""Where a visitor is whose browser told no position: the country of his time zone, or what a proxy knows.

A proxy's headers are believed only when it is named here, for anybody can send them. The country is an ISO
3166 code; XX and T1 (Tor), which Cloudflare sends, are none. Sources of the names: "Add CloudFront request
headers" in the CloudFront Developer Guide; "Add visitor location headers" in Cloudflare's documentation of
Rules. Both send a city that is not ASCII as UTF-8, CloudFront with percent signs.
"""

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import unquote_to_bytes

import msgspec

from clickkit.capture.countries import country_name
from clickkit.capture.geolocation import PROXY, TIME_ZONE, locate_zone
from clickkit.errors import SettingsError
from clickkit.event import Event, Location

PlaceOf = Callable[[Event], Location | None]

_HEADERS = {
    "cloudfront": (
        *(b"cloudfront-viewer-country", b"cloudfront-viewer-country-region-name", b"cloudfront-viewer-city"),
    ),
    "cloudflare": (b"cf-ipcountry", b"cf-region", b"cf-ipcity"),
}
_NAME_LENGTH = 128


class PlaceSources(msgspec.Struct, frozen=True):
    """What may say where a visitor without a position is: timezone, cloudfront, cloudflare.

    The first that knows is believed.
    """

    names: Sequence[str] = (TIME_ZONE,)

    @property
    def proxies(self) -> list[str]:
        """The proxies among them."""
        return [name for name in self.names if name in _HEADERS]

    def place_of(self, headers: Mapping[bytes, bytes]) -> PlaceOf:
        """Return the function from an event of a request with these headers to its place."""
        told = {name: _place_in(headers, *_HEADERS[name]) for name in self.proxies}

        def place(event: Event) -> Location | None:
            found = (by_time_zone(event) if name == TIME_ZONE else told[name] for name in self.names)
            return next(filter(None, found), None)

        return place if told else by_time_zone if self.names else nowhere


def parse_place_sources(text: str) -> PlaceSources:
    """Return the sources that a text names, separated by commas, in their order; `nothing` means none.

    Raises:
        SettingsError: one of them is unknown.
    """
    names = [name.strip() for name in text.split(",")]
    if names == ["nothing"]:
        return PlaceSources(())
    for name in names:
        if name != TIME_ZONE and name not in _HEADERS:
            known = ", ".join((TIME_ZONE, *_HEADERS))
            raise SettingsError(
                f"{name!r} knows no place: write some of {known}, separated by commas, or nothing"
            )
    return PlaceSources(tuple(names))


def by_time_zone(event: Event) -> Location | None:
    """Return the country of the event's time zone."""
    return locate_zone(event.timezone) if event.timezone else None


def nowhere(event: Event) -> None:
    """Return no place."""


def _place_in(headers: Mapping[bytes, bytes], country: bytes, region: bytes, city: bytes) -> Location | None:
    code = headers.get(country, b"").decode("latin-1").upper()
    name = country_name(code)
    if name is None:
        return None
    return Location(
        city=_name(headers.get(city, b"")),
        region=_name(headers.get(region, b"")),
        country=name,
        country_code=code,
        source=PROXY,
    )


def _name(value: bytes) -> str | None:
    """Return the name in a header, or None when it is none."""
    try:
        name = unquote_to_bytes(value).decode().strip()
    except UnicodeDecodeError:
        return None
    return name if 0 < len(name) <= _NAME_LENGTH and name.isprintable() else None
