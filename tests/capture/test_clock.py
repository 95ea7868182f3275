"""Absurd clocks are corrected, flagged, and corrected alike when an event is sent again."""

import datetime as dt

import pytest

from clickkit.capture.clock import SkewedClocks

RECEIVED = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def ago(**delta):
    """Return a moment before the event was received."""
    return RECEIVED - dt.timedelta(**delta)


@pytest.mark.parametrize("error", [{"minutes": -4}, {"days": 6}, {}])
def test_a_believable_clock_is_believed(make_event, error):
    """Five minutes ahead and seven days behind are the limits."""
    event = make_event(timestamp=ago(seconds=10, **error), sent_at=ago(**error))

    assert SkewedClocks().correct(event, RECEIVED) is event


def test_the_future_of_a_right_clock_is_when_it_was_received(make_event):
    """Nothing is sent before it happens: the time is wrong, whatever the clock says of itself."""
    event = make_event(timestamp=RECEIVED + dt.timedelta(days=340), sent_at=ago(seconds=1))

    corrected = SkewedClocks().correct(event, RECEIVED)

    assert (corrected.timestamp, corrected.sender_timestamp) == (RECEIVED, event.timestamp)


def test_the_future_of_a_wrong_clock_is_when_it_was_received(make_event):
    """An hour after it was sent, by a clock that is a year ahead."""
    sent_at = RECEIVED + dt.timedelta(days=365)
    event = make_event(timestamp=sent_at + dt.timedelta(hours=1), sent_at=sent_at)

    assert SkewedClocks().correct(event, RECEIVED).timestamp == RECEIVED


def test_an_old_event_of_a_right_clock_keeps_its_time(make_event):
    """A click that waited in a queue for a month belongs to its day."""
    event = make_event(timestamp=ago(days=30), sent_at=ago(seconds=1))

    assert SkewedClocks().correct(event, RECEIVED) is event


@pytest.mark.parametrize("error", [dt.timedelta(days=365), dt.timedelta(hours=3), dt.timedelta(days=-20_000)])
def test_an_absurd_clock_is_corrected_and_flagged(make_event, error):
    """What happened a minute before it was sent, happened a minute before it was received."""
    sent_at = RECEIVED + error
    event = make_event(timestamp=sent_at - dt.timedelta(minutes=1), sent_at=sent_at)

    corrected = SkewedClocks().correct(event, RECEIVED)

    assert corrected.timestamp == ago(minutes=1)
    assert corrected.sender_timestamp == event.timestamp


def test_a_resend_has_the_same_time_also_at_another_collector(make_event):
    """The same click sent again is stored once: the error is taken in steps of 15 minutes."""
    event = make_event(timestamp=dt.datetime(1970, 1, 1, 0, 5, tzinfo=dt.UTC))
    clocks, first, again = SkewedClocks(), ago(hours=5), RECEIVED + dt.timedelta(seconds=3)

    def sent(received_at):
        sent_at = dt.datetime(1970, 1, 1, 1, tzinfo=dt.UTC) + (received_at - first)
        return event.__class__(
            **{name: getattr(event, name) for name in event.__struct_fields__} | {"sent_at": sent_at}
        )

    keys = {
        collector.correct(sent(at), at).key for collector in (clocks, SkewedClocks()) for at in (first, again)
    }

    assert len(keys) == 1


def test_the_future_without_a_sending_time_is_when_it_was_received(make_event):
    """A resend within the memory of the collector keeps the first answer."""
    event, clocks = make_event(timestamp=RECEIVED + dt.timedelta(days=2)), SkewedClocks()

    first = clocks.correct(event, RECEIVED)
    again = clocks.correct(event, RECEIVED + dt.timedelta(hours=1))

    assert first.timestamp == again.timestamp == RECEIVED
    assert first.sender_timestamp == event.timestamp
