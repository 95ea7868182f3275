"""Seeded visitors for demonstrations and tests; every event says that it is simulated."""

import datetime as dt
import random
from collections.abc import Iterator
from typing import TypeVar

from clickkit.errors import SettingsError
from clickkit.event import Device, Event, Location, Screen


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


_SITES = {
    "YouTube": ("https://www.youtube.com/", 24),
    "Google": ("https://www.google.com/", 21),
    "WhatsApp": ("https://www.whatsapp.com/", 13),
    "Instagram": ("https://www.instagram.com/", 11),
    "Wikipedia": ("https://www.wikipedia.org/", 9),
    "Facebook": ("https://www.facebook.com/", 8),
    "Reddit": ("https://www.reddit.com/", 7),
    "Amazon": ("https://www.amazon.com/", 6),
    "Netflix": ("https://www.netflix.com/", 5),
    "X": ("https://x.com/", 4),
    "LinkedIn": ("https://www.linkedin.com/", 3),
    "GitHub": ("https://github.com/", 2),
}
_DEVICES = {
    (_device("mobile", "Android", "14", "Chrome Mobile", "142.0.0"), Screen(width=412, height=915)): 30,
    (_device("desktop", "Windows", "10", "Chrome", "142.0.0"), Screen(width=1920, height=1080)): 24,
    (_device("mobile", "iOS", "18.6", "Mobile Safari", "18.6"), Screen(width=390, height=844)): 20,
    (_device("desktop", "Mac OS X", "10.15.7", "Safari", "18.6"), Screen(width=1512, height=982)): 9,
    (_device("desktop", "Windows", "10", "Edge", "142.0.0"), Screen(width=1920, height=1080)): 7,
    (_device("desktop", "Linux", None, "Firefox", "144.0"), Screen(width=1920, height=1080)): 4,
    (_device("tablet", "iOS", "17.7", "Mobile Safari", "17.7"), Screen(width=820, height=1180)): 6,
}
_PLACES = {
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
T = TypeVar("T")

_HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 10, 11, 10, 10, 10, 10, 11, 12, 13, 14, 12, 8, 4)
_CONSENT = 0.7
_CLICKS = {1: 30, 2: 25, 3: 18, 4: 12, 5: 8, 8: 5, 12: 2}
_SECONDS_BETWEEN = 25


def simulate(since: dt.date, until: dt.date, *, visitors: int = 120, seed: int = 1) -> Iterator[Event]:
    """Yield the clicks of seeded visitors for every UTC day from `since` to `until`, both included.

    A day's clicks depend on the seed, the day and `visitors` (per weekday; weekends have 30 % fewer)
    alone, so a day simulated twice is stored once. Seven visitors in ten share their place. Every
    event carries `{"simulated": true}` in its properties.

    Raises:
        SettingsError: `until` lies before `since`, or there is no visitor.
    """
    if until < since:
        raise SettingsError(f"cannot simulate from {since} to {until}: swap the two days")
    if visitors < 1:
        raise SettingsError(f"cannot simulate {visitors} visitors a day: write 1 or more")
    for offset in range((until - since).days + 1):
        yield from _simulate_day(since + dt.timedelta(days=offset), visitors, seed)


def _simulate_day(day: dt.date, visitors: int, seed: int) -> Iterator[Event]:
    chance = random.Random(f"{seed} {day} {visitors}")
    share = 0.7 if day.weekday() >= 5 else 1.0
    for _ in range(max(1, round(visitors * share * chance.uniform(0.85, 1.15)))):
        yield from _simulate_session(chance, dt.datetime.combine(day, dt.time(), dt.UTC))


def _simulate_session(chance: random.Random, midnight: dt.datetime) -> Iterator[Event]:
    device, screen = _draw(chance, _DEVICES)
    place, language, timezone = _draw(chance, _PLACES)
    consents = chance.random() < _CONSENT
    visitor_id, session_id = (f"{chance.getrandbits(64):016x}" for _ in range(2))
    hour = chance.choices(range(24), _HOURS)[0]
    clock = midnight + dt.timedelta(hours=hour, milliseconds=chance.randrange(3_600_000))
    for sequence in range(_draw(chance, _CLICKS)):
        button = _draw(chance, {name: weight for name, (_, weight) in _SITES.items()})
        if clock.date() == midnight.date():
            yield Event(
                id=f"{chance.getrandbits(128):032x}",
                button=button,
                timestamp=clock,
                page_url=_SITES[button][0],
                device=device,
                location=place if consents else None,
                visitor_id=visitor_id,
                session_id=session_id,
                sequence=sequence,
                received_at=clock + dt.timedelta(milliseconds=round(chance.lognormvariate(4, 0.6))),
                screen=screen,
                language=language,
                timezone=timezone,
                properties={"simulated": True},
            )
        clock += dt.timedelta(milliseconds=round(chance.expovariate(1 / _SECONDS_BETWEEN) * 1000) + 500)


def _draw(chance: random.Random, weights: dict[T, int]) -> T:
    return chance.choices(list(weights), list(weights.values()))[0]
