"""What visitors of the simulated shop do is what was planted: counted by hand, not by our analyses."""

import datetime as dt
import itertools
import math
import statistics
from collections import Counter, defaultdict
from urllib.parse import parse_qs, urlsplit

import pytest

from clickkit import ShopTruth, simulate_shop
from clickkit.shop_truth import PlantedExperiment

FIRST, LAST = dt.date(2026, 10, 26), dt.date(2026, 11, 22)
EXPERIMENT_FROM = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)
CALM = {
    "bots": 0,
    "staff": 0,
    "outages": (),
    "broken_day": None,
    "duplicates": 0,
    "late": 0,
    "skewed_clocks": 0,
}
TRUTH = ShopTruth(visitors=800, **CALM)
SOCIAL = {"https://www.instagram.com/", "https://www.facebook.com/"}
SEARCH = {"https://www.google.com/", "https://www.bing.com/"}


@pytest.fixture(scope="module")
def sessions():
    """Return four weeks without accidents, as lists of events in order."""
    return sessions_of(TRUTH)


def sessions_of(truth):
    """Simulate, and return each session's events."""
    found = defaultdict(list)
    for event in simulate_shop(FIRST, LAST, truth=truth):
        found[event.session_id].append(event)
    return list(found.values())


def buttons(session):
    """Return the buttons that were clicked."""
    return {event.button for event in session}


def views_product(session):
    """Say whether a product was looked at."""
    return any(event.event == "view" and "/products/" in event.page_url for event in session)


def channel_of(session):
    """Return the channel that the landing page tells."""
    query = parse_qs(urlsplit(session[0].page_url).query)
    if "utm_medium" in query:
        return {"cpc": "paid search", "social": "social", "email": "email"}[query["utm_medium"][0]]
    if session[0].referrer is None:
        return "direct"
    return "organic search" if session[0].referrer in SEARCH else "referral"


def page_of(event):
    """Return the kind of page."""
    path = urlsplit(event.page_url).path
    named = {"/": "home", "/checkout": "checkout"}
    return named.get(path, "product" if path.startswith("/products/") else "category")


def expect_lognormal(values, planted):
    """Fail unless median and sigma, estimated by the logarithms, lie within 4 standard errors."""
    logs, number = [math.log(value) for value in values], len(values)
    assert abs(statistics.fmean(logs) - math.log(planted.median)) < 4 * planted.sigma / math.sqrt(number)
    assert abs(statistics.stdev(logs) - planted.sigma) < 4 * planted.sigma / math.sqrt(2 * number)


def test_the_funnel_has_its_planted_steps(sessions, expect_share):
    """Each step's share of the one before; the basket's is that of all channels and devices."""
    viewing = [session for session in sessions if views_product(session)]
    baskets = [session for session in viewing if "Add to basket" in buttons(session)]
    checkouts = [session for session in baskets if "Checkout" in buttons(session)]

    expect_share(len(viewing), len(sessions), 0.62)
    expect_share(len(baskets), len(viewing), 0.52 * 0.998 * 0.988)
    expect_share(len(checkouts), len(baskets), 0.8)
    assert all("Checkout" in buttons(session) for session in sessions if "Pay" in buttons(session))


def test_channels_have_their_shares_and_convert_by_their_factors(sessions, expect_share):
    """A landing page tells the channel; factors of channel and device multiply."""
    by_channel, seen = Counter(map(channel_of, sessions)), defaultdict(list)
    for session in filter(views_product, sessions):
        seen[channel_of(session), session[0].device.type].append("Add to basket" in buttons(session))

    for channel in TRUTH.channels:
        expect_share(by_channel[channel.name], len(sessions), channel.share)
    assert len(seen) == 18
    for (channel, device), baskets in seen.items():
        expect_share(sum(baskets), len(baskets), TRUTH.basket_probability(channel, device))
    assert TRUTH.basket_probability("email", "desktop") == pytest.approx(0.52 * 1.4 * 1.2)


def test_the_experiment_lifts_what_it_was_planted_to_lift(sessions, expect_share):
    """By session: half see `short`, 68 % pay there, 50 % elsewhere, and nobody sees it in the first week."""
    paid = defaultdict(list)
    for session in sessions:
        exposures = [event for event in session if event.event == "exposure"]
        if "Checkout" in buttons(session):
            paid[exposures[0].variants["checkout"] if exposures else None].append("Pay" in buttons(session))
            assert bool(exposures) == (session[0].timestamp >= EXPERIMENT_FROM)

    expect_share(len(paid["short"]), len(paid["short"]) + len(paid["control"]), 0.5)
    expect_share(sum(paid["control"]), len(paid["control"]), 0.5)
    expect_share(sum(paid["short"]), len(paid["short"]), 0.68)
    expect_share(sum(paid[None]), len(paid[None]), 0.5)


def test_a_visitor_keeps_a_variant_but_for_those_who_draw_again(sessions, expect_share):
    """Variants stand on every later event; half of those who draw again get the other one."""
    by_visitor, kept = defaultdict(list), []
    for event in itertools.chain(*sorted(sessions, key=lambda session: session[0].timestamp)):
        by_visitor[event.visitor_id].append(event)
    for events in by_visitor.values():
        exposures = [event.variants for event in events if event.event == "exposure"]
        kept += [one == other for one, other in itertools.pairwise(exposures)]
        first = next((i for i, event in enumerate(events) if event.event == "exposure"), len(events))
        assert not any(event.variants for event in events[:first])
        assert all(event.variants for event in events[first:])

    expect_share(len(kept) - sum(kept), len(kept), 0.15 / 2)


