"""What the kit adds to an event when it arrives: the time, the device and the place."""

import datetime as dt

import msgspec

from clickkit.capture.device import detect_device
from clickkit.capture.geolocation import locate
from clickkit.event import Device, Event, Location


def enrich(event: Event, *, received_at: dt.datetime, user_agent: str | None = None) -> Event:
    """Return the event with `received_at`, device and location filled in.

    What the sender said itself is kept. The device comes from the User-Agent string, the city and
    country from the position, which is rounded to 0.1 degrees afterwards.
    """
    return msgspec.structs.replace(
        event,
        received_at=received_at,
        device=_device(event.device, user_agent),
        location=_location(event.location),
    )


def _device(said: Device | None, user_agent: str | None) -> Device | None:
    if not user_agent:
        return said
    return _filled_in(said, detect_device(user_agent))


def _location(said: Location | None) -> Location | None:
    if said is None or said.latitude is None or said.longitude is None:
        return said
    found = locate(said.latitude, said.longitude)
    rounded = msgspec.structs.replace(said, latitude=found.latitude, longitude=found.longitude)
    return rounded if said.city or said.country or said.country_code else found


def _filled_in(said: Device | None, found: Device) -> Device:
    if said is None:
        return found
    if said.platform or said.browser:  # never mix the sender's browser with another one's version
        return msgspec.structs.replace(said, type=said.type or found.type)
    return msgspec.structs.replace(found, type=said.type or found.type)
