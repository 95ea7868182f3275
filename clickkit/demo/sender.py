"""How a simulated phone sends: one connection to the collector, and what its answers mean."""

import datetime as dt
import ssl
import time

import httpx
import msgspec

from clickkit.address import without_userinfo
from clickkit.capture.answer import Answer
from clickkit.demo.click import add_sent_at
from clickkit.errors import ClickkitError, SettingsError

_TIMEOUT_SECONDS = 10
_KEEP_ALIVE_SECONDS = 4  # the collector closes an idle connection after 5
_LONGEST_ASKED_SECONDS = 8
_SHOWN_CHARACTERS = 200

_decode_answer = msgspec.json.Decoder(Answer).decode


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What the collector said of one click: accepted, refused for good, or neither, for `reason`.

    `answer_ms` is how long it took; `wait_seconds` is what it asks to wait before the click comes again.
    """

    is_accepted: bool = False
    is_refused: bool = False
    reason: str = ""
    answer_ms: float = 0
    wait_seconds: float = 0


async def send_click(client: httpx.AsyncClient, address: str, click: bytes) -> Decision:
    """Send one click as the tracker sends it, in an array; what fails is no exception but a reason."""
    body, began = b"[%b]" % add_sent_at(click, dt.datetime.now(dt.UTC)), time.perf_counter()
    try:
        answer = await client.post(address, content=body)
    except httpx.HTTPError as error:
        return Decision(reason=f"no answer ({type(error).__name__}: {error})")
    said = _answer_of(answer)
    if answer.status_code == 200 and said.accepted == 1:
        return Decision(is_accepted=True, answer_ms=(time.perf_counter() - began) * 1000)
    if answer.status_code in (400, 413) or said.rejected:
        return Decision(is_refused=True, reason=_reason(answer))
    return Decision(reason=_reason(answer), wait_seconds=_asked_seconds(answer))


def open_client(context: ssl.SSLContext, user_agent: str) -> httpx.AsyncClient:
    """Return a client of one connection: a pool for all would look at each phone's for every request."""
    return httpx.AsyncClient(
        verify=context,
        headers={"User-Agent": user_agent, "Content-Type": "application/json"},
        limits=httpx.Limits(max_connections=1, keepalive_expiry=_KEEP_ALIVE_SECONDS),
        timeout=_TIMEOUT_SECONDS,
        trust_env=False,
    )


def _answer_of(answer: httpx.Response) -> Answer:
    """Return what the collector says; of another's answer, that nothing was accepted."""
    try:
        return _decode_answer(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Answer(0, [])


def _reason(answer: httpx.Response) -> str:
    said = _answer_of(answer)
    if said.rejected:
        return f"{said.rejected[0].field}: {said.rejected[0].reason}"
    shown = ascii(said.error or answer.text[:_SHOWN_CHARACTERS])[1:-1]
    return f"answered {answer.status_code}: {shown}"


def _asked_seconds(answer: httpx.Response) -> float:
    """Return what a Retry-After in seconds asks for, within reason."""
    asked = answer.headers.get("Retry-After", "")
    return min(float(asked), _LONGEST_ASKED_SECONDS) if asked.isdecimal() else 0


def clicks_address(collector_url: str) -> str:
    """Return where a collector takes clicks.

    Raises:
        SettingsError: the URL is none of HTTP.
    """
    refused = f"{without_userinfo(collector_url)!r} is no address of a collector: write http://127.0.0.1:8000"
    try:
        url = httpx.URL(collector_url.rstrip("/").removesuffix("/clicks") + "/clicks")
    except httpx.InvalidURL as error:
        raise SettingsError(f"{refused} ({error})") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise SettingsError(refused)
    return str(url)


async def require_collector(address: str, context: ssl.SSLContext) -> None:
    """Ask what leaves no trace: no events, of a sender who asks for privacy.

    Raises:
        ClickkitError: there is no collector, or it wants a write key.
    """
    shown = without_userinfo(address)
    try:
        async with open_client(context, "") as client:
            answer = await client.post(address, content=b"[]", headers={"DNT": "1"})
    except httpx.HTTPError as error:
        raise ClickkitError(f"no collector at {shown} ({error}): start one with clickkit serve") from error
    if answer.status_code == 401:
        raise ClickkitError(f"{shown} wants a write key, which phones do not have: unset CLICKKIT_WRITE_KEYS")
    if answer.status_code != 200 or "accepted" not in answer.text:
        raise ClickkitError(f"{shown} is no collector, it {_reason(answer)}: start one with clickkit serve")