def test_a_broken_split_gives_another_share(expect_share):
    """The plan stays 50 %, which a test of the sample ratio must deny."""
    broken = PlantedExperiment(broken_split=0.56, redrawn=0)
    shown = {
        session[0].visitor_id: event.variants["checkout"]
        for session in sessions_of(ShopTruth(visitors=300, experiment=broken, **CALM))
        for event in session
        if event.event == "exposure"
    }

    expect_share(list(shown.values()).count("short"), len(shown), 0.56)


def test_revenue_is_lognormal_with_its_lift_and_loyal_visitors(sessions):
    """`short` raises it by 10 %; the logarithms of two orders of a visitor correlate by 0.5."""
    orders, own = defaultdict(list), defaultdict(list)
    for event in itertools.chain(*sessions):
        if event.button == "Pay":
            is_short = event.variants.get("checkout") == "short"
            revenue = event.properties["revenue"] / (1.1 if is_short else 1)
            orders[is_short].append(revenue)
            own[event.visitor_id].append(math.log(revenue))
    pairs = [logs[:2] for logs in own.values() if len(logs) > 1]

    expect_lognormal(orders[True], TRUTH.revenue)
    expect_lognormal(orders[False], TRUTH.revenue)
    margin = 4 * (1 - 0.5**2) / math.sqrt(len(pairs))
    assert abs(statistics.correlation(*zip(*pairs, strict=True)) - 0.5) < margin


def test_earlier_sessions_tell_of_later_ones(sessions, expect_share):
    """Keen visitors view with 0.992, others with 0.248: by Bayes' rule 84.3 % after a view, else 25.6 %."""
    views, later = defaultdict(list), defaultdict(list)
    for session in sorted(sessions, key=lambda session: session[0].timestamp):
        views[session[0].visitor_id].append(views_product(session))
    for first, second in (seen[:2] for seen in views.values() if len(seen) > 1):
        later[first].append(second)

    expect_share(sum(later[True]), len(later[True]), 0.8432)
    expect_share(sum(later[False]), len(later[False]), 0.2558)


@pytest.mark.parametrize("kind", ["home", "category", "product", "checkout"])
def test_pages_are_as_quick_as_planted(sessions, kind):
    """Latency of clicks and the four web vitals are lognormal, by page."""
    planted, values = getattr(TRUTH, kind), defaultdict(list)
    for event in itertools.chain(*sessions):
        if page_of(event) == kind:
            values[event.event, event.properties.get("name")].append(
                event.duration_ms if event.event == "click" else event.properties.get("value")
            )

    expect_lognormal(values["click", None], planted.latency)
    for name in ("LCP", "INP", "CLS", "TTFB"):
        expect_lognormal(values["web-vital", name], getattr(planted, name.lower()))


def test_what_is_beside_the_funnel_has_its_shares(sessions, expect_share):
    """Errors, vitals, scrolls and side clicks are shares of the views; depth is beta distributed."""
    events = list(itertools.chain(*sessions))
    number = Counter(event.event for event in events)
    funnel = {"Add to basket", "Checkout", "Pay", None}
    side = [event for event in events if event.button not in funnel]
    raging = sum(len(rage_of(session)) for session in sessions)
    depths = [event.properties["depth"] for event in events if event.event == "scroll"]

    expect_share(number["error"], number["view"], 0.02)
    expect_share(number["web-vital"] / 4, number["view"], 0.12)
    expect_share(len(depths), number["view"], 0.35)
    expect_share(len(side) - raging, number["view"], 0.25)
    assert abs(statistics.fmean(depths) - 2 / 3.2) < 4 * 0.2362 / math.sqrt(len(depths))
    assert (min(depths) >= 0, max(depths) <= 1) == (True, True)


def rage_of(session):
    """Return the clicks of a session that follow two others within 1 s and 30 px, and those two."""
    clicks, found = [event for event in session if event.event == "click"], {}
    for three in zip(clicks, clicks[1:], clicks[2:], strict=False):
        near = all(
            math.dist((one.x, one.y), (two.x, two.y)) <= 30 for one, two in itertools.combinations(three, 2)
        )
        if near and three[2].timestamp - three[0].timestamp <= dt.timedelta(seconds=1):
            found |= {event.id: event for event in three}
    return list(found.values())


def test_rage_clicks_are_four_on_one_button(sessions, expect_share):
    """Nobody else clicks as fast."""
    rages = [rage for session in sessions if (rage := rage_of(session))]

    expect_share(len(rages), len(sessions), 0.03)
    assert {(len(rage), *{event.button for event in rage}) for rage in rages} == {(4, "Menu")}


def test_sessions_are_apart_and_clicks_on_the_screen(sessions):
    """A rule of 30 minutes without an event finds the sessions that were planted."""
    by_visitor = defaultdict(list)
    for session in sorted(sessions, key=lambda session: session[0].timestamp):
        by_visitor[session[0].visitor_id].append(session)
        times = [event.timestamp for event in session]
        assert max(b - a for a, b in itertools.pairwise([*times, times[-1]])) <= dt.timedelta(minutes=5)
    pauses = [
        later[0].timestamp - earlier[-1].timestamp
        for own in by_visitor.values()
        for earlier, later in itertools.pairwise(own)
    ]

    assert min(pauses) > dt.timedelta(minutes=30)
    for event in itertools.chain(*sessions):
        assert event.x is None or (0 <= event.x <= event.screen.width and 0 <= event.y <= event.screen.height)
