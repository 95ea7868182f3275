"""What went wrong was planted and is named: outages, copies, late events, wrong clocks, bots, a broken day.

Losses, copies, bots and staff must be found to the event. Shares of what was drawn must lie within four
binomial standard errors (`expect_share`), or in intervals as often as `expect_covered` says.
"""

import datetime as dt
import itertools
import math
from collections import Counter, defaultdict
from statistics import NormalDist

import duckdb
import pyarrow as pa
import pytest

from clickkit import ShopTruth, export, read_lake, simulate_shop
from clickkit.analysis import alerts, anomalies, conversion, metrics, performance, pipeline, rules, sessions
from clickkit.shop_truth import Outage

FIRST, LAST = dt.date(2026, 10, 26), dt.date(2026, 11, 22)
FLAPPED = dt.date(2026, 11, 18)
TRUTH = ShopTruth(visitors=150)


@pytest.fixture(scope="module")
def happened():
    """Return four weeks' events, as they arrived."""
    return list(simulate_shop(FIRST, LAST, truth=TRUTH, seed=31))


@pytest.fixture(scope="module")
def events(relate_once, happened):
    """Return four weeks as a relation."""
    return relate_once(happened)


def copies_by_day(happened):
    """Count by hand the events that came twice."""
    days = Counter(event.day for event in happened)
    days.subtract(Counter(event.day for event in {event.id: event for event in happened}.values()))
    return days


def missing_by_day(happened):
    """Count by hand the numbers before an event of a session that none has, on the day of that event.

    Numbers begin with 0; of sessions that are there on the first day, the beginning is not asked for.
    """
    missing, numbered = Counter(), defaultdict(dict)
    for event in happened:
        numbered[event.session_id][event.sequence] = event.day
    for days in numbered.values():
        if days[min(days)] > FIRST:
            missing[days[min(days)]] += min(days)
        for number, other in itertools.pairwise(sorted(days)):
            missing[days[other]] += other - number - 1
    return missing


def test_outages_show_as_missing_numbers(relate_once):
    """All numbers that an outage tore out of sessions, on its day; sessions lost as a whole leave none.

    Three hours at once tear no session in two, every other minute of three hours does.
    """
    calm = {"visitors": 150, "late": 0, "duplicates": 0}
    arrived, all_sent = (
        list(simulate_shop(FIRST, LAST, truth=ShopTruth(**calm, **outages), seed=34))
        for outages in ({}, {"outages": ()})
    )
    ids = {event.id for event in arrived}
    lost = Counter(event.day for event in all_sent if event.id not in ids)

    found = {row[0]: row[4] for row in pipeline.completeness(relate_once(arrived)).fetchall()}

    assert set(lost) == {dt.date(2026, 11, 4), FLAPPED}
    assert found == {day: missing_by_day(arrived)[day] for day in found}
    assert len(found) == 28
    assert [day for day, missing in found.items() if missing] == [FLAPPED]
    assert 20 < found[FLAPPED] < lost[FLAPPED]


def test_duplicates_are_copies(events, happened, expect_share):
    """Half a percent of the events come twice, and are counted on their day."""
    found = {row[0]: row[2] for row in pipeline.completeness(events).fetchall()}

    assert found == copies_by_day(happened)
    expect_share(sum(found.values()), len(happened) - sum(found.values()), 0.005)


def test_store_and_lake_keep_one_of_each(sqlite_store, tmp_path):
    """Through SQLite and Parquet: copies end at the store, which counts them; gaps stay as they were."""
    happened = list(simulate_shop(FIRST, LAST, seed=32))
    for batch in range(0, len(happened), 1000):
        sqlite_store.put(happened[batch : batch + 1000])
    export(sqlite_store, tmp_path / "lake", FIRST, LAST)

    found = pipeline.completeness(read_lake(tmp_path / "lake"), sqlite_store.ledger()).df()

    copies, missing = copies_by_day(happened), missing_by_day(happened)
    days = [moment.date() for moment in found["date"]]
    assert found["repeated"].tolist() == [copies[day] for day in days]
    assert found["missing"].tolist() == [missing[day] for day in days]
    assert found["events"].sum() == len(happened) - sum(copies.values())
    assert len(found) == 28
    assert not found["copies"].any()
    assert not found["not_exported"].any()


def test_events_are_as_late_as_planted(events, happened, expect_share):
    """One in a hundred comes 1 to 5 days late, the others within a minute; no clock is ahead any more."""
    now = dt.datetime(2026, 11, 28, tzinfo=dt.UTC)

    found = pipeline.freshness(events, now=now).df().iloc[0]

    total = len(happened)
    assert found["events"] == total
    expect_share(found["over_a_day"] * total, total, 0.01)
    assert found["over_an_hour"] == found["over_a_day"]
    assert found["on_a_later_day"] - found["over_a_day"] < 0.001
    assert found["ahead"] == 0


