"""The simulated shop is seeded, labelled, and suffers the accidents that were planted."""

import datetime as dt
import itertools
import math
import re
import statistics
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import msgspec
import pytest

import clickkit
from clickkit import SettingsError, ShopTruth, encode_event, simulate_shop

DATA = Path(__file__).parents[1] / "data"
FIRST, LAST = dt.date(2026, 10, 26), dt.date(2026, 11, 22)
BROKEN = dt.date(2026, 11, 12)
TRUTH = ShopTruth(visitors=400)


@pytest.fixture(scope="module")
def events():
    """Return four weeks with every accident."""
    return list(simulate_shop(FIRST, LAST, truth=TRUTH))


def calm(events):
    """Leave out bots and the second of duplicates."""
    return {event.id: event for event in events if not event.device.is_bot}.values()


def first_days(events):
    """Return each visitor's days, the first one first."""
    days = defaultdict(set)
    for event in events:
        days[event.visitor_id].add(event.day)
    return [sorted(own) for own in days.values()]


def test_events_follow_from_seed_first_day_and_truth():
    """A shorter range has the same events of its days, so a day simulated twice is stored once."""
    events = list(simulate_shop(FIRST, LAST, seed=3))
    until = dt.date(2026, 11, 5)

    assert list(simulate_shop(FIRST, LAST, seed=3)) == events
    assert list(simulate_shop(FIRST, until, seed=3)) == [event for event in events if event.day <= until]
    assert list(simulate_shop(FIRST, LAST, seed=4)) != events
    assert list(simulate_shop(FIRST, LAST, truth=ShopTruth(pay=0.4), seed=3)) != events
    assert {event.day for event in events} == {FIRST + dt.timedelta(days) for days in range(28)}


def test_the_sample_is_what_its_readme_says():
    """Byte for byte: whoever doubts a notebook's number can make its events again."""
    call = re.search(
        r"^    (clickkit\.simulate_shop\(.*\))$", (DATA / "README.md").read_text(), re.MULTILINE
    )[1]
    lines = [encode_event(event) + b"\n" for event in eval(call, {"clickkit": clickkit, "date": date})]

    assert (DATA / "sample.ndjson").read_bytes() == b"".join(lines)


def test_every_event_says_that_it_is_simulated_and_can_be_read_back(events):
    """Nobody can take it for a visitor's, and validation finds nothing wrong."""
    assert all(event.properties["simulated"] is True for event in events)
    assert all(clickkit.decode_event(encode_event(event)) == event for event in events[:5000])


def test_only_planted_duplicates_share_an_id(events, expect_share):
    """They have the same key, so a store keeps one; the second is received later."""
    twice = defaultdict(list)
    for event in events:
        twice[event.id].append(event)
    pairs = [pair for pair in twice.values() if len(pair) > 1]

    assert {len(pair) for pair in pairs} == {2}
    assert all(one.received_at < other.received_at for one, other in pairs)
    assert all(msgspec.structs.replace(b, received_at=a.received_at) == a for a, b in pairs)
    expect_share(len(pairs), len(twice), 0.005)


def test_late_events_come_one_to_five_days_later(events, expect_share):
    """All others come within seconds."""
    delays = [
        event.received_at - event.timestamp for event in {event.id: event for event in events[::-1]}.values()
    ]
    late = [delay for delay in delays if delay > dt.timedelta(minutes=1)]

    expect_share(len(late), len(delays), 0.01)
    assert dt.timedelta(days=1) < min(late) < max(late) < dt.timedelta(days=5, minutes=1)


def test_sequences_have_gaps_in_outages_only(events):
    """Lost events are seen by the numbers that are missing."""
    outages = [(dt.datetime(2026, 11, 4, 13, tzinfo=dt.UTC), dt.timedelta(hours=3))]
    flapping = dt.datetime(2026, 11, 18, 18, tzinfo=dt.UTC)
    outages += [(flapping + dt.timedelta(minutes=m), dt.timedelta(minutes=1)) for m in range(0, 180, 2)]
    sessions = defaultdict(list)
    for event in {event.id: event for event in events}.values():
        sessions[event.session_id].append(event)
        assert not any(dt.timedelta(0) <= event.timestamp - at < length for at, length in outages)
    gaps = [s for s in sessions.values() if [event.sequence for event in s] != list(range(len(s)))]

    assert len(gaps) > 20
    near = dt.timedelta(minutes=6)
    for session in gaps:
        times = [event.timestamp for event in session]
        assert any(
            (at - near < min(times) and max(times) > at) or at <= min(times) < at + length + near
            for at, length in outages
        )


