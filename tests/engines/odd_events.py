"""Events that senders may send, and hardly any does: what engines treat in different ways, if anything."""

import datetime as dt
import random
from urllib.parse import quote

from clickkit.event import Device, Event, Location, Screen

FIRST = dt.datetime(2026, 10, 30, 23, 59, 59, 999_999, tzinfo=dt.UTC)
EXPERIMENT = "new.checkout $v2"
GAPS = [dt.timedelta(0), dt.timedelta(microseconds=1), dt.timedelta(minutes=30), dt.timedelta(hours=30)]
PAGES = [
    "https://shop.example/",
    "https://WWW.Shop.example:8443/a%20b?utm_source=Google&utm_medium=CPC#top",
    "https://user@[2001:db8::1]/?utm_campaign=%ZZ%&utm_source=a+b%2Bc",
    "https://shop.example/?utm_source=%F0%9F%98%80&utm_source=second",
    "/only/a/path?x=1#y?z",
    "about:blank",
    None,
]
REFERRERS = [
    None,
    "",
    "https://www.google.co.uk/search?q=x",
    "android-app://com.slack/",
    "https://shop.example/x",
]
KINDS = ["click", "click", "view", "scroll", "error", "web-vital", "exposure"]


def odd_events(strings, count=1000):
    """Yield events, drawn by a seed; the strings are names and parts of addresses."""
    draw = random.Random(4)
    moment = FIRST
    for number in range(count):
        (gap,) = draw.choices(GAPS, [30, 30, 30, 1])
        moment += gap
        text = draw.choice(strings)
        kind = draw.choice(KINDS)
        yield Event(
            id=f"{number}",
            event=kind,
            button=draw.choice([None, "Pay", text]) if kind != "click" else draw.choice(["Pay", text]),
            timestamp=moment,
            received_at=moment + draw.choice([-1, 1]) * draw.choice(GAPS),
            page_url=draw.choice([*PAGES, f"https://shop.example/?utm_source={quote(text)}"]),
            referrer=draw.choice(REFERRERS),
            visitor_id=draw.choice([None, "v1", "v2", f"v{number // 9}"]),
            session_id=draw.choice([None, f"s{number // 5}", "s"]),
            sequence=draw.choice([None, number, 7]),
            x=draw.choice([None, 1.5, 10.0]),
            y=draw.choice([None, 2.0]),
            duration_ms=draw.choice([None, 0.0, 0.1, 250.0, 1e9]),
            language=draw.choice([None, "en-GB", "zh_Hans", ""]),
            timezone=draw.choice([None, "Europe/Oslo", ""]),
            screen=draw.choice([None, Screen(width=0, height=0), Screen(width=1600, height=900)]),
            device=draw.choice([None, Device(), Device(type="tablet", browser=text, is_bot=True)]),
            location=draw.choice(
                [None, Location(country="Norway", country_code="NO", city="Oslo"), Location(country=text)]
            ),
            variants=draw.choice([{}, {EXPERIMENT: text}, {EXPERIMENT: "b"}, {"checkout": "short"}]),
            properties=draw.choice(
                [
                    {},
                    {"simulated": True},
                    {"internal": "true", "depth": "0.5"},
                    {"depth": draw.choice([1, 0.25, "much", None])},
                    {
                        "name": draw.choice(["LCP", "CLS", text]),
                        "value": draw.choice([0.1, 2500, "1e3", None]),
                    },
                ]
            ),
        )
