"""A funnel counts those who went its steps in order, and nobody else."""

import datetime as dt
import itertools
import statistics
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clickkit import SettingsError
from clickkit.analysis import funnels
from clickkit.event import Device

STEPS = {"a": "button = 'A'", "b": "button = 'B'", "c": "button = 'C'"}
MINUTE = dt.timedelta(minutes=1)


def entered(answer):
    """Return how many entered each step."""
    return [row[2] for row in answer.order("number").fetchall()]


@pytest.fixture
def way(visit):
    """Return a function that makes a visitor's session of clicks: a letter and its second, each."""

    def way(visitor, session, *clicks):
        return [
            visit(visitor, second, button=button, session_id=session, sequence=sequence)
            for sequence, (button, second) in enumerate(clicks)
        ]

    return way


def test_a_funnel_has_its_numbers(relate, way):
    """Four begin, two reach b, one c; others do not count."""
    events = relate(
        [
            *way("1", "1", ("A", 0), ("X", 5), ("B", 10), ("C", 40)),
            *way("2", "2", ("A", 0), ("B", 20)),
            *way("3", "3", ("A", 0), ("C", 5)),
            *way("4", "4", ("A", 0)),
            *way("5", "5", ("B", 0), ("C", 1)),
            *way(None, None, ("A", 0), ("B", 1)),
        ]
    )

    answer = funnels.funnel(events, STEPS)

    assert answer.columns == [
        *("number", "step", "entered", "share_of_first", "share_of_previous", "dropped", "median_seconds"),
    ]
    assert answer.fetchall() == [
        (1, "a", 4, 1.0, None, None, None),
        (2, "b", 2, 0.5, 0.5, 2, 15.0),
        (3, "c", 1, 0.25, 0.5, 1, 40.0),
    ]


def test_order_is_by_sequence_not_by_clock(relate, way):
    """A clock set back in the middle does not undo a way; the other order is none."""
    assert entered(funnels.funnel(relate(way("1", "1", ("A", 50), ("B", 10), ("C", 20))), STEPS)) == [1, 1, 1]
    assert entered(funnels.funnel(relate(way("1", "1", ("C", 0), ("B", 10), ("A", 20))), STEPS)) == [1, 0, 0]


def test_events_of_the_same_moment_go_by_sequence(relate, way):
    """Three clicks in one microsecond."""
    assert entered(funnels.funnel(relate(way("1", "1", ("A", 0), ("B", 0), ("C", 0))), STEPS)) == [1, 1, 1]
    assert entered(funnels.funnel(relate(way("1", "1", ("B", 0), ("A", 0), ("C", 0))), STEPS)) == [1, 0, 0]


def test_any_beginning_may_be_the_one_in_time(relate, way):
    """A first step long ago does not spoil a later way; its time counts from the latest beginning."""
    events = relate(way("1", "1", ("A", 0), ("B", 10), ("A", 300), ("B", 320), ("C", 350)))

    assert funnels.funnel(events, STEPS, within=MINUTE).fetchall()[2] == (3, "c", 1, 1.0, 1.0, 0, 50.0)
    assert funnels.funnel(events, STEPS, within=MINUTE).fetchall()[1][-1] == 10.0
    assert entered(funnels.funnel(events, STEPS, within=dt.timedelta(seconds=50))) == [1, 1, 1]
    assert entered(funnels.funnel(events, STEPS, within=dt.timedelta(seconds=49))) == [1, 1, 0]


def test_an_event_serves_one_step_only(relate, way):
    """The same condition twice needs two events."""
    twice = {"one": "button = 'A'", "another": "button in ('A', 'B')"}

    assert entered(funnels.funnel(relate(way("1", "1", ("A", 0))), twice)) == [1, 0]
    assert entered(funnels.funnel(relate(way("1", "1", ("A", 0), ("A", 0))), twice)) == [1, 1]


def test_visitors_go_on_in_the_next_session_and_sessions_do_not(relate, way):
    """By visitor a way crosses sessions in the order in which they began."""
    events = relate([*way("1", "z", ("A", 0), ("B", 10)), *way("1", "a", ("C", 3600), ("A", 3700))])

    assert entered(funnels.funnel(events, STEPS)) == [1, 1, 1]
    assert entered(funnels.funnel(events, STEPS, by="session")) == [2, 1, 0]


def test_without_a_sequence_time_is_the_order(relate, visit):
    """As in an imported access log; null conditions are not fulfilled."""
    events = relate(
        [visit("1", 20, button="B"), visit("1", 10, button="A"), visit("1", 15, event="x", button=None)]
    )

    assert entered(funnels.funnel(events, STEPS)) == [1, 1, 0]


def test_one_step_and_nobody_are_funnels_too(relate, way):
    """A row a step, always; shares of nobody are null."""
    events = relate(way("1", "1", ("A", 0), ("A", 1)))

    assert funnels.funnel(events, {"it's a": "button = 'A'"}).fetchall() == [
        (1, "it's a", 1, 1.0, None, None, None)
    ]
    assert funnels.funnel(events.limit(0), STEPS).fetchall() == [
        (1, "a", 0, None, None, None, None),
        (2, "b", 0, None, None, 0, None),
        (3, "c", 0, None, None, 0, None),
    ]


