"""What the collector accepts is read back unchanged, from the store and from the lake's Parquet."""

import datetime as dt
import json
import re
import uuid

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clickkit import Device, Event, Location, Screen, connect, decode_event, encode_event, export, read_lake
from clickkit.capture.countries import country_name
from clickkit.capture.language import normalized
from clickkit.service import make_collector
from clickkit.storage.connect import connect_dynamodb

DAY = dt.date(2026, 11, 22)
CLICK = {"button": "Sign up", "pageUrl": "https://example.com/"}
LENGTHS = {
    "id": (1, 128),
    "event": (1, 64),
    "button": (1, 256),
    "pageUrl": (1, 2048),
    "referrer": (0, 2048),
    "location.countryCode": (2, 2),
    "properties.name": (0, 2048),
    "properties.text": (0, 2048),
} | {
    name: (0, 128)
    for name in (
        *("visitorId", "sessionId", "language", "timezone", "location.city", "location.region"),
        *("location.country",),
        *("device.type", "device.platform", "device.platformVersion"),
        *("device.browser", "device.browserVersion", "variants.name", "variants.text"),
    )
}


@pytest.fixture
def send(store, serve_app, tmp_path):
    """Return a function that sends events to a collector with each kind of store, and returns the answer."""
    url = serve_app(make_collector(connect(store.url), tmp_path / "service"))
    with httpx.Client(timeout=60, headers={"User-Agent": ""}) as client:
        yield lambda events: client.post(f"{url}/clicks", content=json.dumps(events)).json()


@pytest.fixture(scope="session")
def naughty(shared):
    """Return the Big List of Naughty Strings."""
    return json.loads((shared / "bad" / "blns.json").read_text())


def fits(field, text):
    """Tell whether a field takes a text of this length, by the limits written out above."""
    least, most = LENGTHS[field]
    return least <= len(text) <= most


def with_text(event, field, text):
    """Return an event with a text in one field; a name is one of `variants` or `properties`."""
    outer, _, inner = field.partition(".")
    if not inner:
        return event | {outer: text}
    added = {text: "value"} if inner == "name" else {inner: text}
    return event | {outer: event.get(outer, {}) | added}


def at(index):
    """Return the time of the event with this number, by which it is known again."""
    moment = dt.datetime(2026, 11, 22, 10, 30, tzinfo=dt.UTC) + dt.timedelta(microseconds=index)
    return {"id": f"{index}", "timestamp": moment.isoformat().replace("+00:00", "Z")}


def in_store(store, days):
    """Return the rows of some days as the store has them."""
    return [row for day in sorted(days) for batch in store.scan(day) for row in batch.to_pylist()]


def in_lake(store, days, lake):
    """Return the rows of some days as the lake has them after an export."""
    for day in days:
        export(store, lake, day, day)
    return read_lake(lake).to_arrow_table().to_pylist()


def as_sent(row):
    """Return a row as a sender would write it: JSON names, nothing that is null, times in UTC."""
    sent = {}
    for name, value in row.items():
        if value is None or name in ("received_at", "year", "month", "day"):
            continue
        if name in ("properties", "variants"):
            value = json.loads(value)
        elif isinstance(value, dict):
            value = as_sent(value)
        elif isinstance(value, dt.datetime):
            value = value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
        sent[re.sub("_(.)", lambda found: found[1].upper(), name)] = value
    return sent


def as_kept(event):
    """Return a sent event as the collector keeps it: a place has a source, a language has one spelling."""
    place, language = event.get("location", {}), event.get("language")
    kept = {name: value for name, value in event.items() if name not in ("location", "language")}
    if any(place.values()):
        code = place.get("countryCode", "").upper()
        named = {"countryCode": code, "country": country_name(code)} if country_name(code) else {}
        kept["location"] = {**place, **named, "source": "sender"}
    return kept | ({"language": normalized(language)} if language else {})


def by_time(events):
    """Return events by their times, each once."""
    events = list(events)
    found = {event["timestamp"]: event for event in events}
    assert len(found) == len(events)
    return found


def test_naughty_strings_are_accepted_by_their_length_alone_and_read_back(send, store, naughty, tmp_path):
    """Each of 485 texts, in each field that can hold text, comes back from store and lake as it was sent."""
    accepted = []
    for number, field in enumerate(LENGTHS):
        texts = enumerate(naughty, number * 1000)
        events = [{"event": "click"} | with_text(CLICK | at(index), field, text) for index, text in texts]
        good = [event for event, text in zip(events, naughty, strict=True) if fits(field, text)]
        answer = send(events)
        assert (answer["accepted"], len(answer["rejected"])) == (len(good), 485 - len(good)), field
        outer = field.partition(".")[0]
        assert {re.split(r"[.\[]", one["field"])[0] for one in answer["rejected"]} <= {outer}
        assert all("length" in one["reason"] for one in answer["rejected"])
        accepted += good

    assert (len(naughty), len(accepted)) == (485, 9983)
    assert by_time([as_sent(row) for row in in_store(store, {DAY})]) == by_time(map(as_kept, accepted))
    assert by_time([as_sent(row) for row in in_lake(store, {DAY}, tmp_path / "lake")]) == by_time(
        map(as_kept, accepted)
    )


