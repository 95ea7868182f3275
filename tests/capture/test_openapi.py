"""The OpenAPI document is true: what it calls valid is accepted, and every answer is as it says."""

import json

import httpx
import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import checks

from clickkit import connect
from clickkit.capture.access import WriteKeys
from clickkit.capture.collector import Door
from clickkit.capture.openapi import openapi_document
from clickkit.capture.request import Limits
from clickkit.service import make_collector

# A thread of another test's server that draws a random number meanwhile is taken for a strategy that does.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")

DOCUMENT = openapi_document()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
SCHEMA.config.generation.update(deterministic=True)
TRUE = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.positive_data_acceptance,
    checks.unsupported_method,
]
EVENT = jsonschema_rs.validator_for(
    {"$ref": "#/components/schemas/Event", "components": DOCUMENT["components"]}, validate_formats=True
)
CLICK = {
    "id": "a",
    "button": "Sign up",
    "timestamp": "2026-11-22T10:30:00.123Z",
    "pageUrl": "https://example.com/",
}


@schemathesis.serializer("application/x-ndjson")
def write_lines(_context, value):
    """Write each element of an array on a line of its own."""
    elements = value if isinstance(value, list) else [value]
    return b"\n".join(json.dumps(element).encode() for element in elements)


@pytest.fixture(scope="module")
def collector_url(serving_app, tmp_path_factory):
    """Return the URL of a collector on SQLite."""
    folder = tmp_path_factory.mktemp("openapi")
    with serving_app(make_collector(connect(f"sqlite:///{folder / 'clicks.db'}"), folder)) as url:
        yield url


@pytest.fixture(scope="module")
def client():
    """Return an HTTP client that keeps its connection."""
    with httpx.Client(timeout=30) as client:
        yield client


def without_point(value, name=""):
    """Return a body whose whole numbers are written as integers, as the document asks for in words."""
    if isinstance(value, dict):
        return {name: without_point(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_point(inner) for inner in value]
    is_whole = isinstance(value, float) and name in ("sequence", "width", "height") and value.is_integer()
    return int(value) if is_whole else value


@SCHEMA.parametrize()
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_the_document_says(case, collector_url):
    """Good or bad, no input gives an answer that the document does not have; the good is accepted."""
    for name in ("Sec-GPC", "DNT"):
        case.headers.pop(name, None)  # or nothing would reach the store
    case.body = without_point(case.body)

    case.call_and_validate(base_url=collector_url, checks=TRUE)


TIMES = [
    *("2026-11-22T10:30:00Z", "2024-02-29t23:59:59.123456789-23:59", "0001-01-02T00:00:00+01:00"),
    *("2026-11-22T10:30:00", "2026-11-22T10:30:60Z", "2026-11-22T24:00:00Z", "2023-02-29T00:00:00Z"),
    *("0000-12-31T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-11-22"),
]
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False).map(lambda value: value + 0.5)
near_limits = st.sampled_from([64, 128, 256, 2048]).flatmap(
    lambda limit: st.integers(limit - 1, limit + 1).map(lambda length: "\U0001f600" * length)
)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=4) | near_limits | st.sampled_from(TIMES)
values = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(max_size=4), scalars, max_size=2)
names = list(DOCUMENT["components"]["schemas"]["Event"]["properties"])
parts = st.builds(
    lambda part, changes: {part: changes},
    st.sampled_from(["device", "location", "screen", "variants"]),
    st.dictionaries(
        st.sampled_from(["city", "countryCode", "latitude", "longitude", "width", "height", "isBot", "type"]),
        scalars | st.integers(-200, 200),
        max_size=4,
    ),
)
moments = st.dictionaries(st.sampled_from(["timestamp", "sentAt"]), st.sampled_from(TIMES), max_size=1)
fields = st.dictionaries(st.sampled_from(names), values, max_size=1)
changed = st.builds(lambda *changes: CLICK | changes[0] | changes[1] | changes[2], moments, parts, fields)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(changed)
def test_an_event_is_accepted_if_and_only_if_the_document_calls_it_valid(client, collector_url, event):
    """Whoever checks against the document before sending is neither misled nor held back."""
    event = without_point(event)

    answer = client.post(f"{collector_url}/clicks", json=event)

    assert (answer.status_code == 200) == EVENT.is_valid(event), answer.text


def test_the_document_is_valid_and_served(collector_url):
    """It keeps to the OpenAPI specification 3.1, and the collector hands it out."""
    SCHEMA.validate()

    answer = httpx.get(f"{collector_url}/openapi.json")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == DOCUMENT


def test_the_limits_and_the_key_of_a_collector_are_as_documented(serve_app, tmp_path):
    """A collector with other limits says so in its own document, and its refusals keep to it."""
    door = Door(write_keys=WriteKeys(["secret"]), limits=Limits(events=2))
    store = connect(f"sqlite:///{tmp_path / 'clicks.db'}")
    url = serve_app(make_collector(store, tmp_path, door=door))
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    key = {"X-Write-Key": "secret"}

    answers = [
        httpx.post(f"{url}/clicks", json=[CLICK] * 2),
        httpx.post(f"{url}/clicks", json=[CLICK] * 2, headers=key),
        httpx.post(f"{url}/clicks", json=[CLICK] * 3, headers=key),
        httpx.post(f"{url}/clicks", json=[CLICK] * 2, headers=key | {"DNT": "1"}),
    ]

    assert [answer.status_code for answer in answers] == [401, 200, 413, 200]
    assert answers[3].json() == {"accepted": 0, "rejected": [], "suppressed": 2}
    for answer in answers:
        schema["/clicks"]["POST"].validate_response(answer)
