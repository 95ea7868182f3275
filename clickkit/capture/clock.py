"""Clocks that are absurdly wrong: corrected by how long ago the sender says it sent, and flagged."""

import datetime as dt
from collections import OrderedDict

import msgspec

from clickkit.event import Event

_MOST_AHEAD = dt.timedelta(minutes=5)
_MOST_BEHIND = dt.timedelta(days=7)
_STEP = dt.timedelta(minutes=15)
_REMEMBERED = 100_000


class SkewedClocks:
    """Corrects timestamps of clocks more than 5 minutes ahead or 7 days behind, and those from the future.

    The error of the clock is `sent_at` minus `received_at`, taken in steps of 15 minutes so that a
    resend is corrected alike; the last 100,000 corrections are remembered for the same reason. A
    timestamp that is more than 5 minutes ahead all the same, or without a `sent_at`, becomes when it was
    received; an old one may be the truth. What the sender said stays in `sender_timestamp`.
    """

    def __init__(self) -> None:
        self._corrected: OrderedDict[str, dt.datetime] = OrderedDict()

    def correct(self, event: Event, received_at: dt.datetime) -> Event:
        """Return the event with a believable timestamp; nearly always the event itself."""
        sent_at = event.sent_at or received_at
        is_wrong = not -_MOST_BEHIND <= sent_at - received_at <= _MOST_AHEAD
        if not is_wrong and event.timestamp - received_at <= _MOST_AHEAD:
            return event
        timestamp = self._corrected.get(event.id)
        if timestamp is None:
            timestamp = _believable(event.timestamp, sent_at - received_at, received_at)
            self._corrected[event.id] = timestamp
            if len(self._corrected) > _REMEMBERED:
                self._corrected.popitem(last=False)
        return msgspec.structs.replace(event, timestamp=timestamp, sender_timestamp=event.timestamp)


def _believable(said: dt.datetime, error: dt.timedelta, received_at: dt.datetime) -> dt.datetime:
    """Return what was said without the clock's error, or when it was received, if that is in the future."""
    try:
        corrected = said - round(error / _STEP) * _STEP
    except OverflowError:
        return received_at
    return received_at if corrected - received_at > _MOST_AHEAD else corrected
