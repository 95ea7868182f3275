"""How quick, steady and sound pages are is found as it was planted, within the intervals of each analysis."""

import datetime as dt

import pytest

from clickkit import ShopTruth, simulate_shop
from clickkit.analysis import performance, web_vitals

FIRST, LAST = dt.date(2026, 10, 26), dt.date(2026, 11, 22)
TRUTH = ShopTruth(
    visitors=250,
    vitals=0.4,
    errors=0.04,
    scrolls=0,
    side_clicks=0.5,
    bots=0,
    staff=0,
    outages=(),
    broken_day=None,
    duplicates=0,
    late=0,
    skewed_clocks=0,
)
KIND = """
case
    when page_url like '%/checkout' then 'checkout'
    when page_url like '%/products/%' then 'product'
    when regexp_matches(page_url, 'example/[a-z]') then 'category'
    else 'home'
end
"""


@pytest.fixture(scope="module")
def events(relate_once):
    """Return four weeks without accidents."""
    return relate_once(simulate_shop(FIRST, LAST, truth=TRUTH, seed=21))


def test_response_times_have_their_percentiles(events, expect_covered):
    """Lognormal by kind of page, rounded to 0.1 ms: median × exp(sigma × z)."""
    asked = {"by": KIND, "at": [0.5, 0.75, 0.95]}
    expect_covered(
        events,
        lambda events, confidence: [
            (low, round(getattr(TRUTH, kind).latency.quantile(share), 1), high)
            for kind, share, _, low, high, *_ in performance.percentiles(
                events, **asked, confidence=confidence
            ).fetchall()
        ],
    )


def test_a_month_is_as_slow_as_another(events, expect_covered):
    """The checkout's median is 420 ms and its p95 420 × exp(0.6 × 1.6449) ms, in October and November."""
    planted = {0.5: 420.0, 0.95: 1126.9}
    expect_covered(
        events.filter(f"{KIND} = 'checkout'"),
        lambda events, confidence: [
            (low, planted[share], high)
            for _, share, _, low, high, *_ in performance.latency_over_time(
                events, at=[0.5, 0.95], every="month", confidence=confidence
            ).fetchall()
        ],
    )


def test_web_vitals_have_their_75th_percentiles(events, expect_covered):
    """Of four metrics on four kinds of page; ms are whole, CLS has four digits."""

    def planted(name, kind):
        values = getattr(getattr(TRUTH, kind), name.lower())
        return round(values.quantile(0.75), 4 if name == "CLS" else 0)

    expect_covered(
        events,
        lambda events, confidence: [
            (low, planted(name, kind), high)
            for name, kind, _, low, high, *_ in web_vitals.web_vitals(
                events, by=KIND, at_least=1, confidence=confidence
            ).fetchall()
        ],
    )


def test_web_vitals_are_rated_as_planted(events):
    """By hand from the planted p75, median × exp(0.6745 × sigma); two lie too near a threshold."""
    found = {(row[0], row[1]): row[6] for row in web_vitals.web_vitals(events, by=KIND).fetchall()}
    del found["INP", "product"], found["CLS", "product"]

    assert found == {
        ("LCP", "home"): "good",  # 2303 ms
        ("LCP", "category"): "needs improvement",  # 2709 ms
        ("LCP", "product"): "needs improvement",  # 3522 ms
        ("LCP", "checkout"): "good",  # 2032 ms
        ("INP", "home"): "good",  # 135 ms
        ("INP", "category"): "good",  # 165 ms
        ("INP", "checkout"): "needs improvement",  # 390 ms
        ("CLS", "home"): "good",  # 0.069
        ("CLS", "category"): "poor",  # 0.321
        ("CLS", "checkout"): "good",  # 0.034
        ("TTFB", "home"): "good",  # 458 ms
        ("TTFB", "category"): "good",  # 589 ms
        ("TTFB", "product"): "good",  # 524 ms
        ("TTFB", "checkout"): "needs improvement",  # 1179 ms
    }


def test_errors_have_their_rate(events, expect_covered):
    """4 in 100 views have one, so 4 in 104 of these events are errors."""
    expect_covered(
        events.filter("event in ('view', 'error')"),
        lambda events, confidence: [
            (low, 0.04 / 1.04, high)
            for *_, low, high in performance.error_rate(
                events, unit=None, every="month", confidence=confidence
            ).fetchall()
        ],
    )


def test_sessions_with_an_error_have_their_rate(events, expect_covered):
    """A session without has none on its landing page, its products and its checkout, which 96 % are each.

    Keen visitors view a product with 0.62 × 1.6, and 1, 2 or 3 of them by 4 : 4 : 2; others with 0.62 × 0.4,
    and 1 or 2 by 8 : 2. Of sessions with a product 0.52 × 0.988 × 0.998 × 0.8 come to the checkout.
    """
    checkout = 0.52 * 0.988 * 0.998 * 0.8
    after = 1 - checkout + checkout * 0.96
    keen = 1 - 0.992 + 0.992 * (0.4 * 0.96 + 0.4 * 0.96**2 + 0.2 * 0.96**3) * after
    others = 1 - 0.248 + 0.248 * (0.8 * 0.96 + 0.2 * 0.96**2) * after
    planted = 1 - 0.96 * (keen + others) / 2

    expect_covered(
        events,
        lambda events, confidence: [
            (low, planted, high)
            for *_, low, high in performance.error_rate(
                events, every="month", confidence=confidence
            ).fetchall()
        ],
    )
