"""What the kit adds to an event when it arrives."""

import datetime as dt

from clickkit import Device, Location, enrich
from clickkit.capture.client_hints import ClientHints

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
        city="Oslo", country="Norway", country_code="NO", latitude=59.9, longitude=10.8
    )
    assert (enriched.id, enriched.timestamp, enriched.key) == (event.id, event.timestamp, event.key)


def test_what_the_sender_said_of_itself_wins(make_event):
    """A sender that names its device or city knows better than a header."""
    said = Device(type="tv", platform="Tizen")
    place = Location(city="Grünerløkka", country="Norway", latitude=59.923, longitude=10.759)

    enriched = enrich(make_event(device=said, location=place), received_at=NOW, user_agent=CURL)

    assert enriched.device == Device(type="tv", platform="Tizen", is_bot=False)
    assert enriched.location == Location(
        city="Grünerløkka", country="Norway", country_code="NO", latitude=59.9, longitude=10.8
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

    assert enrich(make_event(location=place), received_at=NOW).location == place


def test_of_an_endless_user_agent_only_the_beginning_is_looked_at(make_event):
    """2,048 characters name any browser; the rest would cost time and memory only."""
    moment = dt.datetime(2026, 11, 22, 10, 30, tzinfo=dt.UTC)
    event = make_event(device=None)

    near = enrich(event, received_at=moment, user_agent="x" * 2038 + " Googlebot")
    far = enrich(event, received_at=moment, user_agent="x" * 2048 + " Googlebot")

    assert (near.device.is_bot, far.device.is_bot) == (True, False)
