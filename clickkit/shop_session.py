"""A visitor of the simulated shop, and what one does in a session."""

import datetime as dt
import math
import random
from typing import Any

from msgspec import Struct

from clickkit.event import Device, Event, Screen
from clickkit.population import CONSENT, DEVICES, PLACES, draw
from clickkit.shop_truth import Channel, Lognormal, Page, PlantedExperiment, ShopTruth

SHOP = "https://shop.example"
_CATEGORIES = ("/bags", "/jackets", "/shoes")
_PRODUCTS = tuple(f"/products/{name}" for name in ("anorak", "boots", "parka", "rucksack", "sandals", "tote"))
_VIEWS_OF_KEEN = {1: 4, 2: 4, 3: 2}
_VIEWS_OF_OTHERS = {1: 8, 2: 2}
_POSITIONS = {  # fractions of the screen's width and height
    "Add to basket": (0.72, 0.62),
    "Checkout": (0.85, 0.12),
    "Pay": (0.5, 0.8),
    "Menu": (0.08, 0.06),
    "Search": (0.5, 0.06),
    "Newsletter": (0.5, 0.92),
    "Filter": (0.15, 0.3),
    "Sort": (0.9, 0.3),
    "Size guide": (0.7, 0.45),
    "Reviews": (0.3, 0.85),
    "Coupon": (0.6, 0.5),
}
_SIDE_BUTTONS = {
    "home": ("Menu", "Search", "Newsletter"),
    "category": ("Menu", "Filter", "Sort"),
    "product": ("Size guide", "Reviews"),
    "checkout": ("Coupon",),
}
_ERRORS = (
    "TypeError: basket is undefined",
    "NetworkError: request timed out",
    "ChunkLoadError: chunk 7 failed",
)
_BOT = Device(type="bot", browser="Examplebot", browser_version="2.1", is_bot=True)
_BOT_STEPS = 24
_BOT_SECONDS = 2


class Visitor(Struct, kw_only=True):
    """Who comes to the shop: what all events say of them, and their taste; only `variants` ever changes."""

    fields: dict[str, Any]
    properties: dict[str, Any]
    screen: Screen
    device_type: str
    is_keen: bool
    is_bot: bool
    is_staff: bool
    order_level: float
    skew: dt.timedelta | None
    variants: dict[str, str]


def draw_visitor(chance: random.Random, truth: ShopTruth) -> Visitor:
    """Return a new visitor with all that stays the same from session to session."""
    kind = chance.random()
    is_bot, is_staff = kind < truth.bots, truth.bots <= kind < truth.bots + truth.staff
    device, screen = draw(chance, DEVICES)
    place, language, timezone = draw(chance, PLACES)
    return Visitor(
        fields={
            "device": _BOT if is_bot else device,
            "location": place if chance.random() < CONSENT else None,
            "visitor_id": f"{chance.getrandbits(64):016x}",
            "language": language,
            "timezone": timezone,
        },
        properties={"simulated": True, "internal": True} if is_staff else {"simulated": True},
        screen=screen,
        device_type=device.type or "",
        is_keen=chance.random() < 0.5,
        is_bot=is_bot,
        is_staff=is_staff,
        order_level=chance.gauss(0, 1),
        skew=_draw_skew(chance) if chance.random() < truth.skewed_clocks else None,
        variants={},
    )


def _draw_skew(chance: random.Random) -> dt.timedelta:
    """Return how wrong a clock is: so wrong that the collector corrects it."""
    ahead, behind = chance.uniform(1, 400), chance.uniform(8, 400)
    return dt.timedelta(hours=ahead) if chance.random() < 0.5 else -dt.timedelta(days=behind)


