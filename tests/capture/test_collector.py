"""The collector, served by `clickkit serve` and asked by a real HTTP client."""

import datetime as dt
import json
import subprocess
import sys

import httpx
import pytest

from clickkit import connect
from clickkit.capture.request import LIMITS

CLICK = {
    "id": "a",
    "button": "Sign up",
    "timestamp": "2026-11-22T10:30:00.123Z",
    "pageUrl": "https://example.com/",
    "location": {"latitude": 59.91, "longitude": 10.75},
}
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)


@pytest.fixture
def served(store, find_port, wait_until, tmp_path):
    """Return a client of a collector that stores in each kind of store."""
    yield from serve(store.url, find_port(), wait_until, tmp_path)


@pytest.fixture(scope="module")
def sqlite_url(tmp_path_factory):
    """Return the URL of a SQLite store that several tests share."""
    return f"sqlite:///{tmp_path_factory.mktemp('collector') / 'clicks.db'}"


@pytest.fixture(scope="module")
def served_from_sqlite(sqlite_url, find_port, wait_until, tmp_path_factory):
    """Return a client of a collector on SQLite."""
    yield from serve(sqlite_url, find_port(), wait_until, tmp_path_factory.mktemp("service"))


def serve(url, port, wait_until, folder, *options):
    """Run `clickkit serve` and end it."""
    command = [sys.executable, "-m", "clickkit.cli", "serve", "--store", url, "--port", str(port)]
    command += ["--folder", str(folder), *options]
    base = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            with httpx.Client(base_url=base, headers={"User-Agent": CHROME}, timeout=30) as client:
                wait_until(lambda: answers(client), f"{base}")
                yield client
        finally:
            process.terminate()
            process.wait(10)


def answers(client):
    """Tell whether the collector is up."""
    try:
        client.get("/health")
    except httpx.HTTPError:
        return False
    return True


def counted(client, name):
    """Return one number of the collector's metrics."""
    samples = (line.rsplit(" ", 1) for line in client.get("/metrics").text.splitlines())
    return {sample[0]: float(sample[1]) for sample in samples if sample[0][0] != "#"}[name]


def stored(url):
    """Return all events of the tests' day."""
    store = connect(url)
    rows = [row for batch in store.scan(dt.date(2026, 11, 22)) for row in batch.to_pylist()]
    store.close()
    return rows


def test_a_good_click_is_accepted_once_it_is_durable(served, store):
    """The answer says how durable it is; the store has it with device, place and time."""
    answer = served.post("/clicks", json=CLICK)

    assert (answer.status_code, answer.json()) == (
        200,
        {"accepted": 1, "rejected": [], "durability": "store"},
    )
    (row,) = stored(store.url)
    assert (row["id"], row["button"], row["page_url"]) == ("a", "Sign up", "https://example.com/")
    assert (row["device"]["type"], row["device"]["platform"], row["device"]["browser"]) == (
        "desktop",
        "Linux",
        "Chrome",
    )
    assert (row["location"]["city"], row["location"]["country"], row["location"]["latitude"]) == (
        "Oslo",
        "Norway",
        59.9,
    )
    assert abs(dt.datetime.now(dt.UTC) - row["received_at"]) < dt.timedelta(minutes=1)


def test_hints_complete_the_device_and_are_not_stored(served, store):
    """They come as headers, and from the tracker beside the events; nonsense costs no click."""
    headers = {"Sec-CH-UA-Platform": '"Linux"', "Sec-CH-UA-Full-Version-List": '"Brave";v="142.1.84.1"'}
    hints = '{"touchPoints": 0, "webdriver": true}'

    hinted = served.post("/clicks", params={"hints": hints}, headers=headers, json=CLICK | {"id": "hinted"})
    broken = served.post("/clicks?hints=%7B%ff", json=CLICK | {"id": "broken"})

    rows = {row["id"]: row["device"] for row in stored(store.url)}
    assert (hinted.status_code, broken.status_code) == (200, 200)
    assert (rows["hinted"]["browser"], rows["hinted"]["browser_version"]) == ("Brave", "142.1.84.1")
    assert (rows["hinted"]["type"], rows["hinted"]["bot_reason"]) == ("desktop", "automated browser")
    assert (rows["broken"]["browser"], rows["broken"]["is_bot"]) == ("Chrome", False)
    assert hinted.headers["accept-ch"].startswith("Sec-CH-UA-Full-Version-List")


