"""What the kit adds to an event when it arrives."""

import datetime as dt

import pytest

from clickkit import Device, Location, enrich
from clickkit.capture.client_hints import ClientHints
from clickkit.capture.geolocation import locate

NOW = dt.datetime(2026, 11, 22, 10, 31, tzinfo=dt.UTC)
CURL = "curl/8.5.0"


def test_device_place_and_time_are_added(make_event):
    """The sender's own fields stay as they are."""
    event = make_event(device=None, location=Location(latitude=59.91, longitude=10.75))

    enriched = enrich(event, received_at=NOW, user_agent=CURL)

    assert enriched.received_at == NOW
    assert (enriched.device.type, enriched.device.browser) == ("bot", "curl")
    assert (enriched.device.is_bot, enriched.device.bot_reason) == (True, "library: curl")
    assert enriched.location == Location(
        city="Oslo",
        region="Oslo",
        country="Norway",
        country_code="NO",
        latitude=59.9,
        longitude=10.8,
        source="position",
    )
    assert (enriched.id, enriched.timestamp, enriched.key) == (event.id, event.timestamp, event.key)


def test_what_the_sender_said_of_itself_wins(make_event):
    """A sender that names its device or city knows better than a header."""
    said = Device(type="tv", platform="Tizen")
    place = Location(city="Grünerløkka", country="Norway", latitude=59.923, longitude=10.759)

    enriched = enrich(make_event(device=said, location=place), received_at=NOW, user_agent=CURL)

    assert enriched.device == Device(type="tv", platform="Tizen", is_bot=False)
    assert enriched.location == Location(
        city="Grünerløkka",
        region="Oslo",
        country="Norway",
        country_code="NO",
        latitude=59.9,
        longitude=10.8,
        source="sender",
    )


def test_a_library_that_tells_of_a_device_makes_it_no_bot(make_event):
    """A server sends for its visitors; a crawler that names a device stays one."""
    said = Device(platform="iOS", model="iPhone")

    by_library = enrich(make_event(device=said), received_at=NOW, user_agent="python-requests/2.32.3")
    by_crawler = enrich(make_event(device=said), received_at=NOW, user_agent="Googlebot/2.1")

    assert (by_library.device.type, by_library.device.is_bot, by_library.device.bot_reason) == (
        "other",
        False,
        None,
    )
    assert (by_crawler.device.is_bot, by_crawler.device.bot_reason) == (True, "crawler: Googlebot")


def test_hints_complete_the_header(make_event):
    """They are used and not kept: an event has no field for them."""
    hints = ClientHints(platform="Windows", platform_version="19.0.0")
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36"

    enriched = enrich(make_event(device=None), received_at=NOW, user_agent=agent, hints=hints)

    assert (enriched.device.platform, enriched.device.platform_version) == ("Windows", "11")


def test_a_type_alone_is_completed(make_event):
    """The rest of the device comes from the header."""
    enriched = enrich(make_event(device=Device(type="tablet")), received_at=NOW, user_agent=CURL)

    assert (enriched.device.type, enriched.device.browser) == ("tablet", "curl")


def test_a_version_alone_is_kept(make_event):
    """What the sender said is never replaced by what the header says."""
    for said in (Device(platform_version="17.1"), Device(browser_version="142.0")):
        enriched = enrich(make_event(device=said), received_at=NOW, user_agent=CURL)

        assert (enriched.device.platform_version, enriched.device.browser_version) == (
            said.platform_version,
            said.browser_version,
        )
        assert (enriched.device.browser, enriched.device.type) == (None, "other")


def test_without_header_and_position_nothing_is_invented(make_event):
    """Unknown stays unknown."""
    enriched = enrich(make_event(device=None), received_at=NOW)

    assert (enriched.device, enriched.location) == (None, None)


