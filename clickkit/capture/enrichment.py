"""What the kit adds to an event when it arrives: the time, the device, the place and the language."""

import datetime as dt
import threading

import msgspec

from clickkit.capture.client_hints import ClientHints
from clickkit.capture.countries import country_name, current_zone
from clickkit.capture.crawlers import LIBRARY
from clickkit.capture.device import USER_AGENT_LENGTH, detect_device
from clickkit.capture.geolocation import POSITION, PROXY, SENDER, TIME_ZONE, locate
from clickkit.capture.language import normalized, preferred
from clickkit.capture.place_sources import PlaceOf, by_time_zone
from clickkit.event import Device, Event, Location

_SOURCES = {POSITION, PROXY, SENDER, TIME_ZONE}
_CARRIED = Device(type="other", is_bot=False)  # a library tells of a device that is not its own
_NAMED = ("platform", "platform_version", "browser", "browser_version", "brand", "model")


def enrich(
    event: Event,
    *,
    received_at: dt.datetime,
    user_agent: str | None = None,
    hints: ClientHints | None = None,
    accept_language: str = "",
    place_of: PlaceOf = by_time_zone,
) -> Event:
    """Return the event with `received_at`, device, location and language filled in.

    What the sender said stays; what it left out comes from the User-Agent string, the browser's hints, and
    the position, which is rounded to 0.1 degrees afterwards. A sender that names its platform, browser or
    model is not mixed with the header's: only type, `is_bot` and `bot_reason` are filled in then, and that
    a library sends it, such as a server's, makes it no bot. Without a position and a place, `place_of` says
    the place: by default the country of the time zone. Language and time zone get the spelling of the
    standards.
    """
    language = normalized(event.language) if event.language else preferred(accept_language)
    return msgspec.structs.replace(
        event,
        received_at=received_at,
        device=_device(event.device, user_agent, hints),
        location=round_and_name(event.location) or place_of(event),
        language=language,
        timezone=current_zone(event.timezone) if event.timezone else event.timezone,
    )


def warm_up() -> None:
    """Read places and patterns in a thread of its own, or the first event would wait a second for them."""
    threading.Thread(target=_warm_up, daemon=True, name="warm-up").start()


def _warm_up() -> None:
    locate(0.0, 0.0)
    country_name("NO")
    detect_device("Mozilla/5.0")


def round_and_name(said: Location | None) -> Location | None:
    """Return a location with its position rounded to 0.1 degrees, and the names it left out filled in.

    The source is the position where the sender named nothing, else the sender. A place that says its source
    was named before, from the exact position, and keeps its names. A country code that contradicts the
    position leaves of it the numbers only.
    """
    if said is None:
        return None
    is_named = bool(said.city or said.region or said.country or said.country_code)
    if said.latitude is None or said.longitude is None:
        found = Location()
    else:
        found = locate(said.latitude, said.longitude)
    if not is_named:
        return found if found.source else None
    if said.source in _SOURCES:
        return msgspec.structs.replace(said, latitude=found.latitude, longitude=found.longitude)
    return _completed(said, found)


def _completed(said: Location, found: Location) -> Location:
    """Return the place that a sender named, with the names it left out from its position."""
    code = said.country_code
    if code and country_name(code.upper()):
        code = code.upper()
    if code not in (None, found.country_code):
        found = Location(latitude=found.latitude, longitude=found.longitude)
    return msgspec.structs.replace(
        found,
        city=said.city or found.city,
        region=said.region or found.region,
        country=said.country or (country_name(code) if code else found.country),
        country_code=code or found.country_code,
        source=SENDER,
    )


def _device(said: Device | None, user_agent: str | None, hints: ClientHints | None) -> Device | None:
    if not user_agent:
        return said
    found = detect_device(user_agent[:USER_AGENT_LENGTH], hints)
    if said is None:
        return found
    is_named = any(getattr(said, name) for name in _NAMED)
    if is_named and (found.bot_reason or "").startswith(LIBRARY):
        found = _CARRIED
    judge = found if said.is_bot is None else said
    return msgspec.structs.replace(
        said if is_named else found,
        type=said.type or found.type,
        is_bot=judge.is_bot,
        bot_reason=said.bot_reason or judge.bot_reason,
    )
