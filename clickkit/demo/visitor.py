"""A simulated visitor of the audience page: a device, a place, a taste in sites, all drawn from a seed."""

import random
import uuid
from collections.abc import Iterator

import msgspec

from clickkit.capture.sites import SITES, Site

_SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0"
_MOBILE_SAFARI = f"{_SAFARI} Mobile/15E148 Safari/604.1"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
_SAMSUNG = "AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0"
_BLINK = "Safari/537.36"
_CONSENT = 0.6


class Handset(msgspec.Struct, frozen=True):
    """What a browser says of itself: its User-Agent, and its screen in CSS pixels."""

    user_agent: str
    width: int
    height: int


class Place(msgspec.Struct, frozen=True):
    """A city's position in degrees north and east, with the language and the time zone of its browsers."""

    latitude: float
    longitude: float
    language: str
    timezone: str


def _handset(system: str, browser: str, width: int, height: int) -> Handset:
    return Handset(f"Mozilla/5.0 ({system}) {browser}", width, height)


_HANDSETS = {
    _handset("iPhone; CPU iPhone OS 18_7 like Mac OS X", _MOBILE_SAFARI, 393, 852): 28,
    _handset("Linux; Android 10; K", f"{_CHROME} Mobile {_BLINK}", 412, 915): 30,
    _handset("Linux; Android 10; K", f"{_SAMSUNG} Mobile {_BLINK}", 384, 832): 8,
    _handset("iPad; CPU OS 18_7 like Mac OS X", _MOBILE_SAFARI, 820, 1180): 9,
    _handset("Windows NT 10.0; Win64; x64", f"{_CHROME} {_BLINK}", 1920, 1080): 10,
    _handset("Windows NT 10.0; Win64; x64", f"{_CHROME} {_BLINK} Edg/142.0.0.0", 1536, 864): 5,
    _handset("Macintosh; Intel Mac OS X 10_15_7", f"{_SAFARI} Safari/605.1.15", 1512, 982): 7,
    _handset("X11; Linux x86_64; rv:144.0", "Gecko/20100101 Firefox/144.0", 1920, 1080): 3,
}
_PLACES = (
    Place(59.9139, 10.7522, "nb-NO", "Europe/Oslo"),
    Place(52.5244, 13.4105, "de-DE", "Europe/Berlin"),
    Place(48.8566, 2.3522, "fr-FR", "Europe/Paris"),
    Place(51.5074, -0.1278, "en-GB", "Europe/London"),
    Place(40.7128, -74.006, "en-US", "America/New_York"),
    Place(37.7749, -122.4194, "en-US", "America/Los_Angeles"),
    Place(-23.5475, -46.6361, "pt-BR", "America/Sao_Paulo"),
    Place(6.4541, 3.3947, "en-NG", "Africa/Lagos"),
    Place(19.076, 72.8777, "en-IN", "Asia/Kolkata"),
    Place(35.6895, 139.6917, "ja-JP", "Asia/Tokyo"),
    Place(-33.8688, 151.2093, "en-AU", "Australia/Sydney"),
)


class Tap(msgspec.Struct, frozen=True):
    """One touch of a button: the site that it stands for, and where on the screen, in CSS pixels."""

    site: Site
    x: int
    y: int


class Visitor(msgspec.Struct, frozen=True):
    """Who holds a phone; `phase`, 0 to 1, is the part of the time between two clicks before the first."""

    visitor_id: str
    handset: Handset
    place: Place
    consents: bool
    phase: float
    seed: str

    def taps(self) -> Iterator[Tap]:
        """Yield what the visitor taps, without an end: sites by a taste of their own, the same each time."""
        chance = random.Random(f"{self.seed} taps")
        taste = [chance.expovariate(1) for _ in SITES]
        while True:
            site = chance.choices(SITES, taste)[0]
            yield Tap(site, chance.randrange(self.handset.width), chance.randrange(self.handset.height))


def draw_visitor(seed: int, number: int) -> Visitor:
    """Return a visitor of an audience, who depends on the seed and the number alone.

    About seven in ten hold a phone and one a tablet; six in ten consent to share their place.
    """
    chance = random.Random(f"{seed} {number}")
    return Visitor(
        visitor_id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        handset=chance.choices(list(_HANDSETS), list(_HANDSETS.values()))[0],
        place=chance.choice(_PLACES),
        consents=chance.random() < _CONSENT,
        phase=chance.random(),
        seed=f"{seed} {number}",
    )