def test_city_and_country_without_a_position_are_kept(make_event):
    """The collector's contract allows names alone."""
    place = Location(city="Oslo", country="Norway")

    assert enrich(make_event(location=place), received_at=NOW).location == Location(
        city="Oslo", country="Norway", source="sender"
    )


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (Location(country_code="na"), Location(country="Namibia", country_code="NA", source="sender")),
        (Location(country_code="Q?"), Location(country_code="Q?", source="sender")),
        (Location(city="Oslo", source="gps"), Location(city="Oslo", source="sender")),
        (Location(city="Oslo", source="proxy"), Location(city="Oslo", source="proxy")),
        (
            Location(country_code="SE", latitude=59.91, longitude=10.75),
            Location(country="Sweden", country_code="SE", latitude=59.9, longitude=10.8, source="sender"),
        ),
        (Location(city=""), None),
        (Location(source="position"), None),
    ],
)
def test_a_place_that_the_sender_names_is_completed_and_contradicted_never(make_event, said, kept):
    """The code has a name; a position in another country gives its numbers only; a known source stays."""
    assert enrich(make_event(location=said), received_at=NOW).location == kept


def test_without_a_place_the_time_zone_says_the_country(make_event):
    """It is marked as such, has no city, and gives way to anything that the sender says."""
    namibia = Location(country="Namibia", country_code="NA", source="timezone")
    oslo = Location(city="Oslo")

    for nothing in (None, Location()):
        event = make_event(timezone="Africa/Windhoek", location=nothing)
        assert enrich(event, received_at=NOW).location == namibia
    named = enrich(make_event(timezone="Africa/Windhoek", location=oslo), received_at=NOW)
    assert (named.location.country, named.location.source) == (None, "sender")
    assert enrich(make_event(timezone="UTC"), received_at=NOW).location is None


def test_another_source_may_take_the_time_zones_place(make_event):
    """The collector says which."""
    event = make_event(timezone="Europe/Oslo")

    assert enrich(event, received_at=NOW, place_of=lambda event: None).location is None


def test_enriching_twice_changes_nothing(make_event):
    """What one collector passes on to another stays what it was."""
    desert, monaco = Location(latitude=23.04, longitude=10.0), Location(latitude=43.737, longitude=7.4215)
    places = [Location(latitude=59.91, longitude=10.75), Location(city="Oslo"), None, desert, monaco]
    events = [make_event(location=place, timezone="Asia/Calcutta", language="en_us") for place in places]

    once = [enrich(event, received_at=NOW, user_agent=CURL) for event in events]

    assert [enrich(event, received_at=NOW, user_agent=CURL) for event in once] == once
    assert [event.location.source for event in once] == [
        *("position", "sender", "timezone", "position", "position"),
    ]
    assert locate(once[-1].location.latitude, once[-1].location.longitude).city != once[-1].location.city


def test_language_and_time_zone_have_one_spelling(make_event):
    """Chrome's Asia/Calcutta is Firefox's Asia/Kolkata; the header speaks for an event without a language."""
    said = make_event(language="nb_no", timezone="Asia/Calcutta")
    silent = make_event(language=None, timezone="Mars/Olympus")

    first = enrich(said, received_at=NOW, accept_language="de")
    second = enrich(silent, received_at=NOW, accept_language="fr;q=0.5, de-ch")

    assert (first.language, first.timezone) == ("nb-NO", "Asia/Kolkata")
    assert (second.language, second.timezone) == ("de-CH", "Mars/Olympus")


def test_of_an_endless_user_agent_only_the_beginning_is_looked_at(make_event):
    """2,048 characters name any browser; the rest would cost time and memory only."""
    moment = dt.datetime(2026, 11, 22, 10, 30, tzinfo=dt.UTC)
    event = make_event(device=None)

    near = enrich(event, received_at=moment, user_agent="x" * 2038 + " Googlebot")
    far = enrich(event, received_at=moment, user_agent="x" * 2048 + " Googlebot")

    assert (near.device.is_bot, far.device.is_bot) == (True, False)
