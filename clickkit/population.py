"""Who simulated visitors are: their devices, their places, and the hours at which they come."""

import random
from typing import TypeVar

from clickkit.event import Device, Location, Screen

T = TypeVar("T")


def _device(kind: str, platform: str, platform_version: str | None, browser: str, version: str) -> Device:
    return Device(
        type=kind,
        platform=platform,
        platform_version=platform_version,
        browser=browser,
        browser_version=version,
        is_bot=False,
    )


def _place(city: str, country: str, country_code: str, latitude: float, longitude: float) -> Location:
    return Location(
        city=city, country=country, country_code=country_code, latitude=latitude, longitude=longitude
    )


DEVICES = {
    (_device("mobile", "Android", "14", "Chrome Mobile", "142.0.0"), Screen(width=412, height=915)): 30,
    (_device("desktop", "Windows", "10", "Chrome", "142.0.0"), Screen(width=1920, height=1080)): 24,
    (_device("mobile", "iOS", "18.6", "Mobile Safari", "18.6"), Screen(width=390, height=844)): 20,
    (_device("desktop", "Mac OS X", "10.15.7", "Safari", "18.6"), Screen(width=1512, height=982)): 9,
    (_device("desktop", "Windows", "10", "Edge", "142.0.0"), Screen(width=1920, height=1080)): 7,
    (_device("desktop", "Linux", None, "Firefox", "144.0"), Screen(width=1920, height=1080)): 4,
    (_device("tablet", "iOS", "17.7", "Mobile Safari", "17.7"), Screen(width=820, height=1180)): 6,
}
"""Device and screen: how many visitors in a hundred have them."""

PLACES = {
    (_place("Oslo", "Norway", "NO", 59.9, 10.8), "nb-NO", "Europe/Oslo"): 16,
    (_place("Bergen", "Norway", "NO", 60.4, 5.3), "nb-NO", "Europe/Oslo"): 7,
    (_place("Berlin", "Germany", "DE", 52.5, 13.4), "de-DE", "Europe/Berlin"): 13,
    (_place("Paris", "France", "FR", 48.9, 2.3), "fr-FR", "Europe/Paris"): 11,
    (_place("London", "United Kingdom", "GB", 51.5, -0.1), "en-GB", "Europe/London"): 12,
    (_place("New York City", "United States", "US", 40.7, -74.0), "en-US", "America/New_York"): 15,
    (_place("São Paulo", "Brazil", "BR", -23.5, -46.6), "pt-BR", "America/Sao_Paulo"): 9,
    (_place("Mumbai", "India", "IN", 19.1, 72.9), "en-IN", "Asia/Kolkata"): 10,
    (_place("Tokyo", "Japan", "JP", 35.7, 139.7), "ja-JP", "Asia/Tokyo"): 7,
}
"""Place, language and time zone: how many visitors in a hundred are there."""

HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 10, 11, 10, 10, 10, 10, 11, 12, 13, 14, 12, 8, 4)
"""How many visitors come in each hour of the UTC day, relative to one another."""

CONSENT = 0.7
"""The share of visitors who share their place."""


def draw(chance: random.Random, weights: dict[T, int]) -> T:
    """Return one of the keys, as often as its weight says."""
    return chance.choices(list(weights), list(weights.values()))[0]