def reached(clicks, count, within):
    """Return the seconds from the beginning to the first arrival at each step, by trying every way.

    `clicks` are letters, seconds and places, in order; a step is a letter.
    """
    found = {}
    for number in range(1, count + 1):
        ways = [
            way
            for way in itertools.combinations(clicks, number)
            if "".join(letter for letter, _, _ in way) == "ABC"[:number]
            and all(second - way[0][1] <= within for _, second, _ in way)
        ]
        if ways:
            best = min(ways, key=lambda way: (way[-1][2], -way[0][1]))  # arrives first, began last
            found[number] = best[-1][1] - best[0][1]
    return found


CLICKS = st.lists(st.tuples(st.sampled_from("ABCX"), st.integers(0, 12)), min_size=1, max_size=5)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(CLICKS, min_size=1, max_size=2), min_size=1, max_size=4),
    st.integers(1, 13),
    st.sampled_from(["visitor", "session"]),
)
def test_the_funnel_is_that_of_trying_every_way(relate, way, visitors, within, by):
    """Plain Python tries all combinations of events, with clocks that go anywhere."""
    events, units = [], []
    for visitor, own in enumerate(visitors):
        for session, clicks in enumerate(own):
            events += way(f"v{visitor}", f"s{visitor}-{session}", *clicks)
        steps = [[click for click in clicks if click[0] != "X"] for clicks in own]
        if by == "visitor":
            begun = sorted(filter(None, steps), key=lambda clicks: min(second for _, second in clicks))
            steps = [list(itertools.chain.from_iterable(begun))]
        units += steps

    rows = funnels.funnel(relate(events), STEPS, within=dt.timedelta(seconds=within), by=by).fetchall()

    tried = [reached([(*click, place) for place, click in enumerate(unit)], 3, within) for unit in units]
    assert [row[2] for row in rows] == [sum(number in ways for ways in tried) for number in (1, 2, 3)]
    for number in (2, 3):
        seconds = [ways[number] for ways in tried if number in ways]
        assert rows[number - 1][-1] == (statistics.median(seconds) if seconds else None)


def test_what_is_no_funnel_is_refused(relate, way):
    """No steps, no time, no unit, no SQL."""
    events = relate(way("1", "1", ("A", 0)))
    with pytest.raises(SettingsError, match="without steps"):
        funnels.funnel(events, {})
    with pytest.raises(SettingsError, match="within is 0:00:00"):
        funnels.funnel(events, STEPS, within=dt.timedelta(0))
    with pytest.raises(SettingsError, match="by 'country'"):
        funnels.funnel(events, STEPS, by="country")
    with pytest.raises(SettingsError, match="butten"):
        funnels.funnel(events, {"a": "butten = 'A'"})


def test_each_segment_has_a_funnel_of_its_own(relate, visit):
    """Who changes device in between left on the first; a segment without a beginning has no rows."""
    phone, desk = Device(type="mobile"), Device(type="desktop")
    clicks = [
        *(("1", "A", phone), ("1", "B", phone), ("2", "A", phone), ("2", "B", desk)),
        *(("3", "A", None), ("4", "B", Device(type="tablet"))),
    ]
    events = relate(
        [
            visit(visitor, second, button=button, session_id=visitor, sequence=second, device=device)
            for second, (visitor, button, device) in enumerate(clicks)
        ]
    )
    steps = {name: STEPS[name] for name in "ab"}

    answer = funnels.funnel_by(events, steps, segment="device.type")

    assert answer.columns == ["segment", *funnels.funnel(events, steps).columns]
    assert answer.project("segment, step, entered, dropped").fetchall() == [
        ("mobile", "a", 2, None),
        ("mobile", "b", 1, 1),
        (None, "a", 1, None),
        (None, "b", 0, 1),
    ]


@pytest.mark.parametrize("by", ["visitor", "session"])
def test_a_segment_has_the_funnel_of_its_events(relate, visit, by):
    """As if there were no others: of 400 clicks at random, visitors change device, and some have none."""
    random = Random(7)
    kinds = ["mobile", "desktop", "tablet", None]
    events = relate(
        [
            visit(
                f"v{random.randrange(20)}",
                random.randrange(600),
                button=random.choice("ABC"),
                session_id=f"s{random.randrange(40)}",
                sequence=number,
                device=Device(type=random.choice(kinds)),
            )
            for number in range(400)
        ]
    )
    rules = {"within": 5 * MINUTE, "by": by}

    rows = funnels.funnel_by(events, STEPS, segment="device.type", **rules).fetchall()

    segments = list(dict.fromkeys(row[0] for row in rows))
    assert set(segments) == set(kinds)
    for segment in segments:
        value = "null" if segment is None else f"'{segment}'"
        alone = funnels.funnel(events.filter(f"device.type is not distinct from {value}"), STEPS, **rules)
        assert [row[1:] for row in rows if row[0] == segment] == alone.fetchall()


def test_of_many_segments_the_largest_are_shown(relate, visit):
    """Twenty if not told otherwise; no events are no rows."""
    events = relate(
        [visit(f"{n}", n, button="A", session_id=f"{n}") for n in range(21) for _ in range(n + 1)]
    )

    def shown(**options):
        answer = funnels.funnel_by(events, {"a": STEPS["a"]}, segment="visitor_id", **options)
        return [row[0] for row in answer.fetchall()]

    assert shown() == [f"{n}" for n in range(20, 0, -1)]
    assert shown(top=2) == ["20", "19"]
    assert len(shown(top=None)) == 21
    with pytest.raises(SettingsError, match="top is 0"):
        shown(top=0)
    with pytest.raises(SettingsError, match="devise"):
        funnels.funnel_by(events, STEPS, segment="devise.type")
    assert funnels.funnel_by(events.limit(0), STEPS, segment="visitor_id").fetchall() == []
