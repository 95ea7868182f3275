"""From a position, or a time zone, to a place, without a network.

Whose time zone a position lies in decides its country: the zones' borders (timezone-boundary-builder, made
of OpenStreetMap, as the package tzfpy carries them) are exact to about 100 m, coastal waters included. The
nearest town of that country is the city, and its region the region.
"""

from functools import lru_cache

from tzfpy import get_tzs

from clickkit.capture.countries import country_name, country_of_zone, current_zone
from clickkit.capture.towns import nearest_town, read_towns
from clickkit.errors import InvalidEventError
from clickkit.event import Location

POSITION, TIME_ZONE, PROXY, SENDER = "position", "timezone", "proxy", "sender"
"""Where the names of a place are from: the values of `Location.source`."""

_FARTHEST_KM = 100
_FARTHEST_AT_SEA_KM = 50
_KEPT_ZONES = 1024
_KEPT_POSITIONS = 1024  # the next click of a visitor is at the same one
_ANTARCTICA_BEGINS = -60  # ISO 3166 gives AQ everything south of it, whoever claims it


@lru_cache(_KEPT_POSITIONS)
def locate(latitude: float, longitude: float) -> Location:
    """Return city, region and country of a position in degrees north and east.

    The position itself is kept, rounded to 0.1 degrees (about 11 km); 180 degrees west is 180 east. A city
    is named up to 100 km away. At sea beyond coastal waters, city and country are those of a town up to
    50 km away; a ship farther out is in neither.

    Raises:
        InvalidEventError: a coordinate is no number or out of range.
    """
    _check("latitude", latitude, 90)
    _check("longitude", longitude, 180)
    codes = countries_at(latitude, longitude)
    town, away_km = nearest_town(latitude, longitude, codes)
    city = town if away_km <= (_FARTHEST_KM if codes else _FARTHEST_AT_SEA_KM) else None
    code = codes[0] if len(codes) == 1 else town.country_code if town and (codes or city) else None
    east = _rounded(longitude)
    return Location(
        city=city.city if city else None,
        region=(city.state or None) if city else None,
        country=country_name(code) if code else None,
        country_code=code,
        latitude=_rounded(latitude),
        longitude=180.0 if east == -180 else east,
        source=POSITION,
    )


@lru_cache(_KEPT_ZONES)
def locate_zone(zone: str) -> Location | None:
    """Return the country of a time zone by its name, and its region when 95 of 100 of its towns lie in one.

    None stands for a name that is no country's: see `country_of_zone`.
    """
    code = country_of_zone(zone)
    if code is None:
        return None
    region = read_towns().region_of_zone.get(current_zone(zone))
    return Location(region=region, country=country_name(code), country_code=code, source=TIME_ZONE)


def countries_at(latitude: float, longitude: float) -> tuple[str, ...]:
    """Return the codes of the countries that a position may be in: several where their zones overlap."""
    if latitude < _ANTARCTICA_BEGINS:
        return ("AQ",)
    return _countries_of(tuple(get_tzs(longitude, latitude)))


@lru_cache(_KEPT_ZONES)
def _countries_of(zones: tuple[str, ...]) -> tuple[str, ...]:
    codes: set[str] = set()
    for zone in zones:
        code = country_of_zone(zone)
        if code is not None:
            codes.update((code, *read_towns().also_of.get(zone, ())))
    return tuple(sorted(codes))


def _check(name: str, degrees: float, most: int) -> None:
    if not -most <= degrees <= most:  # also when it is not a number
        raise InvalidEventError(
            f"location.{name}", f"{degrees} is not between {-most} and {most}: send degrees, or no location"
        )


def _rounded(degrees: float) -> float:
    plain_zero = 0.0  # added to -0.0 it gives 0.0
    return round(degrees, 1) + plain_zero
