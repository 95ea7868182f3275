"""Addresses as they may be printed."""

import re


def without_userinfo(url: str) -> str:
    """Return a URL, and the URLs in its options, without the user and the password before their host.

    >>> without_userinfo("s3://lake?endpoint=http://user:secret@127.0.0.1:8333")
    's3://lake?endpoint=http://127.0.0.1:8333'
    """
    return re.sub(r"(?<=://)[^/?#&]*@", "", url)
