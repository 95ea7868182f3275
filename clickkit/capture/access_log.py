"""From a web server's access log to events.

A line in the Combined Log Format (Apache `combined`, nginx's default) becomes a `view`:

    2001:db8::1 - - [17/May/2015:10:05:03 +0000] "GET /page HTTP/1.1" 200 5120 "https://from/" "Mozilla/5.0 …"
"""

import datetime as dt
import hashlib
import re
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator

from clickkit.capture.device import USER_AGENT_LENGTH, detect_device
from clickkit.errors import InvalidEventError
from clickkit.event import Event, check_event

_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_COMBINED = re.compile(
    rf"(\S+) \S+ .+? \[([^\]]+)\] {_QUOTED} (\d{{3}}) (\d{{1,15}}|-) {_QUOTED} {_QUOTED}\s*"
)
_REQUEST = re.compile(r"([A-Z]+) (\S+)(?: HTTP/\S+)?")
_TIME = "%d/%b/%Y:%H:%M:%S %z"
_REMEMBERED_DAYS = 3

Occurrences = OrderedDict[dt.date, Counter[bytes]]


def parse_combined(lines: Iterable[str], *, base_url: str = "") -> Iterator[Event | InvalidEventError]:
    """Yield, for each line in the Combined Log Format, its event or why there is none.

    The id is made of the SHA-256 of `base_url` and line, and of its number among equal lines (counted
    within the three latest days seen), so reading a log again, also after it grew, gives the same ids,
    and two requests that look the same stay two. `base_url`, such as `https://example.com`, completes
    the request's target to `page_url`, for a log has the path alone, and keeps the logs of two sites
    apart. The visitor is a hash of address, user agent and day: a pseudonym that can be reversed by
    trying addresses, so treat it as personal data.
    """
    seen: Occurrences = OrderedDict()
    base_url = base_url.rstrip("/")
    for line in lines:
        try:
            yield _parse_line(line.rstrip("\r\n"), base_url, seen)
        except InvalidEventError as error:
            yield error


def _parse_line(line: str, base_url: str, seen: Occurrences) -> Event:
    fields = _COMBINED.fullmatch(line)
    if fields is None:
        raise InvalidEventError("", "not in the Combined Log Format, or cut off")
    address, time, request, status, size, referrer, agent = fields.groups()
    target = _REQUEST.fullmatch(_unescaped(request))
    if target is None:
        raise InvalidEventError("pageUrl", f'"{request}" is no HTTP request')
    timestamp, user_agent = _timestamp(time), _said(agent)
    digest = hashlib.sha256(f"{base_url} {line}".encode()).digest()
    visitor = hashlib.sha256(f"{address} {timestamp.date()} {agent}".encode())
    return check_event(
        {
            "id": f"{digest[:12].hex()}-{_occurrence(digest, timestamp.date(), seen)}",
            "event": "view",
            "timestamp": timestamp,
            "pageUrl": target[2] if "://" in target[2] else base_url + target[2],
            "referrer": _said(referrer),
            "device": detect_device(user_agent[:USER_AGENT_LENGTH]) if user_agent else None,
            "visitorId": visitor.hexdigest()[:24],
            "properties": {
                "method": target[1],
                "status": int(status),
                "bytes": 0 if size == "-" else int(size),
            },
        }
    )


def _timestamp(time: str) -> dt.datetime:
    try:
        return dt.datetime.strptime(time, _TIME).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidEventError(
            "timestamp", f"[{time}] is no time like [17/May/2015:10:05:03 +0000]"
        ) from error


def _said(field: str) -> str | None:
    """Return a quoted field's text; a dash stands for nothing."""
    return None if field in ("", "-") else _unescaped(field)


def _unescaped(field: str) -> str:
    return re.sub(r'\\(["\\])', r"\1", field)


def _occurrence(digest: bytes, day: dt.date, seen: Occurrences) -> int:
    """Return how many equal lines came before this one, remembering only the latest days."""
    counts = seen.setdefault(day, Counter())
    seen.move_to_end(day)
    while len(seen) > _REMEMBERED_DAYS:
        seen.popitem(last=False)
    counts[digest] += 1
    return counts[digest] - 1
