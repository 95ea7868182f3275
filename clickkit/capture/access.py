"""Who may reach the collector and send to it: from where, with which keys and origins, and how often."""

import hashlib
import hmac
import ipaddress
import re
import secrets
import time
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from clickkit.errors import SettingsError

VARY = (b"vary", b"Origin")

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_OWN_HOST = re.compile(rb"(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?")
_REMEMBERED_SENDERS = 10_000
_PROXIED = (b"forwarded", b"x-forwarded-", b"x-real-ip", b"via")
_REACHED_FROM_OUTSIDE = {("/", "GET"), ("/clicks", "POST"), ("/clicks", "OPTIONS")}


def is_for_outside(path: str, method: str) -> bool:
    """Tell whether a request from outside this machine may be made: for the page, and to send clicks."""
    return (path, method) in _REACHED_FROM_OUTSIDE


def comes_from_outside(client: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether a request comes from outside this machine.

    So it does when its client's address is not loopback, when it was sent to another host than this
    machine's own name, or to none, and when a proxy says that it passed it on. A tunnel comes from
    loopback, with the public host and such a header; one that hides both cannot be told from this machine.
    """
    headers = list(headers)
    hosts = [value for name, value in headers if name == b"host"]
    return (
        not _is_loopback_address(client)
        or not hosts
        or not all(_OWN_HOST.fullmatch(host.lower()) for host in hosts)
        or any(name.startswith(_PROXIED) for name, _ in headers)
    )


def _is_loopback_address(client: str) -> bool:
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


class WriteKeys:
    """The keys of which a sender must show one; without any, everybody may send."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [key.encode() for key in keys]

    def allow(self, headers: Mapping[bytes, bytes]) -> bool:
        """Tell whether a request shows a key, as `X-Write-Key` or as the user of Basic authorization.

        All keys are compared, each in constant time.
        """
        if not self._keys:
            return True
        shown = headers.get(b"x-write-key") or _basic_user(headers.get(b"authorization", b""))
        return any([hmac.compare_digest(shown, key) for key in self._keys])


def _basic_user(authorization: bytes) -> bytes:
    scheme, _, encoded = authorization.partition(b" ")
    if scheme.lower() != b"basic":
        return b""
    try:
        return b64decode(encoded, validate=True).partition(b":")[0]
    except ValueError:
        return b""


class Origins:
    """The web origins whose pages may send; pages of this machine always may.

    Raises:
        SettingsError: one of them is no origin.
    """

    def __init__(self, origins: Sequence[str]) -> None:
        self._origins = {_origin(said) for said in origins}

    def headers(self, headers: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        """Return the CORS headers of an answer; none when the origin is not on the list."""
        origin = headers.get(b"origin")
        if origin is None or not (origin in self._origins or _is_loopback(origin)):
            return []
        allowed = [
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", b"retry-after"),
            VARY,
        ]
        if b"access-control-request-method" in headers:
            asked = headers.get(b"access-control-request-headers", b"content-type")
            allowed += [
                (b"access-control-allow-methods", b"POST"),
                (b"access-control-allow-headers", asked),
                (b"access-control-max-age", b"86400"),
            ]
        return allowed


def _origin(said: str) -> bytes:
    """Return an origin as browsers send it."""
    origin = said.lower().removesuffix("/")
    if not _ORIGIN.fullmatch(origin):
        raise SettingsError(
            f"{said!r} is no web origin: write scheme://host or scheme://host:port, "
            "such as https://shop.example"
        )
    return origin.encode()


def _is_loopback(origin: bytes) -> bool:
    try:
        parts = urlsplit(origin.decode("latin-1"))
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.hostname in _LOOPBACK


class RateLimit:
    """A token bucket per sender; of senders only a salted hash is kept, for the latest 10,000."""

    def __init__(self, events_per_second: float, *, burst_seconds: float = 10.0) -> None:
        self._rate = events_per_second
        self._burst = events_per_second * burst_seconds
        self._salt = secrets.token_bytes(16)
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def allow(self, sender: str, events: int) -> bool:
        """Take `events` tokens of a sender's bucket; False when there are too few."""
        now = time.monotonic()
        key = hashlib.blake2b(sender.encode(), key=self._salt, digest_size=16).digest()
        tokens, seen = self._buckets.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - seen) * self._rate)
        allowed = tokens >= events
        self._buckets[key] = (tokens - events if allowed else tokens, now)
        if len(self._buckets) > _REMEMBERED_SENDERS:
            self._buckets.popitem(last=False)
        return allowed
