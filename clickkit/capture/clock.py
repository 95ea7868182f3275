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
    """Corrects timestamps of clocks more than 5 minutes ahead or 7 days behind.

    The error of the clock is `sent_at` minus `received_at`, taken in steps of 15 minutes so that a
    resend is corrected alike; the last 100,000 corrections are remembered for the same reason. What
    the clock said stays in `sender_timestamp`. Without `sent_at` only a timestamp from the future is
    corrected, to when it was received; an old one may be the truth.
    """

    def __init__(self) -> None:
        self._corrected: OrderedDict[str, dt.datetime] = OrderedDict()

    def correct(self, event: Event, received_at: dt.datetime) -> Event:
        """Return the event with a believable timestamp; nearly always the event itself."""
        said = event.sent_at or event.timestamp
        is_ahead = said - received_at > _MOST_AHEAD
        is_behind = event.sent_at is not None and received_at - said > _MOST_BEHIND
        if not is_ahead and not is_behind:
            return event
        timestamp = self._corrected.get(event.id)
        if timestamp is None:
            timestamp = _without_error(event, said - received_at, received_at)
            self._corrected[event.id] = timestamp
            if len(self._corrected) > _REMEMBERED:
                self._corrected.popitem(last=False)
        return msgspec.structs.replace(event, timestamp=timestamp, sender_timestamp=event.timestamp)


def _without_error(event: Event, error: dt.timedelta, received_at: dt.datetime) -> dt.datetime:
    if event.sent_at is None:
        return received_at
    try:
        return event.timestamp - round(error / _STEP) * _STEP
    except OverflowError:
        return received_at
