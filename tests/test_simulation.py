"""Simulated visitors are seeded and labelled."""

import datetime as dt

import pytest

from clickkit import SettingsError, simulate

DAY = dt.date(2026, 11, 20)


def test_the_same_seed_gives_the_same_clicks():
    """A day depends on the seed and the day alone, whatever range it is simulated in."""
    alone = list(simulate(DAY, DAY, seed=3))

    assert list(simulate(DAY, DAY, seed=3)) == alone
    assert [event for event in simulate(DAY - dt.timedelta(1), DAY, seed=3) if event.day == DAY] == alone
    assert list(simulate(DAY, DAY, seed=4)) != alone


def test_every_click_says_that_it_is_simulated_and_lies_in_its_day():
    """Nobody can take it for a visitor's."""
    events = list(simulate(DAY, DAY + dt.timedelta(2)))

    assert all(event.properties == {"simulated": True} for event in events)
    assert {event.day for event in events} == {DAY + dt.timedelta(days) for days in range(3)}
    assert len({event.id for event in events}) == len(events)


def test_sessions_count_up_without_gaps():
    """A gap in `sequence` would mean a lost click."""
    sessions = {}
    for event in simulate(DAY, DAY):
        sessions.setdefault(event.session_id, []).append(event.sequence)

    assert all(sequence == list(range(len(sequence))) for sequence in sessions.values())


def test_about_seven_visitors_in_ten_share_their_place():
    """1,000 visitors: the share lies within 5 of its standard errors (1.45 %)."""
    shares = {event.visitor_id: event.location is not None for event in simulate(DAY, DAY, visitors=1000)}

    assert abs(sum(shares.values()) / len(shares) - 0.7) < 5 * 0.0145


def test_a_reversed_range_is_refused():
    """Nothing by mistake is worse than an error."""
    with pytest.raises(SettingsError):
        list(simulate(DAY, DAY - dt.timedelta(1)))
