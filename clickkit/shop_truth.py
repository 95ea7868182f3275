"""What is true of the simulated shop: every rate, effect and accident that its events are drawn from."""

import math
from statistics import NormalDist

from msgspec import Struct

from clickkit.errors import SettingsError


class Lognormal(Struct, frozen=True):
    """A lognormal distribution: its median, in the unit of what it describes, and sigma of the logarithm."""

    median: float
    sigma: float

    def quantile(self, share: float) -> float:
        """Return the value that a share (0 to 1) of all values lies below: median × exp(sigma × z)."""
        return self.median * math.exp(self.sigma * NormalDist().inv_cdf(share))


class Channel(Struct, frozen=True, kw_only=True):
    """One way to the shop: what the landing page shows of it, and how well its visitors convert.

    `share` is that of all sessions, relative to the other channels; `factor` multiplies the chance that
    a viewed product is put into the basket. A session has one of the `referrers` (None: no referrer),
    and `query` (utm_source and so on) stands in its landing page's address.
    """

    name: str
    share: float
    factor: float
    referrers: tuple[str | None, ...] = (None,)
    query: str = ""


class Page(Struct, frozen=True, kw_only=True):
    """How quick one kind of page is: `latency` of its clicks (`duration_ms`), and its web vitals.

    All are in ms but `cls`, which has no unit.
    """

    latency: Lognormal
    lcp: Lognormal
    inp: Lognormal
    cls: Lognormal
    ttfb: Lognormal


class Outage(Struct, frozen=True, kw_only=True):
    """Hours whose events are lost: from `hour` (UTC) of `day`, the first day of the range being 0."""

    day: int
    hour: float
    hours: float


class PlantedExperiment(Struct, frozen=True, kw_only=True):
    """An experiment on the checkout page, with variants `control` and `short`, and what `short` does.

    Who comes to the checkout from day `first_day` on (0 is the range's first) sees one of them, for good:
    `short` with probability `split`. It raises the chance to pay by `lift` (0.18: 18 percentage points)
    and each order's revenue by the factor 1 + `revenue_lift`. With `broken_split`, `short` is given with
    that probability instead, which is a sample ratio mismatch. Of the visitors who come to the checkout in
    a later session, `redrawn` (0 to 1) draw again and may then be in both variants.
    """

    name: str = "checkout"
    first_day: int = 7
    split: float = 0.5
    lift: float = 0.18
    revenue_lift: float = 0.1
    broken_split: float | None = None
    redrawn: float = 0.15


_CHANNELS = (
    Channel(name="direct", share=0.24, factor=1.1),
    Channel(
        name="organic search",
        share=0.28,
        factor=1.0,
        referrers=("https://www.google.com/", "https://www.google.com/", "https://www.bing.com/"),
    ),
    Channel(
        name="paid search",
        share=0.18,
        factor=0.9,
        referrers=("https://www.google.com/",),
        query="utm_source=google&utm_medium=cpc&utm_campaign=autumn",
    ),
    Channel(
        name="social",
        share=0.12,
        factor=0.6,
        referrers=("https://www.instagram.com/", "https://www.facebook.com/"),
        query="utm_source=social&utm_medium=social&utm_campaign=autumn",
    ),
    Channel(
        name="email",
        share=0.10,
        factor=1.4,
        query="utm_source=newsletter&utm_medium=email&utm_campaign=weekly",
    ),
    Channel(
        name="referral", share=0.08, factor=1.0, referrers=("https://blog.example/", "https://forum.example/")
    ),
)
_HOME = Page(
    latency=Lognormal(120, 0.5),
    lcp=Lognormal(1700, 0.45),
    inp=Lognormal(90, 0.6),
    cls=Lognormal(0.04, 0.8),
    ttfb=Lognormal(350, 0.4),
)
_CATEGORY = Page(
    latency=Lognormal(150, 0.5),
    lcp=Lognormal(2000, 0.45),
    inp=Lognormal(110, 0.6),
    cls=Lognormal(0.2, 0.7),
    ttfb=Lognormal(450, 0.4),
)
_PRODUCT = Page(
    latency=Lognormal(180, 0.5),
    lcp=Lognormal(2600, 0.45),
    inp=Lognormal(130, 0.6),
    cls=Lognormal(0.06, 0.8),
    ttfb=Lognormal(400, 0.4),
)
_CHECKOUT = Page(
    latency=Lognormal(420, 0.6),
    lcp=Lognormal(1500, 0.45),
    inp=Lognormal(260, 0.6),
    cls=Lognormal(0.02, 0.8),
    ttfb=Lognormal(900, 0.4),
)


_OUTAGES = (
    Outage(day=9, hour=13, hours=3),
    *(Outage(day=23, hour=18 + minute / 60, hours=1 / 60) for minute in range(0, 180, 2)),
)


