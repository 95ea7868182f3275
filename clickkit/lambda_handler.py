"""The daily export as an AWS Lambda function: handler `clickkit.lambda_handler.lambda_handler`.

`CLICKKIT_STORE` and `CLICKKIT_LAKE` say where from and where to. `make lambda-zip` builds the package.
"""

import contextlib
import datetime as dt
import os
from typing import Any, Protocol

from clickkit.address import without_userinfo
from clickkit.errors import SettingsError
from clickkit.lake.export import export, export_nightly
from clickkit.storage.connect import connect

_RESERVE_MILLISECONDS = 60_000
_RESERVE_SHARE = 0.2


class Context(Protocol):
    """What Lambda says of a call."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda ends the call."""


def lambda_handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Export one day, `{"day": "2026-11-23"}`; else what the night asks for.

    That is today, the two days before (UTC), and every earlier day that changed since its last export.
    No day is begun in the last minute before the deadline, or the last fifth of the time when that is
    shorter. What was not begun is in `left`, and the next call begins with it: days that have not changed
    since their last export come last. A day that needs more time than Lambda gives is for `clickkit export`.

    Returns `{"lake", "rows", "days": [{"day", "rows", "bytes", "files"}, …], "left": ["2026-11-20", …]}`.
    It may run any number of times: a day exported again has the same bytes.

    Raises:
        SettingsError: a variable is missing, or the day cannot be understood.
        StoreError, LakeError: the export failed; Lambda's retry may simply run it again.
    """
    day = event.get("day")
    lake = _required("CLICKKIT_LAKE")
    clock = _Clock(context)
    with contextlib.closing(connect(_required("CLICKKIT_STORE"))) as store:
        if day:
            exported = export(store, lake, day, day, may_start=clock.may_start)
        else:
            exported = export_nightly(store, lake, _today(), may_start=clock.may_start)
    return {
        "lake": without_userinfo(lake),
        "rows": sum(one.rows for one in exported),
        "days": [
            {"day": str(one.day), "rows": one.rows, "bytes": one.bytes, "files": one.files}
            for one in exported
        ],
        "left": [str(day) for day in clock.left],
    }


class _Clock:
    """Lets days begin while there is time, and keeps those that came too late."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._reserve = min(_RESERVE_MILLISECONDS, _RESERVE_SHARE * context.get_remaining_time_in_millis())
        self.left: list[dt.date] = []

    def may_start(self, day: dt.date) -> bool:
        """Tell whether a day may begin."""
        if self._context.get_remaining_time_in_millis() >= self._reserve:
            return True
        self.left.append(day)
        return False


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def _required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SettingsError(f"the environment variable {name} is not set: name the store and the lake to use")
    return value
