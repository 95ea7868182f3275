"""The tracker's queue: nothing is lost in an outage, and nothing is stored twice."""

import datetime as dt

REFUSING_STORAGE = """
Object.defineProperty(window, 'localStorage', {
  get() { throw new DOMException('no', 'SecurityError') }
})"""


def test_clicks_during_an_outage_are_stored_at_the_next_visit(site, visit, wait_for_rows):
    """30 clicks with the collector down, the page closed, the collector back: 30 stored, once each."""
    page = visit()
    site.stop()
    for _ in range(30):
        page.click("#buy")
    assert site.count_queued(page) == 30
    page.close()
    site.start()

    page = visit()

    rows = wait_for_rows(30)
    site.wait_for_empty_queue(page)
    assert [row["sequence"] for row in rows] == list(range(30))
    assert len({row["id"] for row in rows}) == len(site.rows()) == 30


def test_after_503_the_same_events_are_sent_again(site, visit, wait_for_rows):
    """Nothing changes but the time of sending, and the Retry-After is waited for."""
    page = visit()
    site.refusals = [[(b"retry-after", b"1")], []]

    page.click("#buy")

    (row,) = wait_for_rows(1)
    site.wait_for_empty_queue(page)
    first, second, third = site.events()
    sent = [dt.datetime.fromisoformat(event.pop("sentAt")) for event in (first, second, third)]
    assert first == second == third
    assert first["id"] == row["id"]
    assert dt.datetime.fromisoformat(first["timestamp"]) == row["timestamp"]
    assert sent[0] + dt.timedelta(seconds=1) <= sent[1] < sent[2]


def test_two_tabs_share_queue_and_sequence(site, visit, wait_for_rows):
    """No event is lost and none is sent for ever."""
    tabs = [visit(), visit()]
    site.stop()
    for number in range(10):
        tabs[number % 2].click("#buy")
        for tab in tabs:
            tab.wait_for_function(f"JSON.parse(localStorage['clickkit.session']).sequence === {number}")
    site.start()

    rows = wait_for_rows(10)
    for tab in tabs:
        site.wait_for_empty_queue(tab)
    posts = len(site.posted)
    tabs[0].click("#text")

    (*_, last) = wait_for_rows(11)
    assert [row["sequence"] for row in rows] == list(range(10))
    assert len({(row["visitor_id"], row["session_id"]) for row in rows}) == 1
    assert {event["id"] for event in site.events(posts)} == {last["id"]}


def test_a_full_queue_keeps_its_oldest_events(site, visit, wait_for_rows):
    """1,000 events wait; the next is refused with a warning and leaves a gap in the sequence."""
    page = visit()
    site.stop()
    many = "async () => { const { track } = await import('/tracker.js'); let kept = 0;"
    many += " for (let i = 0; i < 1002; i++) kept += Boolean(track('Buy')); return kept; }"

    kept = page.evaluate(many)
    site.start()

    rows = wait_for_rows(1000)
    site.wait_for_empty_queue(page)
    page.click("#buy")
    assert kept == 1000
    assert [row["sequence"] for row in rows] == list(range(1000))
    assert wait_for_rows(1001)[-1]["sequence"] == 1002
    assert sum("no room" in said for said in page.warnings) == 2


def test_a_queue_is_full_at_a_million_bytes(site, visit):
    """Three bytes a sign, and the rest of the page's storage stays the page's."""
    page = visit()
    site.stop()

    kept = [site.track(page, "Buy", properties={"note": "€" * 100_000}) for _ in range(4)]

    site.start()
    assert [event is not None for event in kept] == [True, True, True, False]


def test_refused_events_are_named_and_block_nothing(site, visit, wait_for_rows):
    """Whether the collector names the event, cannot read the batch, or finds it too large."""
    page = visit()
    site.stop()
    page.evaluate("localStorage.setItem('clickkit.queue.0', '{broken}')")
    for number in range(10):
        site.track(page, f"Button {number}", **({"x": "left"} if number == 4 else {}))
    site.largest_batch = 3
    site.start()

    rows = wait_for_rows(9)
    site.wait_for_empty_queue(page)
    site.track(page, "Alone", y="top")
    site.wait_for_empty_queue(page)
    assert [row["sequence"] for row in rows] == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert len(page.warnings) == 3
    assert [said.split(":")[1] for said in page.warnings[1:]] == [" refused, x", " refused, y"]


def test_without_storage_and_random_uuid_the_page_is_the_memory(site, visit, wait_for_rows):
    """A private window may refuse localStorage: events are sent again while the page lasts."""
    page = visit(script=f"delete Crypto.prototype.randomUUID; {REFUSING_STORAGE}")
    site.refusals = [[]]

    page.click("#buy")
    page.click("#text")

    rows = wait_for_rows(2)
    assert [row["sequence"] for row in rows] == [0, 1]
    assert len({row["visitor_id"] for row in rows}) == len({row["session_id"] for row in rows}) == 1
    assert len({row["id"] for row in rows}) == 2