def test_a_resend_is_accepted_and_stored_once(served, store):
    """A sender that did not hear the answer asks again."""
    for _ in range(3):
        assert served.post("/clicks", json=CLICK).json()["accepted"] == 1

    assert len(stored(store.url)) == 1


def test_a_batch_stores_the_good_and_names_the_bad(served, store):
    """One bad click does not cost its neighbours."""
    batch = [CLICK, {**CLICK, "id": "b", "button": 7}, {**CLICK, "id": "c"}]

    answer = served.post("/clicks", json=batch)

    assert answer.status_code == 200
    assert answer.json() == {
        "accepted": 2,
        "rejected": [{"index": 1, "field": "button", "reason": "Expected `str | null`, got `int`"}],
        "durability": "store",
    }
    assert {row["id"] for row in stored(store.url)} == {"a", "c"}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{broken", 400, ""),
        (b"", 400, ""),
        (b"\xff\xfe", 400, ""),
        (b"[" * 100_000, 400, ""),
        (b"[]", 400, ""),
        (b'"text"', 400, ""),
        (json.dumps({k: v for k, v in CLICK.items() if k != "button"}).encode(), 400, "button"),
        (json.dumps({**CLICK, "timestamp": 5}).encode(), 400, "timestamp"),
        (json.dumps({**CLICK, "pageUrl": None}).encode(), 400, "pageUrl"),
        (json.dumps({**CLICK, "device": "phone"}).encode(), 400, "device"),
        (json.dumps({**CLICK, "location": {"latitude": 100}}).encode(), 400, "location.latitude"),
        (json.dumps({**CLICK, "location": {"latitude": 10}}).encode(), 400, "location.longitude"),
        (json.dumps({**CLICK, "properties": {"a": "x" * 20_000}}).encode(), 400, "properties"),
        (b" " * (LIMITS.body_bytes + 1), 413, "body"),
        (json.dumps([CLICK] * (LIMITS.events + 1)).encode(), 413, "body"),
    ],
)
def test_bad_input_is_answered_with_its_field_and_stores_nothing(
    served_from_sqlite, sqlite_url, body, status, field
):
    """Never a 5xx for input, never a 200 for a loss."""
    answer = served_from_sqlite.post("/clicks", content=body)

    assert answer.status_code == status
    said = answer.json()
    assert said["accepted"] == 0
    if field == "body":
        assert said["error"].startswith("body: ")
        assert said["rejected"] == []
    else:
        (rejection,) = said["rejected"]
        assert (rejection["index"], rejection["field"], bool(rejection["reason"])) == (0, field, True)
    assert stored(sqlite_url) == []


def test_other_paths_and_methods_say_what_there_is(served_from_sqlite):
    """A wrong address is answered with the right one."""
    assert served_from_sqlite.get("/nothing").status_code == 404
    wrong = served_from_sqlite.get("/clicks")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")


def test_while_the_store_is_away_clicks_are_spooled_and_stored_later(
    find_port, wait_until, tmp_path, make_event
):
    """The answer says where the click is durable; after a restart with the store there, it is in it."""
    away = "dynamodb://clicks?endpoint=http://127.0.0.1:9&region=eu-north-1"
    back = f"sqlite:///{tmp_path / 'back.db'}"
    for client in serve(away, find_port(), wait_until, tmp_path):
        answer = client.post("/clicks", json=CLICK)

        assert (answer.status_code, answer.json()) == (
            200,
            {"accepted": 1, "rejected": [], "durability": "spool"},
        )
        ready = client.get("/ready")
        assert (ready.status_code, ready.json()["store"]) == (200, "away")
        assert ready.json()["spool_bytes"] > 0
    for _client in serve(back, find_port(), wait_until, tmp_path):
        wait_until(lambda: stored(back), "the spool to drain")

    assert [row["id"] for row in stored(back)] == ["a"]


def test_with_the_spool_full_nothing_is_accepted(find_port, wait_until, tmp_path):
    """503 with Retry-After: the sender keeps its click and asks again."""
    (tmp_path / "spool").write_text("no room: a file is in the way")
    away = "dynamodb://clicks?endpoint=http://127.0.0.1:9&region=eu-north-1"
    for client in serve(away, find_port(), wait_until, tmp_path):
        answer = client.post("/clicks", json=CLICK)

        assert (answer.status_code, answer.json()["accepted"]) == (503, 0)
        assert int(answer.headers["retry-after"]) > 0


