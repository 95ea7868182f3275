"""What the ledger of the DynamoDB store knows when the connection is cut in the middle of a put."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from clickkit import StoreError, connect

LAKE = "s3://lake"


class CutOff(ThreadingHTTPServer):
    """Passes requests on to a real server; those with a given text are cut before it, or their answers."""

    daemon_threads = True

    def __init__(self, endpoint):
        super().__init__(("127.0.0.1", 0), PassOn)
        self.behind = httpx.Client(base_url=endpoint)
        self.cut_requests = self.cut_answers = None


class PassOn(BaseHTTPRequestHandler):
    """One connection of it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        """Pass a request on, unless it is cut."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        said = self.headers["X-Amz-Target"].encode() + body
        cut = [
            text is not None and text in said for text in (self.server.cut_requests, self.server.cut_answers)
        ]
        if not cut[0]:
            answer = self.server.behind.post("/", content=body, headers=dict(self.headers))
        if any(cut):
            self.close_connection = True
            return
        self.send_response(answer.status_code)
        for name in ("Content-Type", "X-Amz-Crc32", "X-Amzn-RequestId"):
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture
def line(dynamodb_url, dynamodb_endpoint):
    """Return the line to the server, and a store at its other end."""
    with CutOff(dynamodb_endpoint) as line:
        thread = threading.Thread(target=line.serve_forever)
        thread.start()
        store = connect(dynamodb_url.replace(dynamodb_endpoint, f"http://127.0.0.1:{line.server_port}"))
        yield line, store
        store.close()
        line.shutdown()
        thread.join()
        line.behind.close()


def test_a_day_whose_write_lost_its_answer_has_changed(line, make_event):
    """The retry finds the event known; the night must export its day all the same."""
    cut, store = line
    store.put([make_event("a")])
    (day,) = store.ledger()
    store.mark_exported(LAKE, {day.day: day.changes})

    cut.cut_answers = b"BatchWriteItem"
    with pytest.raises(StoreError, match="127.0.0.1"):
        store.put([make_event("late")])
    cut.cut_answers = None
    assert store.put([make_event("late")]) == 0

    (day,) = store.ledger()
    assert day.changes > day.exported[LAKE]


def test_a_day_whose_count_failed_has_changed(line, make_event, caplog):
    """The event is durable, so the put succeeds; the log says what was not counted."""
    cut, store = line
    store.put([make_event("a")])
    (day,) = store.ledger()
    store.mark_exported(LAKE, {day.day: day.changes})

    cut.cut_requests = b'"stored"'
    assert store.put([make_event("late")]) == 1
    cut.cut_requests = None

    (day,) = store.ledger()
    assert (day.stored, day.changes > day.exported[LAKE]) == (1, True)
    assert "1 stored, 0 repeated of 2026-11-22: maybe not in the ledger" in caplog.text


def test_without_the_mark_nothing_is_written(line, make_event):
    """A late day that nobody remembers would never be exported."""
    cut, store = line

    cut.cut_requests = b"UpdateItem"
    with pytest.raises(StoreError, match="127.0.0.1"):
        store.put([make_event("a")])

    assert store.get(make_event("a").key) is None


def test_a_count_that_lost_its_answer_is_not_added_twice(line, make_event):
    """Adding is the one thing that may not run again."""
    cut, store = line

    cut.cut_answers = b'"stored"'
    store.put([make_event("a"), make_event("a")])
    cut.cut_answers = None

    assert (store.ledger()[0].stored, store.ledger()[0].repeated) == (1, 1)
