"""Countries: their codes and names, and the time zones that are theirs.

A code is ISO 3166 alpha-2, or XK for Kosovo. The country of a time zone is what the IANA's zone.tab says,
as the package pytz carries it. English names are those of Unicode CLDR, as babel carries them, and so are
the present names of renamed zones: the IANA itself links some to another country's (Iceland to Abidjan).
"""

from functools import cache, lru_cache

import pytz
from babel import Locale
from babel.core import get_global

_WITHOUT_ZONE = ("BV", "HM", "XK")
_KEPT_ZONES = 1024
_ABBREVIATIONS = {"CET", "EET", "EST", "HST", "MET", "MST", "WET", "CST6CDT", "EST5EDT", "MST7MDT", "PST8PDT"}
"""Zones that several countries keep; CLDR takes them for one of these."""


def country_name(code: str) -> str | None:
    """Return the English name of a country by its code, or None when there is no such country."""
    return _names().get(code)


@lru_cache(_KEPT_ZONES)
def current_zone(zone: str) -> str:
    """Return the present name of a time zone that was renamed (`Asia/Calcutta`); any other text as it is."""
    if zone in _owners() or zone in _ABBREVIATIONS:
        return zone
    current: str = get_global("zone_aliases").get(zone, zone)
    return current if current in _owners() else zone


def country_of_zone(zone: str) -> str | None:
    """Return the code of the country whose time zone this is, by its name, old or new.

    None stands for what is no place (`UTC`, `Etc/GMT+3`), several countries keep (`CET`), or nobody knows.
    """
    return _owners().get(current_zone(zone))


@cache
def _owners() -> dict[str, str]:
    return {zone: code for code, zones in pytz.country_timezones.items() for zone in zones}


@cache
def _names() -> dict[str, str]:
    territories = Locale("en").territories
    return {code: territories[code] for code in (*pytz.country_timezones, *_WITHOUT_ZONE)}