def test_refused_events_are_kept_for_whoever_looks_for_the_bug(find_port, wait_until, tmp_path):
    """`clickkit rejected` shows what was sent and why it was refused."""
    for client in serve(f"sqlite:///{tmp_path / 'x.db'}", find_port(), wait_until, tmp_path):
        client.post("/clicks", json={**CLICK, "button": 7})

    shown = subprocess.run(
        [sys.executable, "-m", "clickkit.cli", "rejected", "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
    )

    assert "button: Expected" in shown.stdout
    assert '"button":7' in shown.stdout.replace(": 7", ":7")


def test_a_visitor_who_asks_for_privacy_is_counted_and_not_stored(served_from_sqlite, sqlite_url):
    """Global Privacy Control and Do Not Track are honoured also when the page does not."""
    before = counted(served_from_sqlite, "clickkit_suppressed_total")

    for header in ("Sec-GPC", "DNT"):
        answer = served_from_sqlite.post("/clicks", json=CLICK, headers={header: "1"})
        assert (answer.status_code, answer.json()) == (200, {"accepted": 0, "rejected": [], "suppressed": 1})

    assert counted(served_from_sqlite, "clickkit_suppressed_total") == before + 2
    assert stored(sqlite_url) == []


def test_pages_of_this_machine_may_send_and_others_may_not(served_from_sqlite):
    """CORS: the browser of a stranger's page does not get leave."""
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}

    ours = served_from_sqlite.options("/clicks", headers={"Origin": "http://localhost:3000", **asked})
    theirs = served_from_sqlite.options("/clicks", headers={"Origin": "https://evil.example", **asked})

    assert ours.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert ours.headers["access-control-allow-headers"] == "content-type"
    assert "access-control-allow-origin" not in theirs.headers


def test_the_page_side_is_served(served_from_sqlite):
    """A page includes one module from the collector."""
    answer = served_from_sqlite.get("/tracker.js")

    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["vary"] == "Origin"
    assert "createTracker" in answer.text


PATHS = ("/health", "/ready", "/metrics", "/tracker.js", "/openapi.json", "/v1/batch", "/elsewhere")
OUTSIDE = {
    "a tunnel": {"Host": "talk.example", "X-Forwarded-For": "203.0.113.7"},
    "another host": {"Host": "192.168.1.20:8000"},
    "a proxy that hides the host": {"Forwarded": "for=203.0.113.7"},
}


def test_with_a_public_url_others_reach_the_page_and_send_clicks(find_port, wait_until, tmp_path):
    """All else is 404 for them; this machine reaches everything, and the public page may send."""
    asked = {"Origin": "https://talk.example", "Access-Control-Request-Method": "POST"}
    url = f"sqlite:///{tmp_path / 'x.db'}"
    options = ("--public-url", "https://talk.example/")
    for client in serve(url, find_port(), wait_until, tmp_path, *options):
        for name, headers in OUTSIDE.items():
            statuses = {path: client.get(path, headers=headers).status_code for path in PATHS}
            assert set(statuses.values()) == {404}, (name, statuses)
            for method, path in (
                ("POST", "/v1/batch"),
                ("GET", "/clicks"),
                ("POST", "/"),
                ("HEAD", "/metrics"),
            ):
                assert client.request(method, path, headers=headers, json=CLICK).status_code == 404
            assert client.get("/", headers=headers).text.startswith("<!doctype html>")
            assert client.post("/clicks", headers=headers, json=CLICK).json()["accepted"] == 1
            preflight = client.options("/clicks", headers=headers | asked)
            assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (
                204,
                "https://talk.example",
            )
        assert [client.get(path).status_code for path in PATHS[:5]] == [200] * 5
        assert "nothing here" in client.get("/metrics", headers=OUTSIDE["a tunnel"]).text
        assert len(stored(url)) == 1


def test_without_a_public_url_nothing_is_closed(served_from_sqlite):
    """Whoever opened the collector to others before has it as it was."""
    for headers in OUTSIDE.values():
        answers = [served_from_sqlite.get(path, headers=headers) for path in ("/", *PATHS[:5])]
        assert [answer.status_code for answer in answers] == [200] * 6


