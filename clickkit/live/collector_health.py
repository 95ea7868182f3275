"""How the collector is, as it says itself: `GET /ready`, asked beside the reading."""

import time
import urllib.error
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor

import msgspec

from clickkit.errors import SettingsError

_ASK_SECONDS = 2.0
_TIMEOUT_SECONDS = 2.0
_MEBIBYTE = 1024 * 1024


class Health(msgspec.Struct, frozen=True):
    """`state` is ready, spooling (the store is away), full (nothing can be kept) or silent."""

    state: str
    text: str


class _Ready(msgspec.Struct):
    ready: bool
    store: str
    spool_bytes: int
    spool_most_bytes: int


class CollectorHealth:
    """Asks a collector every two seconds in a thread of its own, so that a slow answer delays nothing.

    Raises:
        SettingsError: the URL is not one of http or https.
    """

    def __init__(self, url: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise SettingsError(f"the collector's URL {url!r} is none: write http://127.0.0.1:8000")
        self._url = url.rstrip("/") + "/ready"
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="collector-health")
        self._asked: Future[Health] | None = None
        self._asked_at = 0.0
        self._health: Health | None = None

    def latest(self) -> Health | None:
        """Return at once what was answered last, and ask again when it is time to."""
        if self._asked is not None and self._asked.done():
            self._health, self._asked = self._asked.result(), None
        if self._asked is None and time.monotonic() - self._asked_at > _ASK_SECONDS:
            self._asked, self._asked_at = self._thread.submit(ask, self._url), time.monotonic()
        return self._health


def ask(url: str) -> Health:
    """Ask a collector's `/ready`; whatever goes wrong is said in the text."""
    try:
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
                body = response.read()
        except urllib.error.HTTPError as refused:
            with refused:
                body = refused.read()  # 503 says as much
        said = msgspec.json.decode(body, type=_Ready)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        reason = getattr(error, "reason", error)
        return Health("silent", f"does not answer at {url}: {getattr(reason, 'strerror', None) or reason}")
    spool = f"spool {said.spool_bytes / _MEBIBYTE:.1f} of {said.spool_most_bytes / _MEBIBYTE:.0f} MB"
    if not said.ready:
        return Health("full", f"keeps nothing: the store is away, {spool}")
    return (
        Health("ready", f"ready, {spool}")
        if said.store == "ok"
        else Health("spooling", f"store away, {spool}")
    )
