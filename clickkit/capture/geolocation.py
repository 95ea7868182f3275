"""From a position to a city and a country, without a network.

The places are those of GeoNames (https://www.geonames.org, CC BY 4.0) with over 1,000 inhabitants,
as the package reverse-geocode carries them. They are read at the first call, which takes about a second.
"""

import math

import reverse_geocode

from clickkit.event import Location

_FARTHEST_KM = 100
_EARTH_RADIUS_KM = 6371.0088


def locate(latitude: float, longitude: float) -> Location:
    """Return the nearest town and its country for a position in degrees north and east.

    The position itself is kept, rounded to 0.1 degrees (about 11 km). Farther than 100 km from any
    town, only the position is returned: a ship is in no city.
    """
    position = Location(latitude=round(latitude, 1), longitude=round(longitude, 1))
    town = reverse_geocode.get((latitude, longitude))
    if _distance_km(latitude, longitude, town["latitude"], town["longitude"]) > _FARTHEST_KM:
        return position
    return Location(
        city=town["city"],
        country=town["country"],
        country_code=town["country_code"],
        latitude=position.latitude,
        longitude=position.longitude,
    )


def _distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Return the great-circle distance by the haversine formula (Sinnott, Sky & Telescope 68, 1984)."""
    north, other_north = math.radians(latitude), math.radians(other_latitude)
    half_north = math.sin((other_north - north) / 2)
    half_east = math.sin(math.radians(other_longitude - longitude) / 2)
    chord = half_north**2 + math.cos(north) * math.cos(other_north) * half_east**2
    return 2 * _EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, chord)))
