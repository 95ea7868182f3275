"""A seeded web shop whose truth is known, so that analyses can be tested on finding it."""

import datetime as dt
import math
import random
from collections import defaultdict
from collections.abc import Iterator

import msgspec

from clickkit.errors import SettingsError
from clickkit.event import Event
from clickkit.population import HOURS
from clickkit.shop_session import Session, Visitor, draw_visitor
from clickkit.shop_truth import PlantedExperiment, ShopTruth

_TRUTH = ShopTruth()
_DAY = dt.timedelta(days=1)
_DAYS_A_WEEK = 7
_HOUR_OF_NO_RETURN = 20
_Visit = tuple[Visitor, dt.datetime]
_Hours = tuple[dt.datetime, dt.datetime]


def simulate_shop(
    since: dt.date, until: dt.date, *, truth: ShopTruth = _TRUTH, seed: int = 1
) -> Iterator[Event]:
    """Yield the events of a shop that opens on `since`, to `until`, UTC days, both included.

    The events depend on seed, `since` and truth alone: a shorter range has the same events of its days.
    Sessions come one after the other, not in order of time; at the end of `until` they are cut off.
    A duplicate comes right after its event. Every event carries `{"simulated": true}` in its properties.

    Kinds of events: view (with referrer and utm parameters where a session begins), click (with x, y and
    `duration_ms`; "Pay" has `revenue`), exposure, scroll (`depth`), web-vital (`name`, `value`) and error
    (`message`). Two sessions of a visitor lie more than 30 minutes apart, two events of a session at most
    5 minutes. `ShopTruth` says what is planted, and how it is meant.

    Raises:
        SettingsError: `until` lies before `since`.
    """
    if until < since:
        raise SettingsError(f"cannot simulate from {since} to {until}: swap the two days")
    chance = random.Random(f"{seed} {since}")
    opening = dt.datetime.combine(since, dt.time(), dt.UTC)
    end = dt.datetime.combine(until, dt.time(), dt.UTC) + _DAY
    returning: dict[int, list[_Visit]] = defaultdict(list)
    for day in range((until - since).days + 1):
        visits = returning.pop(day, [])
        visits += _newcomers(chance, truth, opening + day * _DAY, day, returning)
        lost = _lost_hours(truth, opening, day)
        for visit in visits:
            if day != truth.broken_day or chance.random() < truth.broken_factor:
                for event in _visit(chance, truth, visit, day):
                    sent = _send(chance, truth, event, lost)
                    yield from (one for one in sent if one.timestamp < end)


def _newcomers(
    chance: random.Random,
    truth: ShopTruth,
    midnight: dt.datetime,
    day: int,
    returning: dict[int, list[_Visit]],
) -> list[_Visit]:
    """Return the first visits of a day, and plan the visits of later weeks."""
    mean = truth.visitors * (truth.weekend_factor if midnight.weekday() >= 5 else 1)
    visits = []
    for _ in range(max(0, round(chance.gauss(mean, math.sqrt(mean))))):
        visitor = draw_visitor(chance, truth)
        hour = chance.choices(range(24), HOURS)[0]
        start = midnight + dt.timedelta(hours=hour, milliseconds=chance.randrange(3_600_000))
        visits.append((visitor, start))
        for week, share in enumerate(truth.weekly_retention, 1):
            if chance.random() < share and not visitor.is_bot:
                later = dt.timedelta(weeks=week, milliseconds=chance.randrange(1_800_000))
                returning[day + week * _DAYS_A_WEEK].append((visitor, start + later))
    return visits


def _visit(chance: random.Random, truth: ShopTruth, visit: _Visit, day: int) -> Iterator[Event]:
    """Yield one session's events, and sometimes those of a second one on the same day."""
    visitor, start = visit
    session = Session(chance, truth, visitor, start)
    if visitor.is_bot:
        session.crawl()
        yield from session.events
        return
    session.browse(_experiment_on(truth, day))
    yield from session.events
    if start.hour < _HOUR_OF_NO_RETURN and chance.random() < truth.again:
        pause = dt.timedelta(milliseconds=chance.randrange(45 * 60_000, 180 * 60_000))
        second = Session(chance, truth, visitor, session.clock + pause)
        second.browse(_experiment_on(truth, day))
        yield from second.events


def _experiment_on(truth: ShopTruth, day: int) -> PlantedExperiment | None:
    return truth.experiment if truth.experiment and day >= truth.experiment.first_day else None


def _lost_hours(truth: ShopTruth, opening: dt.datetime, day: int) -> list[_Hours]:
    """Return the outages that sessions of a day may run into, as times from and to."""
    starts = [(opening + dt.timedelta(days=one.day, hours=one.hour), one) for one in truth.outages]
    hours = [(start, start + dt.timedelta(hours=one.hours)) for start, one in starts]
    midnight = opening + day * _DAY
    return [(start, end) for start, end in hours if start < midnight + 2 * _DAY and end > midnight]


def _send(chance: random.Random, truth: ShopTruth, event: Event, lost: list[_Hours]) -> Iterator[Event]:
    """Yield an event as often, and as late, as it arrives."""
    is_late, is_repeated = chance.random() < truth.late, chance.random() < truth.duplicates
    if any(start <= event.timestamp < end for start, end in lost):
        return
    received_at = event.received_at or event.timestamp
    if is_late:
        received_at += dt.timedelta(days=1, milliseconds=chance.randrange(4 * 86_400_000))
        event = msgspec.structs.replace(event, received_at=received_at)
    yield event
    if is_repeated:
        received_at += dt.timedelta(milliseconds=chance.randrange(1000, 60_000))
        yield msgspec.structs.replace(event, received_at=received_at)
