"""Seeded visitors for demonstrations and tests; every event says that it is simulated."""

import datetime as dt
import random
from collections.abc import Iterator

from clickkit.errors import SettingsError
from clickkit.event import Event
from clickkit.population import CONSENT, DEVICES, HOURS, PLACES, draw

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
    device, screen = draw(chance, DEVICES)
    place, language, timezone = draw(chance, PLACES)
    consents = chance.random() < CONSENT
    visitor_id, session_id = (f"{chance.getrandbits(64):016x}" for _ in range(2))
    hour = chance.choices(range(24), HOURS)[0]
    clock = midnight + dt.timedelta(hours=hour, milliseconds=chance.randrange(3_600_000))
    for sequence in range(draw(chance, _CLICKS)):
        button = draw(chance, {name: weight for name, (_, weight) in _SITES.items()})
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
