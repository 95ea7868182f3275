"""What visitors do is found as it was planted: channels, funnels, pages, places, screens and returns.

Where an analysis has intervals, what was planted must lie in them as often as `expect_covered` says; where
it has none, within four binomial standard errors (`expect_share`).
"""

import datetime as dt

import pytest
from scipy import stats

from clickkit import ShopTruth, simulate_shop
from clickkit.analysis import (
    channels,
    conversion,
    funnels,
    interactions,
    metrics,
    paths,
    retention,
    sessions,
)
from clickkit.shop_truth import PlantedExperiment

FIRST, LAST = dt.date(2026, 10, 26), dt.date(2026, 11, 22)
CALM = {
    "bots": 0,
    "staff": 0,
    "outages": (),
    "broken_day": None,
    "duplicates": 0,
    "late": 0,
    "skewed_clocks": 0,
}
TRUTH = ShopTruth(visitors=400, vitals=0, experiment=PlantedExperiment(first_day=0), **CALM)
SHARES = {channel.name: channel.share for channel in TRUTH.channels}
FACTORS = {channel.name: channel.factor for channel in TRUTH.channels}
OF_DEVICES = 0.5 * 0.8 + 0.06 * 1.0 + 0.44 * 1.2
"""The mean factor of a session's device: half are phones, 6 % tablets."""
OF_CHANNELS = 0.24 * 1.1 + 0.28 * 1.0 + 0.18 * 0.9 + 0.12 * 0.6 + 0.10 * 1.4 + 0.08 * 1.0
"""The mean factor of a session's channel."""
BASKET, PAID = "event = 'click' and button = 'Add to basket'", "event = 'click' and button = 'Pay'"
STEPS = {
    "came": "event = 'view'",
    "saw a product": "event = 'view' and page_url like '%/products/%'",
    "basket": BASKET,
    "checkout": "event = 'view' and page_url like '%/checkout'",
    "paid": PAID,
}


@pytest.fixture(scope="module")
def events(relate_once):
    """Return four weeks without accidents."""
    return relate_once(simulate_shop(FIRST, LAST, truth=TRUTH, seed=11))


def test_channels_have_their_mix(events, expect_share):
    """Every session is drawn one of six channels, and is counted in it."""
    found = channels.by_channel(events, goal=PAID).df().set_index("channel")["sessions"]

    assert set(found.index) == set(SHARES)
    for name, share in SHARES.items():
        expect_share(found[name], found.sum(), share)


@pytest.mark.parametrize(
    ("goal", "chance"), [(BASKET, 1), (PAID, 0.8 * 0.59)], ids=["basket", "paid after checkout"]
)
def test_channels_convert_by_their_factors(events, expect_covered, goal, chance):
    """A session converts by 0.62 for a product, 0.52 × factor for the basket, and what comes after."""
    expect_covered(
        events,
        lambda events, confidence: [
            (low, 0.62 * 0.52 * FACTORS[channel] * OF_DEVICES * chance, high)
            for channel, *_, low, high in channels.by_channel(
                events, goal=goal, confidence=confidence
            ).fetchall()
        ],
    )


def test_devices_convert_by_their_factors(events, expect_covered):
    """By 1.2 on a desktop, 1.0 on a tablet and 0.8 on a phone, whatever the channel."""
    factors = {"desktop": 1.2, "tablet": 1.0, "mobile": 0.8}
    asked = {"converted": BASKET, "by": "device.type", "unit": "session_id"}
    expect_covered(
        events,
        lambda events, confidence: [
            (low, 0.62 * 0.52 * factors[device] * OF_CHANNELS, high)
            for device, *_, low, high in conversion.conversion(
                events, **asked, confidence=confidence
            ).fetchall()
        ],
    )


def test_a_funnel_has_its_steps(events, expect_share):
    """By session; sessions of one visitor are alike, so that no more than the visitors count as many."""
    found = funnels.funnel(events, STEPS, by="session", within=dt.timedelta(hours=2)).fetchall()
    came, product, basket, checkout, paid = (row[2] for row in found)
    visitors = sessions.summary(events).fetchall()[0][1]

    assert came == events.aggregate("count(distinct session_id)").fetchall()[0][0]
    expect_share(product / came * visitors, visitors, 0.62)
    expect_share(basket, product, 0.52 * OF_DEVICES * OF_CHANNELS)
    expect_share(checkout, basket, 0.8)
    expect_share(paid, checkout, 0.59)