def test_a_public_url_is_an_origin(tmp_path):
    """A page under a path would send its clicks elsewhere."""
    command = [sys.executable, "-m", "clickkit.cli", "serve", "--public-url", "https://talk.example/page"]

    done = subprocess.run([*command, "--folder", str(tmp_path)], capture_output=True, text=True, timeout=60)

    assert done.returncode != 0
    assert "'https://talk.example/page' is no web origin" in done.stderr


def test_write_keys_and_the_rate_limit(find_port, wait_until, tmp_path, monkeypatch):
    """Who shows no key is told so; who sends too much is asked to come again."""
    monkeypatch.setenv("CLICKKIT_WRITE_KEYS", "secret-one,secret-two")
    store = f"sqlite:///{tmp_path / 'x.db'}"
    for client in serve(store, find_port(), wait_until, tmp_path, "--rate-limit", "0.1"):
        stranger = client.post("/clicks", json=CLICK)
        friend = client.post("/clicks", json=CLICK, headers={"X-Write-Key": "secret-two"})
        flood = client.post("/clicks", json=CLICK, headers={"X-Write-Key": "secret-two"})
        refused = [counted(client, f'clickkit_refused_requests_total{{status="{n}"}}') for n in (401, 503)]

    assert [answer.status_code for answer in (stranger, friend, flood)] == [401, 200, 503]
    assert refused == [1, 1]
    assert "secret" not in stranger.text


def test_a_click_without_a_position_has_the_place_that_the_operator_trusts(
    find_port, wait_until, tmp_path, monkeypatch
):
    """Headers of a proxy only where it is named; else the time zone, and the language of the browser."""
    headers = {"CloudFront-Viewer-Country": "NA", "CloudFront-Viewer-City": "Windhoek"}
    click = {name: value for name, value in CLICK.items() if name != "location"} | {"timezone": "Europe/Oslo"}
    found = {}

    for sources in ("", "cloudfront,timezone"):
        monkeypatch.setenv("CLICKKIT_PLACE_FROM", sources)
        store = f"sqlite:///{tmp_path / f'{bool(sources)}.db'}"
        for client in serve(store, find_port(), wait_until, tmp_path):
            client.post("/clicks", json=click, headers={**headers, "Accept-Language": "nb-no,en;q=0.5"})
        (found[sources],) = stored(store)

    by_default, trusting = found.values()
    assert (by_default["location"]["country_code"], by_default["location"]["source"]) == ("NO", "timezone")
    assert [trusting["location"][name] for name in ("city", "country_code", "source")] == [
        *("Windhoek", "NA", "proxy"),
    ]
    assert by_default["language"] == trusting["language"] == "nb-NO"


def test_it_says_that_it_is_alive_and_ready(served_from_sqlite):
    """A load balancer and the demo ask this."""
    alive, ready = served_from_sqlite.get("/health"), served_from_sqlite.get("/ready")

    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()["ready"], ready.json()["store"]) == (200, True, "ok")


def test_prometheus_sees_what_became_of_every_event(find_port, wait_until, tmp_path):
    """Received is the sum of what was accepted, rejected and suppressed; sizes and latencies are counted."""
    for client in serve(f"sqlite:///{tmp_path / 'x.db'}", find_port(), wait_until, tmp_path):
        client.post("/clicks", json=[CLICK, {**CLICK, "id": "b"}, {**CLICK, "timestamp": "soon"}])
        client.post("/clicks", content=b"{")
        client.post("/clicks", json=CLICK, headers={"Sec-GPC": "1"})
        client.post("/clicks", content=b" " * (LIMITS.body_bytes + 1))

        assert counted(client, "clickkit_received_total") == 5
        assert counted(client, "clickkit_accepted_total") == 2
        assert counted(client, 'clickkit_rejected_total{reason="timestamp"}') == 1
        assert counted(client, 'clickkit_rejected_total{reason="malformed"}') == 1
        assert counted(client, "clickkit_suppressed_total") == 1
        assert counted(client, 'clickkit_batch_size_bucket{le="2.0"}') == 1
        assert counted(client, "clickkit_answer_seconds_count") == 4
        assert counted(client, 'clickkit_refused_requests_total{status="400"}') == 1
        assert counted(client, 'clickkit_refused_requests_total{status="413"}') == 1
