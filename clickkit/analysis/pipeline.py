"""The pipeline: how fresh and how complete the events are that questions are asked of."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from duckdb import DuckDBPyRelation

from clickkit.analysis.performance import DELAY_MS
from clickkit.analysis.question import as_day, ask, day, expression, seconds
from clickkit.errors import SettingsError

MOST_MISSING_AT_ONCE = 1_000
"""A gap of more sequence numbers is taken for a wrong number, as `clickkit verify` does."""

IS_LATE = f"{day('received_at')} > {day('timestamp')}"
"""SQL for an event that came on a later day, in UTC, than the one it belongs to."""


class LedgerDay(Protocol):
    """What became of all events of one UTC day: the rows of `store.ledger()` are such."""

    @property
    def day(self) -> dt.date:
        """The UTC day."""

    @property
    def stored(self) -> int:
        """Events that the store took, by the day of their timestamp."""

    @property
    def repeated(self) -> int:
        """Events that the store had already, by the day of their timestamp."""

    @property
    def rejected(self) -> int:
        """Events refused at the door, by the day when they came."""

    @property
    def suppressed(self) -> int:
        """Events of visitors who do not want to be counted, by the day when they came."""

    @property
    def forgotten(self) -> int:
        """Events of `stored` that have been removed since."""


Kept = TypeVar("Kept", bound=LedgerDay)


def freshness(
    events: DuckDBPyRelation, *, now: dt.datetime | None = None, by: str | None = None
) -> DuckDBPyRelation:
    """Return how new the newest event is and how late events came, a row a segment (None: `all`).

    Columns: `segment, events, newest_event, newest_receipt, age_seconds` (from the newest receipt to
    `now`; None: to the newest of all segments, which tells the one that stays behind) and, as shares (0 to
    1) of the events with a `received_at`: `over_a_minute, over_an_hour, over_a_day` late, `on_a_later_day`
    (UTC: an export of the day itself missed them) and `ahead`, received before they happened by the
    sender's clock. How late, in ms, says `performance.percentiles(events, value=performance.DELAY_MS)`.

    Raises:
        SettingsError: `now` has no time zone, or `by` cannot be asked.
    """
    if now is not None and now.tzinfo is None:
        raise SettingsError(f"now is {now}, without a time zone: write datetime(…, tzinfo=UTC)")
    known = now.astimezone(dt.UTC).isoformat(sep=" ") if now else ""
    moment = f"timestamptz '{known}'" if known else "max(max(received_at)) over ()"
    return ask(
        events,
        f"""
        with delayed as (
            select
                {expression(by)} as segment,
                timestamp,
                received_at,
                {DELAY_MS} as delay_ms
            from events
        )
        select
            segment,
            count(*) as events,
            max(timestamp) as newest_event,
            max(received_at) as newest_receipt,
            {seconds("max(received_at)", moment)} as age_seconds,
            count(*) filter (where delay_ms > 60000) / nullif(count(received_at), 0) as over_a_minute,
            count(*) filter (where delay_ms > 3600000) / nullif(count(received_at), 0) as over_an_hour,
            count(*) filter (where delay_ms > 86400000) / nullif(count(received_at), 0) as over_a_day,
            count(*) filter (where {IS_LATE})
                / nullif(count(received_at), 0) as on_a_later_day,
            count(*) filter (where received_at < timestamp) / nullif(count(received_at), 0) as ahead
        from delayed
        group by segment
        order by segment
        """,
    )


def of_days(
    ledger: Iterable[Kept], since: dt.date | str | None = None, until: dt.date | str | None = None
) -> list[Kept]:
    """Return the rows of a ledger from `since` to `until`, UTC days as `read_lake` takes them.

    Raises:
        SettingsError: a day cannot be understood.
    """
    first = dt.date.min if since is None else as_day(since)
    last = dt.date.max if until is None else as_day(until)
    return [row for row in ledger if first <= row.day <= last]


def completeness(events: DuckDBPyRelation, ledger: Sequence[LedgerDay] = ()) -> DuckDBPyRelation:
    """Return what a day has, lacks and was refused, oldest first: days of the events and of the ledger.

    Of the events: `date` (UTC), `events` (rows), `copies` (rows of an id that is there already), `numbered`
    (different pairs of session and sequence number), `missing` (numbers that no event has, before a session's
    last) and `missing_share` of all these numbers, null without any. A missing number counts on the day of
    the next one. Sessions begin with the lowest number that any has; of those whose first event is of the
    first day, the beginning is not asked for, as it may lie before. A session's lost end is not seen.

    Of the ledger, null on a day that it does not have: `stored, repeated, rejected, suppressed, forgotten`,
    and `not_exported`, how many different events of `stored` that were not forgotten since are not here (less
    than 0: more than the store had).
    `ledger` is what `store.ledger()` gives, for the same days as the events.
    """
    rows = [
        f"(date '{row.day}', {row.stored:d}, {row.repeated:d}, {row.rejected:d}, {row.suppressed:d}, "
        f"{row.forgotten:d})"
        for row in ledger
    ]
    return ask(
        events,
        f"""
        with {_DAYS},
        {_GAPS},
        ledger as (
            select date, stored, repeated, rejected, suppressed, forgotten
            from (values {", ".join(rows) or "(cast(null as date), 0, 0, 0, 0, 0)"})
                as kept(date, stored, repeated, rejected, suppressed, forgotten)
            where date is not null
        )
        select
            coalesce(days.date, ledger.date) as date,
            coalesce(days.events, 0) as events,
            coalesce(days.events - days.different, 0) as copies,
            coalesce(gaps.numbered, 0) as numbered,
            coalesce(gaps.missing, 0) as missing,
            gaps.missing / (gaps.numbered + gaps.missing) as missing_share,
            ledger.stored,
            ledger.repeated,
            ledger.rejected,
            ledger.suppressed,
            ledger.forgotten,
            ledger.stored - ledger.forgotten - coalesce(days.different, 0) as not_exported
        from days
        full join ledger on ledger.date = days.date
        left join gaps on gaps.date = days.date
        order by date
        """,
    )


_DAYS = f"""
        days as (
            select {day("timestamp")} as date, count(*) as events, count(distinct id) as different
            from events
            group by {day("timestamp")}
        )"""

_GAPS = f"""
        numbers as (
            select session_id, sequence, min(timestamp) as timestamp
            from events
            where session_id is not null and sequence is not null
            group by session_id, sequence
        ),
        starts as (
            select min(sequence) as lowest, {day("min(timestamp)")} as date
            from numbers
        ),
        steps as (
            select
                {day("timestamp")} as date,
                sequence - 1 - coalesce(
                    lag(sequence) over (partition by session_id order by sequence),
                    case when {day("timestamp")} > starts.date then starts.lowest - 1 end
                ) as gap
            from numbers
            cross join starts
        ),
        gaps as (
            select
                date,
                count(*) as numbered,
                cast(coalesce(sum(gap) filter (where gap <= {MOST_MISSING_AT_ONCE}), 0) as bigint) as missing
            from steps
            group by date
        )"""