def test_delays_have_their_percentiles(events, expect_covered):
    """99 in 100 are lognormal: exp(4 + 0.6 × z) ms, rounded; the others take longer."""
    at = [0.25, 0.5, 0.75, 0.95]
    planted = {share: round(math.exp(4 + 0.6 * NormalDist().inv_cdf(share / 0.99))) for share in at}
    expect_covered(
        events,
        lambda events, confidence: [
            (low, planted[share], high)
            for _, share, _, low, high, *_ in performance.percentiles(
                events, value=performance.DELAY_MS, at=at, confidence=confidence
            ).fetchall()
        ],
    )


def test_wrong_clocks_are_as_many_as_planted(events, expect_covered):
    """One visitor in a hundred, by the mark that the collector leaves on a corrected event."""
    asked = {"converted": "sender_timestamp is not null", "unit": "visitor_id"}
    expect_covered(
        events,
        lambda events, confidence: [
            (low, 0.01, high)
            for *_, low, high in conversion.conversion(events, **asked, confidence=confidence).fetchall()
        ],
    )


def test_rules_leave_out_bots_and_staff_exactly(events, happened, expect_share):
    """By default both; each can be kept."""
    everyone = {event.visitor_id for event in happened}
    bots = {event.visitor_id for event in happened if event.device.is_bot}
    staff = {event.visitor_id for event in happened if event.properties.get("internal")}

    def visitors(**options):
        found = rules.apply_rules(events, **options).aggregate("visitor_id, count(*) as events").fetchall()
        return dict(found)

    assert visitors() == Counter(
        event.visitor_id for event in happened if event.visitor_id not in bots | staff
    )
    assert set(visitors(bots=True)) == everyone - staff
    assert set(visitors(internal=None)) == everyone - bots
    assert set(visitors(bots=True, internal=None)) == everyone
    expect_share(len(bots), len(everyone), 0.01)
    expect_share(len(staff), len(everyone), 0.01)


def test_alternatives_tell_what_the_rules_change(events, happened):
    """Clicks of all, of people, of customers, and without the repeats of rage."""
    clicks = [event for event in happened if event.event == "click"]
    people = [event for event in clicks if not event.device.is_bot]
    customers = [event for event in people if not event.properties.get("internal")]

    found = [row[1] for row in rules.alternatives(events, metrics.totals, "clicks").fetchall()]

    assert found[:3] == [len(clicks), len(people), len(customers)]
    repeats = sum(
        one[:3] == other[:3] and other[3] - one[3] <= dt.timedelta(seconds=1)
        for one, other in itertools.pairwise(
            sorted((event.visitor_id, event.button, event.page_url, event.timestamp) for event in customers)
        )
    )
    assert found[3] == len(customers) - repeats


def test_sessions_survive_accidents(events, happened):
    """Bots, wrong clocks and gaps cut no session in two, and join none."""
    assert sessions.summary(events).fetchall()[0][0] == len({event.session_id for event in happened})


def test_the_broken_day_is_named_and_hardly_another():
    """In each of five shops; of 275 others at most 9, the 99.9 % quantile where 1 in 100 may be."""
    last, broken = FIRST + dt.timedelta(days=69), FIRST + dt.timedelta(days=52)
    truth = ShopTruth(visitors=100, broken_day=52, outages=(), vitals=0, scrolls=0)
    counts = [
        (shop, day, count)
        for shop in range(5)
        for day, count in Counter(
            event.day for event in simulate_shop(FIRST, last, truth=truth, seed=shop)
        ).items()
    ]
    with duckdb.connect() as connection:
        names = dict(zip(("shop", "date", "events"), map(list, zip(*counts, strict=True)), strict=True))
        daily = connection.from_arrow(pa.table(names))
        found = anomalies.anomalies(daily, count="events", by="shop").df()

    judged = found[found["verdict"] != "too little history"]
    is_broken = judged["date"].dt.date == broken
    assert judged[is_broken]["verdict"].tolist() == ["low"] * 5
    assert (~is_broken).sum() == 5 * 55
    assert (judged[~is_broken]["verdict"] != "usual").sum() <= 9


def test_alerts_name_the_day_and_what_was_wrong(relate_once):
    """Critical are the day on which sessions fail and the day with torn ones, and nothing else is."""
    last, flapping = FIRST + dt.timedelta(days=48), range(8 * 60, 20 * 60, 2)
    outages = tuple(Outage(day=30, hour=minute / 60, hours=1 / 60) for minute in flapping)
    truth = ShopTruth(visitors=120, broken_day=45, outages=outages, errors=0.005)
    shop = relate_once(simulate_shop(FIRST, last, truth=truth, seed=33))

    found = alerts.alerts(shop, complete_until=last).fetchall()

    assert [(row[0], row[1], row[5]) for row in found] == [
        (dt.date(2026, 12, 10), "events", "critical"),
        (dt.date(2026, 11, 25), "missing share", "critical"),
    ]