def test_half_a_character_is_refused_in_every_field(send, store):
    """A lone surrogate is no text: UTF-8, Parquet and every reader behind them would break on it."""
    store.put([])
    events = [with_text(CLICK | at(index), field, "\ud800") for index, field in enumerate(LENGTHS)]

    answers = [send(event) for event in events]

    assert [answer["accepted"] for answer in answers] == [0] * len(LENGTHS)
    assert all("not valid JSON" in answer["rejected"][0]["reason"] for answer in answers)


texts = st.text(max_size=40)
words = texts | st.none()
moments = st.datetimes(timezones=st.just(dt.UTC))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def numbers(least, most):
    """Return floats of a range, and often the ones that databases stumble over."""
    edges = [-0.0, 0.0, 5e-324, 1e-131, 9.9e-131, 1e-130, 0.1 + 0.2, 1e-5, 1.0, float(most)]
    return st.floats(least, most) | st.sampled_from(edges)


devices = st.builds(
    Device,
    type=words,
    platform=words,
    platform_version=words,
    browser=words,
    browser_version=words,
    is_bot=st.booleans() | st.none(),
)
names = {
    "city": words,
    "region": words,
    "country": words,
    "source": words,
    "country_code": st.none() | st.text(min_size=2, max_size=2),
}
places = st.builds(Location, **names) | st.builds(
    Location, latitude=numbers(-90, 90), longitude=numbers(-180, 180), **names
)
pixels = st.integers(0, 100_000)
events = st.builds(
    Event,
    id=st.text(min_size=1, max_size=128),
    event=st.text(min_size=1, max_size=64),
    button=st.text(min_size=1, max_size=256),
    timestamp=moments,
    page_url=st.text(min_size=1, max_size=100),
    device=st.none() | devices,
    location=st.none() | places,
    visitor_id=words,
    session_id=words,
    sequence=st.none() | st.integers(0, 2**53),
    sent_at=st.none() | moments,
    sender_timestamp=st.none() | moments,
    referrer=words,
    screen=st.none() | st.builds(Screen, width=pixels, height=pixels),
    x=st.none() | numbers(-1e6, 1e6),
    y=st.none() | numbers(-1e6, 1e6),
    language=words,
    timezone=words,
    variants=st.dictionaries(texts, texts, max_size=3),
    duration_ms=st.none() | numbers(0, 1e12),
    properties=st.dictionaries(texts, values, max_size=4),
)


def written(event):
    """Return JSON that differs when anything in it differs, also the sign of a zero."""
    return json.dumps(event, sort_keys=True)


def check_read_back(store, made, lake):
    """Put events, and compare what store and lake have with what was put."""
    taken = [decode_event(encode_event(event)) for event in made]
    store.put(taken)
    expected = sorted(written({"event": "click"} | json.loads(encode_event(event))) for event in taken)
    days = {event.day for event in taken}

    assert sorted(written(as_sent(row)) for row in in_store(store, days)) == expected
    assert sorted(written(as_sent(row)) for row in in_lake(store, days, lake)) == expected


some_events = st.lists(events, min_size=1, max_size=6, unique_by=lambda event: event.key)
read_back = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@settings(read_back, max_examples=40)
@given(some_events)
def test_any_event_is_read_back_from_sqlite_and_parquet(tmp_path_factory, made):
    """Whatever text, number or time: the store, the export and the reader change nothing."""
    folder = tmp_path_factory.mktemp("events")
    store = connect(f"sqlite:///{folder / 'clicks.db'}")

    check_read_back(store, made, folder / "lake")

    store.close()


@settings(read_back, max_examples=10)
@given(some_events)
def test_any_event_is_read_back_from_dynamodb_and_parquet(dynamodb_endpoint, tmp_path_factory, made):
    """DynamoDB's own idea of numbers and texts changes nothing either."""
    store = connect_dynamodb(f"dynamodb://t{uuid.uuid4().hex}?endpoint={dynamodb_endpoint}&region=eu-north-1")
    store.create_table()

    check_read_back(store, made, tmp_path_factory.mktemp("events") / "lake")

    store.close()
