"""A simulated click, in the JSON form in which tracker.js sends events."""

import datetime as dt
import uuid

import msgspec

from clickkit.demo.visitor import Tap, Visitor


def encode_click(visitor: Visitor, session_id: str, sequence: int, tap: Tap, now: dt.datetime) -> bytes:
    """Make an event with a new id; it says that it is simulated, and where only with consent."""
    handset, place = visitor.handset, visitor.place
    location = {"location": {"latitude": place.latitude, "longitude": place.longitude}}
    return msgspec.json.encode(
        {
            "id": str(uuid.uuid4()),
            "event": "click",
            "button": tap.site.button,
            "timestamp": _stamp(now),
            "pageUrl": tap.site.page_url,
            "visitorId": visitor.visitor_id,
            "sessionId": session_id,
            "sequence": sequence,
            "screen": {"width": handset.width, "height": handset.height},
            "x": tap.x,
            "y": tap.y,
            "language": place.language,
            "timezone": place.timezone,
            **(location if visitor.consents else {}),
            "properties": {"simulated": True},
        }
    )


def add_sent_at(click: bytes, now: dt.datetime) -> bytes:
    """Return the same event with the time of this sending, as the last field."""
    return b'%b,"sentAt":"%b"}' % (click[:-1], _stamp(now).encode())


def _stamp(moment: dt.datetime) -> str:
    """Return a time in UTC as JavaScript's toISOString writes it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
