"""What the kit adds to an event when it arrives: the time, the device and the place."""

import datetime as dt
import threading

import msgspec

from clickkit.capture.client_hints import ClientHints
from clickkit.capture.crawlers import LIBRARY
from clickkit.capture.device import USER_AGENT_LENGTH, detect_device
from clickkit.capture.geolocation import locate
from clickkit.event import Device, Event, Location

_CARRIED = Device(type="other", is_bot=False)  # a library tells of a device that is not its own
_NAMED = ("platform", "platform_version", "browser", "browser_version", "brand", "model")


def enrich(
    event: Event,
    *,
    received_at: dt.datetime,
    user_agent: str | None = None,
    hints: ClientHints | None = None,
) -> Event:
    """Return the event with `received_at`, device and location filled in.

    What the sender said stays; what it left out comes from the User-Agent string, the browser's hints, and
    the position, which is rounded to 0.1 degrees afterwards. A sender that names its platform, browser or
    model is not mixed with the header's: only type, `is_bot` and `bot_reason` are filled in then, and that
    a library sends it, such as a server's, makes it no bot.
    """
    return msgspec.structs.replace(
        event,
        received_at=received_at,
        device=_device(event.device, user_agent, hints),
        location=round_and_name(event.location),
    )


def warm_up() -> None:
    """Read places and patterns in a thread of its own, or the first event would wait a second for them."""
    threading.Thread(target=_warm_up, daemon=True, name="warm-up").start()


def _warm_up() -> None:
    locate(0.0, 0.0)
    detect_device("Mozilla/5.0")


def round_and_name(said: Location | None) -> Location | None:
    """Return a location with its position rounded to 0.1 degrees, and the names it left out filled in."""
    if said is None or said.latitude is None or said.longitude is None:
        return said
    found = locate(said.latitude, said.longitude)
    return msgspec.structs.replace(
        found,
        city=said.city or found.city,
        country=said.country or found.country,
        country_code=said.country_code or found.country_code,
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
