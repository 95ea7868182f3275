"""Clickstream analytics in Jupyter: from a click to a figure that anyone can check."""

import importlib
from typing import TYPE_CHECKING, Any

from clickkit.app import collector_url, day_named, lake_url, open_store, public_url
from clickkit.erasure import forget
from clickkit.errors import ClickkitError, InvalidEventError, LakeError, SettingsError, StoreError
from clickkit.event import Device, Event, Location, Screen, decode_event, encode_event
from clickkit.lake.export import ExportedDay, export, export_nightly
from clickkit.lake.receipts import Receipt
from clickkit.lake.verify import Verification, verify
from clickkit.shop import simulate_shop
from clickkit.shop_truth import ShopTruth
from clickkit.simulation import simulate
from clickkit.storage.connect import connect

if TYPE_CHECKING:
    from clickkit.capture.enrichment import enrich
    from clickkit.capture.tracker import Tracker
    from clickkit.dashboard import tracker_dashboard
    from clickkit.engines.athena import Athena
    from clickkit.engines.statement import statement
    from clickkit.lake.reader import read_lake
    from clickkit.live.dashboard import live_dashboard
    from clickkit.report.dashboard import report_dashboard
    from clickkit.runs.pin import pin

__version__ = "0.1.0"

__all__ = [
    "Athena",
    "ClickkitError",
    "Device",
    "Event",
    "ExportedDay",
    "InvalidEventError",
    "LakeError",
    "Location",
    "Receipt",
    "Screen",
    "SettingsError",
    "ShopTruth",
    "StoreError",
    "Tracker",
    "Verification",
    "collector_url",
    "connect",
    "day_named",
    "decode_event",
    "encode_event",
    "enrich",
    "export",
    "export_nightly",
    "forget",
    "lake_url",
    "live_dashboard",
    "open_store",
    "pin",
    "public_url",
    "read_lake",
    "report_dashboard",
    "simulate",
    "simulate_shop",
    "statement",
    "tracker_dashboard",
    "verify",
]

_HEAVY = {
    "Athena": "clickkit.engines.athena",
    "Tracker": "clickkit.capture.tracker",
    "enrich": "clickkit.capture.enrichment",
    "live_dashboard": "clickkit.live.dashboard",
    "pin": "clickkit.runs.pin",
    "read_lake": "clickkit.lake.reader",
    "report_dashboard": "clickkit.report.dashboard",
    "statement": "clickkit.engines.statement",
    "tracker_dashboard": "clickkit.dashboard",
}


def __getattr__(name: str) -> Any:
    """Import a heavy name when it is first used: the Lambda has no room for it."""
    if name not in _HEAVY:
        raise AttributeError(f"clickkit has no {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_HEAVY[name]), name)