class Session:
    """One session: its clock, the page that the visitor is on, and the events so far."""

    def __init__(self, chance: random.Random, truth: ShopTruth, visitor: Visitor, start: dt.datetime) -> None:
        self.events: list[Event] = []
        self.clock = start
        self._chance, self._truth, self._visitor = chance, truth, visitor
        self._fields = visitor.fields | {"session_id": f"{chance.getrandbits(64):016x}"}
        self._page, self._page_url = truth.home, ""
        self._delay = dt.timedelta()

    def browse(self, experiment: PlantedExperiment | None) -> None:
        """Come by a channel, and go down the funnel as far as chance lets the visitor."""
        chance, truth, visitor = self._chance, self._truth, self._visitor
        channel = chance.choices(truth.channels, [one.share for one in truth.channels])[0]
        self._land(channel)
        if chance.random() < truth.rage:
            self._rage()
        if chance.random() >= truth.view_product * (1 + truth.propensity * (1 if visitor.is_keen else -1)):
            return
        for _ in range(draw(chance, _VIEWS_OF_KEEN if visitor.is_keen else _VIEWS_OF_OTHERS)):
            self._view("product", SHOP + chance.choice(_PRODUCTS), self._page_url)
        if chance.random() >= truth.basket_probability(channel.name, visitor.device_type):
            return
        self._click("Add to basket")
        if chance.random() < truth.check_out:
            self._click("Checkout")
            self._check_out(experiment)

    def crawl(self) -> None:
        """Go through the shop as a bot does: in even steps, and without buying."""
        for step in range(_BOT_STEPS):
            self.clock += dt.timedelta(seconds=_BOT_SECONDS)
            if step % 4 == 3:
                self._add("click", button="Search", at=self._position("Search"))
            else:
                self._page_url = SHOP + _PRODUCTS[step % len(_PRODUCTS)]
                self._add("view")

    def _land(self, channel: Channel) -> None:
        query, referrer = f"?{channel.query}" if channel.query else "", self._chance.choice(channel.referrers)
        if self._chance.random() < 0.6:
            self._view("home", f"{SHOP}/{query}", referrer)
        else:
            self._view("category", f"{SHOP}{self._chance.choice(_CATEGORIES)}{query}", referrer)

    def _check_out(self, experiment: PlantedExperiment | None) -> None:
        chance, truth, visitor = self._chance, self._truth, self._visitor
        self._view_page("checkout", f"{SHOP}/checkout", self._page_url)
        variant = None
        if experiment:
            if not visitor.variants or chance.random() < experiment.redrawn:
                split = experiment.split if experiment.broken_split is None else experiment.broken_split
                visitor.variants = {experiment.name: "short" if chance.random() < split else "control"}
            variant = visitor.variants[experiment.name]
            self._add("exposure")
        self._look_around("checkout")
        if visitor.is_staff:
            self._click("Pay", revenue=1.0)
        elif chance.random() < truth.pay_probability(variant):
            lift = experiment.revenue_lift if experiment and variant == "short" else 0.0
            self._click("Pay", revenue=round(self._draw_revenue() * (1 + lift), 2))

    def _draw_revenue(self) -> float:
        truth = self._truth
        own, drawn = self._visitor.order_level, self._chance.gauss(0, 1)
        level = math.sqrt(truth.loyalty) * own + math.sqrt(1 - truth.loyalty) * drawn
        return truth.revenue.median * math.exp(truth.revenue.sigma * level)

    def _view(self, kind: str, page_url: str, referrer: str | None) -> None:
        self._view_page(kind, page_url, referrer)
        self._look_around(kind)

    def _view_page(self, kind: str, page_url: str, referrer: str | None) -> None:
        """Open a page; a visitor with a wrong clock sends a page's events together, somewhat late."""
        if self.events:
            self._wait()
        self._page, self._page_url = getattr(self._truth, kind), page_url
        if self._visitor.skew is not None:
            self._delay = dt.timedelta(milliseconds=self._chance.randrange(3000))
        self._add("view", referrer=referrer)

    def _look_around(self, kind: str) -> None:
        """Do on a page what is beside the funnel."""
        chance, truth = self._chance, self._truth
        if chance.random() < truth.errors:
            self._wait()
            self._add("error", message=chance.choice(_ERRORS))
        if chance.random() < truth.vitals:
            self._wait()
            self._report_vitals(self._page)
        if chance.random() < truth.scrolls:
            self._wait()
            self._add("scroll", depth=round(chance.betavariate(*truth.scroll_depth), 2))
        if chance.random() < truth.side_clicks:
            self._click(chance.choice(_SIDE_BUTTONS[kind]))

    def _report_vitals(self, page: Page) -> None:
        for name, values in (("LCP", page.lcp), ("INP", page.inp), ("CLS", page.cls), ("TTFB", page.ttfb)):
            digits = 4 if name == "CLS" else 0
            self._add("web-vital", name=name, value=round(self._draw(values), digits))

    def _rage(self) -> None:
        self._wait()
        for _ in range(4):
            self._click_here("Menu")
            self.clock += dt.timedelta(milliseconds=self._chance.randrange(120, 300))

    def _click(self, button: str, **properties: Any) -> None:
        self._wait()
        self._click_here(button, **properties)

    def _click_here(self, button: str, **properties: Any) -> None:
        milliseconds = round(self._draw(self._page.latency), 1)
        self._add("click", button=button, at=self._position(button), duration_ms=milliseconds, **properties)

    def _position(self, button: str) -> tuple[float, float]:
        """Return where a button was hit: at most 8 px from its middle, either way."""
        across, down = _POSITIONS[button]
        screen, chance = self._visitor.screen, self._chance
        return (
            float(round(across * screen.width) + chance.randint(-8, 8)),
            float(round(down * screen.height) + chance.randint(-8, 8)),
        )

    def _add(
        self,
        event: str,
        *,
        button: str | None = None,
        referrer: str | None = None,
        at: tuple[float, float] | tuple[None, None] = (None, None),
        duration_ms: float | None = None,
        **properties: Any,
    ) -> None:
        """Add an event of now, on this page."""
        chance, visitor = self._chance, self._visitor
        timestamp = self.clock + self._delay
        self.events.append(
            Event(
                id=f"{chance.getrandbits(128):032x}",
                event=event,
                button=button,
                timestamp=timestamp,
                page_url=self._page_url,
                sequence=len(self.events),
                received_at=timestamp + _milliseconds(chance.lognormvariate(4, 0.6)),
                sender_timestamp=None if visitor.skew is None else self.clock + visitor.skew,
                referrer=referrer,
                screen=visitor.screen,
                x=at[0],
                y=at[1],
                variants=visitor.variants,
                duration_ms=duration_ms,
                properties=visitor.properties | properties,
                **self._fields,
            )
        )

    def _wait(self) -> None:
        seconds = self._draw(self._truth.seconds_between)
        self.clock += _milliseconds(min(max(seconds, 1), 300) * 1000)

    def _draw(self, values: Lognormal) -> float:
        return self._chance.lognormvariate(math.log(values.median), values.sigma)


def _milliseconds(number: float) -> dt.timedelta:
    return dt.timedelta(milliseconds=round(number))
