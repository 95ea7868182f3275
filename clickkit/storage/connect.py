"""From a URL to a store."""

import ipaddress
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from botocore.exceptions import BotoCoreError

from clickkit.address import parse_address, without_userinfo
from clickkit.aws_session import aws_session
from clickkit.errors import SettingsError
from clickkit.storage.dynamodb import DynamoDBStore
from clickkit.storage.sqlite import SqliteStore
from clickkit.storage.store import Store

_LEAST_DAYS = 30
_FORMS = (
    "sqlite:///data/clicks.db (relative), sqlite:////var/lib/clicks.db (absolute) or "
    "dynamodb://clicks?endpoint=http://127.0.0.1:8000&region=eu-north-1"
)


def connect(url: str) -> Store:
    """Open the store that a URL names; the store itself is not asked yet.

    `sqlite:///data/clicks.db` is a file, relative to the current folder (four slashes: absolute).
    `dynamodb://clicks` is a DynamoDB table; `?region=` and `?endpoint=` replace boto3's own, and
    what an endpoint says of user and password is passed over. For an endpoint on this machine,
    credentials are made up when boto3 finds none. With `?keep_days=90`, 30 or more, DynamoDB may delete
    an event so many days after it was put: its day is to be in the lake by then.

    Raises:
        SettingsError: the URL is of neither form.
    """
    if url.startswith("sqlite:///") and len(url) > len("sqlite:///") and "?" not in url:
        return SqliteStore(Path(url.removeprefix("sqlite:///")).absolute())
    if url.startswith("dynamodb://"):
        return connect_dynamodb(url)
    raise SettingsError(f"{without_userinfo(url)!r} names no store: write {_FORMS}")


def connect_dynamodb(url: str) -> DynamoDBStore:
    """Open a DynamoDB table; see `connect`.

    Raises:
        SettingsError: the URL is not `dynamodb://TABLE`, or has an option that does not exist.
    """
    plain, keep_days = _without_keep_days(url)
    address = parse_address(plain, "dynamodb")
    if address is None or address.path:
        raise SettingsError(f"{without_userinfo(url)!r} names no DynamoDB table: write {_FORMS}")
    if not is_on_this_machine(url):
        return DynamoDBStore(
            address.name,
            endpoint=address.endpoint,
            region=address.region,
            credentials=None,
            keep_days=keep_days,
        )
    try:
        session = aws_session()
    except BotoCoreError as error:
        raise SettingsError(
            f"{without_userinfo(url)}: {error}; check AWS_PROFILE and the AWS configuration"
        ) from error
    return DynamoDBStore(
        address.name,
        endpoint=address.endpoint,
        region=address.region or session.region_name or "us-east-1",
        credentials=None if session.get_credentials() else ("local", "local"),
        keep_days=keep_days,
    )


def _without_keep_days(url: str) -> tuple[str, int | None]:
    """Return the URL without how long events are kept, and the days; None is for ever."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    said = options.pop("keep_days", None)
    if said is None:
        return url, None
    if not said.isdecimal() or int(said) < _LEAST_DAYS:
        raise SettingsError(f"keep_days is {said!r}: write a number of days from {_LEAST_DAYS} on")
    return parts._replace(query=urlencode(options, safe=":/")).geturl(), int(said)


def is_on_this_machine(url: str) -> bool:
    """Tell whether a store's or a lake's URL means a file, or a server at a loopback endpoint."""
    parts = urlsplit(url)
    if parts.scheme in ("", "sqlite"):
        return True
    host = urlsplit(dict(parse_qsl(parts.query)).get("endpoint", "")).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