def test_a_funnel_needs_no_clock(relate_once):
    """Where every clock is wrong, `sequence` tells the order: whoever did a step is counted in it."""
    truth = ShopTruth(visitors=60, **CALM | {"skewed_clocks": 1})
    events = list(simulate_shop(FIRST, FIRST + dt.timedelta(days=6), truth=truth, seed=12))
    did = {
        name: len({event.session_id for event in events if event.button == name})
        for name in ("Add to basket", "Checkout", "Pay")
    }

    found = [row[2] for row in funnels.funnel(relate_once(events), STEPS, by="session").fetchall()]

    assert found[2:] == list(did.values())
    assert did["Pay"] > 30


def test_sessions_are_as_many_as_planted(events):
    """A visitor pauses over 30 minutes between two, and 5 at most within: cut so, each is the tracker's."""
    cut = sessions.with_sessions(events).aggregate(
        "session_id, count(distinct session_key) as keys, min(session_key) as session_key"
    )
    counted = cut.aggregate("count(*), max(keys), count(distinct session_key)").fetchall()[0]

    assert counted[1] == 1
    assert sessions.summary(events).fetchall()[0][0] == counted[0] == counted[2]


def test_visitors_come_back_as_planted(events, expect_covered):
    """20, 12 and 8 % in the first, second and third week after, in every cohort that is complete."""
    planted = {1: 0.2, 2: 0.12, 3: 0.08}
    days = {"since": FIRST, "until": LAST}
    expect_covered(
        events,
        lambda events, confidence: [
            (low, planted[week], high)
            for _, week, *_, low, high, is_complete in retention.retention(
                events, **days, confidence=confidence
            ).fetchall()
            if week > 0 and is_complete
        ],
    )


def test_some_click_in_rage(events, expect_share):
    """In 3 % of the sessions, always on the menu, and once in a session."""
    found = interactions.rage_clicks(events).fetchall()
    bursts = sum(row[2] for row in found)

    assert {row[1] for row in found} == {"Menu"}
    assert bursts == sum(row[3] for row in found)
    expect_share(bursts, sessions.summary(events).fetchall()[0][0], 0.03)


def test_pages_are_scrolled_as_deep_as_planted(events, expect_covered):
    """35 % of the views report a depth, drawn from beta(2, 1.2) and rounded to hundredths."""
    expect_covered(
        events,
        lambda events, confidence: [
            (low, 0.35 * stats.beta.sf(depth - 0.005, 2, 1.2), high)
            for depth, *_, low, high in interactions.scroll_depth(events, confidence=confidence).fetchall()
        ],
    )


def test_a_category_leads_to_a_product(events, expect_share):
    """Landing pages lead to a product view or to the end; 40 % of the sessions land on a category."""
    ways = paths.transitions(events).df()
    landed = ways[~ways["step"].str.contains("/products/|/checkout")]
    ended = landed[landed["next_step"].isna()]["transitions"].sum()
    categories = landed[~landed["step"].str.endswith("example/")]["transitions"].sum()
    visitors, total = sessions.summary(events).fetchall()[0][1], landed["transitions"].sum()

    expect_share(categories, total, 0.4)
    expect_share(ended / total * visitors, visitors, 0.38)


def test_places_have_their_shares(events, expect_share):
    """Of visitors who clicked and share their place: where they are does not depend on what they do."""
    cities = metrics.by_city(events).df().set_index("city")["visitors"]
    countries = metrics.by_country(events).df().set_index("country_code")["visitors"]

    for city, share in {"Oslo": 0.16, "Bergen": 0.07, "New York City": 0.15, "Tokyo": 0.07}.items():
        expect_share(cities[city], cities.sum(), share)
    expect_share(countries["NO"], cities.sum(), 0.23)
    expect_share(cities.sum(), countries.sum(), 0.7)


def test_screens_have_their_shares(events, expect_share):
    """Of all visitors; those with a desktop click more often."""
    visitors = interactions.screens(events).df().set_index("screen")["visitors"]

    planted = {"compact": 0.5, "medium": 0.06, "large": 0.09, "extra-large": 0.35}
    assert set(visitors.index) == set(planted)
    for screen, share in planted.items():
        expect_share(visitors[screen], visitors.sum(), share)
