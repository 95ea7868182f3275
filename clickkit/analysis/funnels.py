"""Funnels: how many go all the way, in the order of steps, within a time."""

import datetime as dt
from collections.abc import Mapping
from typing import get_args

from duckdb import DuckDBPyRelation

from clickkit.analysis.funnel_tables import By, Segments, funnel_select
from clickkit.analysis.question import ask, microseconds
from clickkit.errors import SettingsError


def funnel(
    events: DuckDBPyRelation,
    steps: Mapping[str, str],
    *,
    within: dt.timedelta | None = None,
    by: By = "visitor",
) -> DuckDBPyRelation:
    """Return how many visitors (or sessions) entered each step, one row a step, in the order of `steps`.

    `steps` maps a name to an SQL condition on an event. A visitor enters a step when some events of
    theirs fulfil the steps up to it, one event each, one after the other, none more than `within` after
    the first of them (None: ever). Any event of the first step may begin; what else lies between does
    not matter, and an event serves one step only. After is by `sequence` within a session of the
    tracker, and sessions follow each other by their first event of any step; without a sequence, by
    `timestamp`, then `id`. Events without a visitor (or session) are left out.

    Columns: `number` (1, 2, …), `step, entered, share_of_first, share_of_previous` (0 to 1; null after
    a step that nobody entered), `dropped` (entered the step before, not this one), `median_seconds` from
    the first step to this one, on the visitor's first arrival at it, from their latest beginning before.
    Source: the sliding window of ClickHouse's `windowFunnel` (documentation of parametric aggregate
    functions), with order by sequence.

    Raises:
        SettingsError: a condition cannot be understood, there is no step, `within` is not over zero,
            or `by` is neither visitor nor session.
    """
    return _asked(events, steps, within, by, None)


def funnel_by(
    events: DuckDBPyRelation,
    steps: Mapping[str, str],
    *,
    segment: str,
    top: int | None = 20,
    within: dt.timedelta | None = None,
    by: By = "visitor",
) -> DuckDBPyRelation:
    """Return `segment` (text) and what `funnel` does of its events alone, the segment with most events first.

    `segment` is an SQL expression of an event, such as `device.type`. Only segments are there in which
    somebody entered the first step, and of these the `top` ones (None: all). A visitor of two segments has a
    funnel in each.

    Raises:
        SettingsError: the expression cannot be understood, `top` is below 1, or what `funnel` raises.
    """
    if top is not None and top < 1:
        raise SettingsError(f"top is {top}: write 1 or more, or None for all")
    return _asked(events, steps, within, by, Segments(segment, top))


def _asked(
    events: DuckDBPyRelation,
    steps: Mapping[str, str],
    within: dt.timedelta | None,
    by: By,
    segments: Segments | None,
) -> DuckDBPyRelation:
    if not steps:
        raise SettingsError("a funnel without steps: give at least one, as in {'paid': \"button = 'Pay'\"}")
    if by not in get_args(By):
        raise SettingsError(f"no funnel by {by!r}: choose visitor or session")
    limit = None if within is None else microseconds("within", within)
    return ask(events, funnel_select(steps, by, limit, segments))
