"""The daily export as an AWS Lambda function: handler `clickkit.lambda_handler.lambda_handler`.

`CLICKKIT_STORE` and `CLICKKIT_LAKE` say where from and where to.
"""

import contextlib
import datetime as dt
import os
from typing import Any

from clickkit.address import without_userinfo
from clickkit.errors import SettingsError
from clickkit.lake.export import export, export_nightly
from clickkit.storage.connect import connect


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Export one day, `{"day": "2026-11-23"}`; else what the night asks for.

    That is today, the two days before (UTC), and every earlier day that changed since its last export.

    Returns `{"lake", "rows", "days": [{"day", "rows", "bytes", "files"}, …]}`. It may run any number of
    times: a day exported again has the same bytes.

    Raises:
        SettingsError: a variable is missing, or the day cannot be understood.
        StoreError, LakeError: the export failed; Lambda's retry may simply run it again.
    """
    day = event.get("day")
    lake = _required("CLICKKIT_LAKE")
    with contextlib.closing(connect(_required("CLICKKIT_STORE"))) as store:
        exported = export(store, lake, day, day) if day else export_nightly(store, lake, _today())
    days = [
        {"day": str(one.day), "rows": one.rows, "bytes": one.bytes, "files": one.files} for one in exported
    ]
    return {"lake": without_userinfo(lake), "rows": sum(one.rows for one in exported), "days": days}


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def _required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SettingsError(f"the environment variable {name} is not set: name the store and the lake to use")
    return value
