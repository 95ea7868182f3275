"""Addresses: the URLs of AWS's services as people write them, and as they may be printed."""

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit


class Address(NamedTuple):
    """A bucket or a table, the path in it without slashes around it, and what takes boto3's place, if given.

    An endpoint says nothing of user and password: credentials do not belong into a URL.
    """

    name: str
    path: str
    endpoint: str | None
    region: str | None


def parse_address(url: str, scheme: str) -> Address | None:
    """Take `scheme://name/path?region=…&endpoint=…` apart; None when the URL is anything else.

    >>> parse_address("s3://lake/clicks/?region=eu-north-1", "s3")
    Address(name='lake', path='clicks', endpoint=None, region='eu-north-1')
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    endpoint, region = options.pop("endpoint", None), options.pop("region", None)
    if parts.scheme != scheme or not parts.netloc or "@" in parts.netloc or options:
        return None
    return Address(parts.netloc, parts.path.strip("/"), endpoint and without_userinfo(endpoint), region)


def without_userinfo(url: str) -> str:
    """Return a URL, and the URLs in its options, without the user and the password before their host.

    >>> without_userinfo("s3://lake?endpoint=http://user:secret@127.0.0.1:8333")
    's3://lake?endpoint=http://127.0.0.1:8333'
    """
    return re.sub(r"(?<=://)[^/?#&]*@", "", url)