def test_days_have_their_newcomers_and_one_is_broken(events):
    """400 on a weekday, 280 on a weekend's day, 35 % of that on 12 November, within 4 standard errors."""
    newcomers = Counter(
        days[0]
        for days in first_days(
            simulate_shop(FIRST, LAST, truth=ShopTruth(visitors=400, weekly_retention=(), outages=()))
        )
    )

    for day, count in newcomers.items():
        mean = 400 * (0.7 if day.weekday() >= 5 else 1) * (0.35 if day == BROKEN else 1)
        assert abs(count - mean) < 4 * math.sqrt(mean) + 1, day


@pytest.mark.parametrize(("week", "planted"), [(1, 0.2), (2, 0.12), (3, 0.08)])
def test_visitors_come_back_in_their_weeks(week, planted, expect_share):
    """By calendar week and by 7 days from the first visit alike; people only."""
    truth = ShopTruth(visitors=400, broken_day=None, outages=(), bots=0, skewed_clocks=0)
    everyone = [
        days
        for days in first_days(simulate_shop(FIRST, LAST, truth=truth))
        if days[0] + dt.timedelta(weeks=week) <= LAST
    ]
    by_calendar = [
        any((day - days[0] + dt.timedelta(days[0].weekday())).days // 7 == week for day in days)
        for days in everyone
    ]
    by_window = [any((day - days[0]).days // 7 == week for day in days) for days in everyone]

    expect_share(sum(by_calendar), len(everyone), planted)
    expect_share(sum(by_window), len(everyone), planted)


def test_some_come_again_on_the_same_day(events, expect_share):
    """8 % of the visits that begin before 20:00."""
    starts = defaultdict(dict)
    for event in calm(events):
        starts[event.visitor_id, event.day].setdefault(event.session_id, event.timestamp)
    early = [times for times in starts.values() if min(times.values()).hour < 20]

    assert {len(times) for times in starts.values()} == {1, 2}
    expect_share(sum(len(times) == 2 for times in early), len(early), 0.08)


def test_bots_are_declared_and_go_in_even_steps(events, expect_share):
    """One step every 2 s, and no payment."""
    bots, everyone = defaultdict(list), {event.visitor_id for event in events}
    for event in {event.id: event for event in events if event.device.is_bot}.values():
        bots[event.visitor_id].append(event)
    steps = [
        (b.timestamp - a.timestamp).total_seconds() / (b.sequence - a.sequence)
        for own in bots.values()
        for a, b in itertools.pairwise(own)
        if a.sender_timestamp is None
    ]

    expect_share(len(bots), len(everyone), 0.01)
    assert set(steps) == {2.0}
    assert {event.button for event in itertools.chain(*bots.values())} == {None, "Search"}


def test_staff_is_internal_and_always_pays_a_test_order(events, expect_share):
    """Whoever forgets to leave them out sees too many orders."""
    staff = [event for event in events if event.properties.get("internal")]
    orders = {event.session_id: event.properties["revenue"] for event in staff if event.button == "Pay"}
    outage = (dt.date(2026, 11, 4), dt.date(2026, 11, 18), LAST)
    checkouts = {
        event.session_id for event in staff if event.button == "Checkout" and event.day not in outage
    }

    expect_share(
        len({event.visitor_id for event in staff}), len({event.visitor_id for event in events}), 0.01
    )
    assert checkouts <= set(orders)
    assert set(orders.values()) == {1.0}


def test_wrong_clocks_are_absurd_and_only_sequence_keeps_the_order(events, expect_share):
    """The collector corrects a clock of over 5 minutes ahead or 7 days behind."""
    people = {event.visitor_id: event.sender_timestamp is not None for event in calm(events)}
    corrected = [event for event in calm(events) if event.sender_timestamp]
    ahead = [event.sender_timestamp - event.timestamp for event in corrected]
    disorder = [
        a
        for a, b in itertools.pairwise(corrected)
        if a.session_id == b.session_id and a.timestamp > b.timestamp
    ]

    expect_share(sum(people.values()), len(people), 0.01)
    assert not [skew for skew in ahead if -dt.timedelta(days=7) <= skew <= dt.timedelta(minutes=5)]
    assert disorder


def test_visitors_are_where_and_when_they_were_planted(events, expect_share):
    """Seven in ten share their place, of these 16 % are in Oslo; 14 of 202 come in the hour after 20:00."""
    starts = {event.visitor_id: event for event in reversed(events)}.values()
    placed = [event.location.city for event in starts if event.location]

    expect_share(len(placed), len(starts), 0.7)
    expect_share(placed.count("Oslo"), len(placed), 0.16)
    expect_share(placed.count("Tokyo"), len(placed), 0.07)
    expect_share(sum(event.timezone == "Europe/Oslo" for event in starts), len(starts), 0.23)
    hours = Counter(event.timestamp.hour for event in starts)
    assert statistics.mode(hours.elements()) == 20


def test_a_reversed_range_is_refused():
    """Nothing by mistake is worse than an error."""
    with pytest.raises(SettingsError, match="swap the two days"):
        list(simulate_shop(LAST, FIRST))
