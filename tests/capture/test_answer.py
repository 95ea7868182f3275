"""What the collector says, as ASGI messages."""

import json

import pytest

from clickkit.capture.answer import Answer, accept, answer, refuse, respond

ORIGIN = (b"vary", b"Origin")


@pytest.fixture
def heard(run_async):
    """Return a function that says something, and returns its status, its headers and its body."""

    def heard(say, *arguments):
        messages = []

        async def send(message):
            messages.append(message)

        run_async(say(send, *arguments))
        start, body = messages
        assert (start["type"], body["type"]) == ("http.response.start", "http.response.body")
        return start["status"], start["headers"], body["body"]

    return heard


def test_all_that_was_sent_is_acknowledged(heard):
    """The commonest answer, and the headers of one sender do not stay for the next."""
    status, headers, body = heard(accept, 2, "store", [ORIGIN])
    _, later, same = heard(accept, 2, "store", [])

    assert (status, json.loads(body)) == (200, {"accepted": 2, "rejected": [], "durability": "store"})
    assert (ORIGIN in headers, ORIGIN in later, same) == (True, False, body)


def test_what_is_not_so_is_left_out(heard):
    """No error where there is none, nothing suppressed where nothing was."""
    assert heard(answer, 400, Answer(0, []), [])[2] == b'{"accepted":0,"rejected":[]}'


def test_a_refusal_says_why(heard):
    """Nothing was accepted, and the reason stands beside it."""
    status, headers, body = heard(refuse, 401, "no write key", [ORIGIN])

    assert (status, json.loads(body)) == (401, {"accepted": 0, "rejected": [], "error": "no write key"})
    assert ORIGIN in headers


def test_any_answer_has_its_length_and_may_not_be_guessed_at(heard):
    """A browser believes the content type that is said."""
    status, headers, body = heard(respond, 204, b"", [])

    assert (status, body) == (204, b"")
    assert headers == [(b"content-length", b"0"), (b"x-content-type-options", b"nosniff")]
