"""The parts, wired by the environment: what notebooks and programs open."""

import datetime as dt
import os
from pathlib import Path

from clickkit.settings import Settings, parse_day
from clickkit.storage.connect import connect
from clickkit.storage.store import Store


def settings() -> Settings:
    """Return the settings of this process: `CLICKKIT_…` variables, else the project's data folder."""
    return Settings.from_env(os.environ, Path.cwd())


def open_store(url: str = "") -> Store:
    """Open the store of a URL; an empty one means the store of the settings."""
    return connect(url or settings().store)


def lake_url(url: str = "") -> str:
    """Return the lake's URL; an empty one means the lake of the settings."""
    return url or settings().lake


def collector_url(url: str = "") -> str:
    """Return the collector's URL; an empty one means `CLICKKIT_COLLECTOR_URL`, else none."""
    return url or os.environ.get("CLICKKIT_COLLECTOR_URL", "")


def public_url(url: str = "") -> str:
    """Return where the audience finds its page; an empty URL means that of the settings, "" no audience."""
    return url or settings().public_url


def day_named(text: str = "", until: dt.date | str | None = None) -> dt.date:
    """Return the UTC day that a text names, or `until` if that is earlier.

    An empty text means the day of the settings, else yesterday.
    """
    today = dt.datetime.now(dt.UTC).date()
    day = parse_day(text or settings().day, today)
    return day if until is None else min(day, parse_day(str(until), today))


def environment() -> dict[str, str]:
    """Return the environment of this process, for a program that it starts."""
    return dict(os.environ)


def origins() -> list[str]:
    """Return the web origins whose pages may send: `CLICKKIT_ORIGINS`, separated by commas."""
    return [origin for origin in os.environ.get("CLICKKIT_ORIGINS", "").split(",") if origin]


def write_keys() -> list[str]:
    """Return the keys of which a sender must show one: `CLICKKIT_WRITE_KEYS`, separated by commas."""
    return [key for key in os.environ.get("CLICKKIT_WRITE_KEYS", "").split(",") if key]