class ShopTruth(Struct, frozen=True, kw_only=True):
    """The planted truth of `simulate_shop`; shares and probabilities are 0 to 1, days count from 0.

    Places and devices are those of `clickkit.population`. The shop converts better than real ones, and
    its effects are larger, so that four small weeks show them. A step's chance depends on one thing
    each: viewing on the visitor, the basket on channel and device, paying on the experiment.

    Raises:
        SettingsError: a probability leaves 0 to 1, or there are no visitors or channels.
    """

    visitors: float = 46
    """New visitors on a weekday, on average; the count varies like a Poisson one."""
    weekend_factor: float = 0.7
    """How many of them come on a Saturday or Sunday."""
    weekly_retention: tuple[float, ...] = (0.2, 0.12, 0.08)
    """The share of new visitors who come back in the first, second, … week after, at the same weekday and
    within half an hour later in the day; each week is drawn by itself."""
    again: float = 0.08
    """The share of visits before 20:00 UTC with one more session, 45 minutes to 3 hours after the first."""
    channels: tuple[Channel, ...] = _CHANNELS
    """The channel mix; each session draws its own."""
    device_factors: tuple[tuple[str, float], ...] = (("desktop", 1.2), ("mobile", 0.8), ("tablet", 1.0))
    """By device type, what multiplies the chance that a viewed product is put into the basket."""

    view_product: float = 0.62
    """The chance that a session views a product."""
    propensity: float = 0.6
    """Half of the visitors are keen, and view a product with the factor 1 + this, the others 1 - this. They
    stay so, and look at more products: their earlier views tell of later ones."""
    add_to_basket: float = 0.52
    """The chance that a session with a product view clicks "Add to basket", before the two factors."""
    check_out: float = 0.8
    """The chance that a session with a basket clicks "Checkout" and sees that page."""
    pay: float = 0.5
    """The chance that a session at the checkout clicks "Pay", without the experiment's lift."""
    experiment: PlantedExperiment | None = PlantedExperiment()
    """The experiment on the checkout page, if there is one."""
    revenue: Lognormal = Lognormal(48, 0.5)
    """Revenue of an order, in `properties`, in the shop's currency."""
    loyalty: float = 0.5
    """The correlation of the logarithms of two orders of one visitor."""

    home: Page = _HOME
    category: Page = _CATEGORY
    product: Page = _PRODUCT
    checkout: Page = _CHECKOUT
    seconds_between: Lognormal = Lognormal(9, 0.9)
    """Time from one step of a session to the next, between 1 second and 5 minutes."""
    vitals: float = 0.12
    """The share of views that report their web vitals: LCP, INP, CLS and TTFB, one event each."""
    scrolls: float = 0.35
    """The share of views that report how far the page was scrolled."""
    scroll_depth: tuple[float, float] = (2.0, 1.2)
    """Alpha and beta of the depth's beta distribution; its mean is alpha / (alpha + beta)."""
    side_clicks: float = 0.25
    """The share of views on whose page a button beside the funnel is clicked."""
    errors: float = 0.02
    """The share of views with an error in the page."""
    rage: float = 0.03
    """The share of sessions with 4 clicks on "Menu" within 0.9 s and 30 px."""

    bots: float = 0.01
    """The share of new visitors who are declared bots: 24 steps at one every 2 s, and no payment."""
    staff: float = 0.01
    """The share of new visitors who are staff (`internal` in properties): every checkout is a test order."""
    outages: tuple[Outage, ...] = _OUTAGES
    """When events were lost: three hours at once, and three hours of which every other minute was, so that
    sessions have gaps in `sequence`."""
    broken_day: int | None = 17
    """A day on which sessions fail to happen."""
    broken_factor: float = 0.35
    """The share of that day's sessions that happen."""
    duplicates: float = 0.005
    """The share of events that are sent twice: same id and timestamp, received a second or more later."""
    late: float = 0.01
    """The share of events that are received 1 to 5 days after they happened."""
    skewed_clocks: float = 0.01
    """The share of visitors whose clock is wrong by 1 to 400 hours ahead or 8 to 400 days behind. The
    corrected timestamps of a page are up to 3 s late, so that only `sequence` tells the order."""

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        if self.visitors <= 0 or not self.channels or sum(one.share for one in self.channels) <= 0:
            raise SettingsError("a shop needs visitors and channels: write numbers above 0")
        for name, value in self._probabilities().items():
            if not 0 <= value <= 1:
                raise SettingsError(
                    f"{name} is {value:g}, but must lie between 0 and 1: change what it is made of"
                )

    def basket_probability(self, channel: str, device: str) -> float:
        """Return the chance of "Add to basket" after a product view, by channel and device type."""
        factors = {one.name: one.factor for one in self.channels}
        return self.add_to_basket * factors[channel] * dict(self.device_factors).get(device, 1.0)

    def pay_probability(self, variant: str | None) -> float:
        """Return the chance of "Pay" at the checkout; None is a visitor outside the experiment."""
        lift = self.experiment.lift if self.experiment and variant == "short" else 0.0
        return self.pay + lift

    def _probabilities(self) -> dict[str, float]:
        """Return everything that must lie between 0 and 1, by its name."""
        names = "again check_out pay propensity loyalty vitals scrolls side_clicks errors rage bots staff"
        names += " broken_factor duplicates late skewed_clocks"
        named = {name: float(getattr(self, name)) for name in names.split()}
        named |= {f"weekly_retention {week}": one for week, one in enumerate(self.weekly_retention, 1)}
        named |= {
            f"add_to_basket for {channel.name} on {device}": self.basket_probability(channel.name, device)
            for channel in self.channels
            for device, _ in self.device_factors
        }
        named["view_product of keen visitors"] = self.view_product * (1 + self.propensity)
        named["bots and staff together"] = self.bots + self.staff
        if test := self.experiment:
            assigned = test.split if test.broken_split is None else test.broken_split
            named |= {"split": test.split, "broken_split": assigned, "redrawn": test.redrawn}
            named["pay in short"] = self.pay_probability("short")
        return named
