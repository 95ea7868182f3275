"""Clickstream analytics in Jupyter: from a click to a figure that anyone can check."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clickkit.app import day_named, lake_url, open_store
    from clickkit.capture.enrichment import enrich
    from clickkit.capture.tracker import Tracker
    from clickkit.dashboard import tracker_dashboard
    from clickkit.errors import ClickkitError, InvalidEventError, LakeError, SettingsError, StoreError
    from clickkit.event import Device, Event, Location, Screen, decode_event, encode_event
    from clickkit.lake.export import ExportedDay, export
    from clickkit.lake.reader import read_lake
    from clickkit.simulation import simulate
    from clickkit.storage.connect import connect

__version__ = "0.1.0"

_MODULES = {
    "clickkit.app": ("day_named", "lake_url", "open_store"),
    "clickkit.capture.enrichment": ("enrich",),
    "clickkit.capture.tracker": ("Tracker",),
    "clickkit.dashboard": ("tracker_dashboard",),
    "clickkit.errors": ("ClickkitError", "InvalidEventError", "LakeError", "SettingsError", "StoreError"),
    "clickkit.event": ("Device", "Event", "Location", "Screen", "decode_event", "encode_event"),
    "clickkit.lake.export": ("ExportedDay", "export"),
    "clickkit.lake.reader": ("read_lake",),
    "clickkit.simulation": ("simulate",),
    "clickkit.storage.connect": ("connect",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "ClickkitError",
    "Device",
    "Event",
    "ExportedDay",
    "InvalidEventError",
    "LakeError",
    "Location",
    "Screen",
    "SettingsError",
    "StoreError",
    "Tracker",
    "connect",
    "day_named",
    "decode_event",
    "encode_event",
    "enrich",
    "export",
    "lake_url",
    "open_store",
    "read_lake",
    "simulate",
    "tracker_dashboard",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the Lambda and the command line stay light."""
    if name not in _MODULE_OF:
        raise AttributeError(f"clickkit has no {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
