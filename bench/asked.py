"""Every question of the analyses, with options, as several engines are asked, and how answers compare."""

import datetime as dt
import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from clickkit.analysis import metrics, performance
from clickkit.analysis.catalogue import questions
from clickkit.analysis.question import ask
from clickkit.engines.statement import Metric

Rows = Sequence[Sequence[Any]]

_GOAL = "event = 'click' and button = 'Pay'"
_STEPS = {"seen": "event = 'view'", "clicked": "event = 'click'", "paid": _GOAL}
_HOUR, _SECOND = dt.timedelta(hours=1), dt.timedelta(seconds=1)
_OPTIONS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "alerts.alerts": [{"complete_until": "2026-11-22"}],
    "channels.buttons_over_time": [{}, {"every": "week", "top": 5}],
    "channels.by_channel": [{"goal": _GOAL}],
    "channels.by_source": [{"goal": _GOAL}],
    "channels.channels_over_time": [{"top": 3}],
    "experiments.assignments": [{"experiment": "checkout"}],
    "experiments.check_assignments": [{"experiment": "checkout"}],
    "experiments.outcomes": [
        {"experiment": "checkout", "goal": _GOAL, "value": "duration_ms", "within_days": 7, "before_days": 7}
    ],
    "funnels.funnel": [
        {"steps": _STEPS},
        {"steps": _STEPS, "within": _HOUR},
        {"steps": _STEPS, "by": "session"},
    ],
    "foresight.features": [{"goal": _GOAL, "seen": [2, 5]}],
    "funnels.funnel_by": [
        {"steps": _STEPS, "segment": "device.type", "within": _HOUR},
        {"steps": _STEPS, "segment": "location.city", "top": 3, "by": "session"},
    ],
    "metrics.by_city": [{"at_least": 3}],
    "metrics.by_each_day": [{"since": dt.date(2026, 10, 25), "until": dt.date(2026, 11, 24)}],
    "paths.paths": [{"of": "both"}],
    "performance.error_rate": [{}, {"every": "week"}],
    "performance.percentiles": [{}, {"value": performance.DELAY_MS, "by": "device.type"}],
    "pipeline.freshness": [{"by": "device.type"}, {"now": dt.datetime(2026, 11, 23, tzinfo=dt.UTC)}],
    "places.conversion_by_country": [{"goal": _GOAL}],
    "places.count_small": [{"at_least": 5}],
    "retention.retention": [{}, {"period": "day"}],
    "rules.alternatives": [{"metric": metrics.totals, "number": "clicks"}],
    "sensitivity.counts": [{"experiment": "checkout", "goal": _GOAL}],
    "session_features.session_features": [{"goal": _GOAL}],
}
_OF_EVENTS: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "channels.with_channel": ({}, "channel, source, medium, campaign"),
    "metrics.of_sources": ({"sources": ["simulated"]}, "event"),
    "places.hide_small": ({"at_least": 5}, "location.country, location.city"),
    "rules.apply_rules": ({"repeats_within": _SECOND}, "event"),
    "sessions.with_session_ids": ({}, "session_id"),
    "sessions.with_sessions": ({}, "session_key"),
}


def all_questions() -> Iterator[tuple[str, Metric]]:
    """Yield each question, with its options and a name.

    Those that return all events are asked how many have which of the columns that they add or change.
    """
    for name, question in questions().items():
        if name in _OF_EVENTS:
            options, added = _OF_EVENTS[name]
            yield name, functools.partial(_counted, functools.partial(question, **options), added)
        else:
            for number, given in enumerate(_OPTIONS.get(name, [{}]), 1):
                yield name if number == 1 else f"{name} {number}", functools.partial(question, **given)


def _counted(question: Metric, added: str, events: Any) -> Any:
    counts = "count(*) as events, count(distinct id) as ids, min(timestamp) as first_at"
    return ask(question(events), f"select {added}, {counts} from events group by {added} order by {added}")


def difference(found: Rows, expected: Rows) -> str | None:
    """Return the first difference between two answers, fractions to nine digits; None: there is none."""
    if len(found) != len(expected):
        return f"{len(found):,} rows, expected {len(expected):,}"
    for number, (one, other) in enumerate(zip(found, expected, strict=True)):
        if not _same(one, other):
            return f"row {number}: {tuple(one)}, expected {tuple(other)}"
    return None


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float | Decimal) and isinstance(other, int | float | Decimal):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) or (one != one and other != other)
    if isinstance(one, dt.datetime) and isinstance(other, dt.datetime):
        return _utc(one) == _utc(other)
    if isinstance(one, Sequence) and not isinstance(one, str):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
