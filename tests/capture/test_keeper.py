"""What the collector says after its keeper: store, spool and rejected events, wired by `make_collector`."""

import socket

import httpx

from clickkit import connect
from clickkit.errors import StoreRefusedError
from clickkit.service import make_collector

CLICK = {
    "id": "a",
    "button": "Sign up",
    "timestamp": "2026-11-22T10:30:00.123Z",
    "pageUrl": "https://example.com/",
}
DYNAMODB = "dynamodb://clicks?endpoint=http://127.0.0.1:{port}&region=eu-north-1"


def test_it_is_ready_as_long_as_store_or_spool_can_take_events(serve_app, tmp_path):
    """With the store away and no room in the spool a load balancer turns to another collector."""
    away = connect(DYNAMODB.format(port=9))
    full = make_collector(away, tmp_path / "full", spool_bytes=0, retry_seconds=60)
    roomy = make_collector(away, tmp_path / "roomy", retry_seconds=60)

    said = []
    for url in (serve_app(full), serve_app(roomy)):
        before = httpx.get(f"{url}/ready").status_code
        click = httpx.post(f"{url}/clicks", json=CLICK, timeout=30).status_code
        after = httpx.get(f"{url}/ready")
        said.append((before, click, after.status_code, after.json()["ready"], after.json()["store"]))

    assert said == [(200, 503, 503, False, "away"), (200, 200, 200, True, "away")]


def test_a_store_that_does_not_answer_does_not_hold_up_the_answer(serve_app, tmp_path):
    """Whoever asks every few seconds has little patience: what is known is said at once."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = connect(DYNAMODB.format(port=silent.getsockname()[1]))
        url = serve_app(make_collector(store, tmp_path))

        answer = httpx.get(f"{url}/ready", timeout=2)

    assert (answer.status_code, answer.json()["store"]) == (200, "ok")


class PickyStore:
    """A SQLite store that refuses one event for good, as DynamoDB does an item that is too large."""

    def __init__(self, store):
        self._store, self.get, self.count, self.close = store, store.get, store.count, store.close

    def put(self, events):
        """Put events, none of which may have the id "poison"."""
        if any(event.id == "poison" for event in events):
            raise StoreRefusedError("too large")
        return self._store.put(events)


def test_what_the_store_refuses_counts_as_refused_by_it(serve_app, sqlite_store, tmp_path):
    """An operator looks for its fault in another place than for that of a malformed event."""
    url = serve_app(make_collector(PickyStore(sqlite_store), tmp_path))

    answer = httpx.post(f"{url}/clicks", json=[CLICK, CLICK | {"id": "poison"}, CLICK | {"button": 7}])
    metrics = httpx.get(f"{url}/metrics").text.splitlines()

    assert [(one["index"], one["field"]) for one in answer.json()["rejected"]] == [(2, "button"), (1, "")]
    assert 'clickkit_rejected_total{reason="store"} 1.0' in metrics
    assert 'clickkit_rejected_total{reason="button"} 1.0' in metrics
    assert not [line for line in metrics if 'reason="malformed"' in line]
