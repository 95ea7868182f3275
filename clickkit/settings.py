"""Where the store and the lake are when nobody says so."""

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from clickkit.errors import SettingsError


class Settings(msgspec.Struct, frozen=True):
    """The store's URL, the lake's URL and the day to export, as a program finds them at its start.

    `CLICKKIT_STORE`, `CLICKKIT_LAKE` and `CLICKKIT_DAY` win; else the store and the lake lie in the
    project's `data` folder, and the day is yesterday. `CLICKKIT_PUBLIC_URL` is where the audience finds
    its page; without it there is no audience. `CLICKKIT_PLACE_FROM` is what says where a visitor without a
    position is: some of timezone (which it is when nobody says), cloudfront and cloudflare, or nothing.
    """

    home: Path
    store: str
    lake: str
    day: str
    public_url: str = ""
    place_from: str = "timezone"

    @classmethod
    def from_env(cls, environment: Mapping[str, str], folder: Path) -> "Settings":
        """Read the settings from environment variables and the folder a program runs in."""
        home = find_home(folder)
        return cls(
            home=home,
            store=environment.get("CLICKKIT_STORE") or f"sqlite:///{home / 'data' / 'clicks.db'}",
            lake=environment.get("CLICKKIT_LAKE") or str(home / "data" / "lake"),
            day=environment.get("CLICKKIT_DAY") or "yesterday",
            public_url=environment.get("CLICKKIT_PUBLIC_URL", ""),
            place_from=environment.get("CLICKKIT_PLACE_FROM") or "timezone",
        )


def find_home(folder: Path) -> Path:
    """Return the nearest folder upwards that has `dashboards/tracker.ipynb`, or the folder itself."""
    for candidate in (folder, *folder.parents):
        if (candidate / "dashboards" / "tracker.ipynb").is_file():
            return candidate
    return folder


def parse_day(text: str, today: dt.date) -> dt.date:
    """Return the day that a text names: 2026-11-23, today, yesterday, or 7 days ago.

    Raises:
        SettingsError: the text is none of these.
    """
    relative = re.fullmatch(r"(\d{1,5}) days? ago", text)
    offset = {"today": 0, "yesterday": 1}.get(text, int(relative[1]) if relative else None)
    try:
        return dt.date.fromisoformat(text) if offset is None else today - dt.timedelta(days=offset)
    except (ValueError, OverflowError) as error:
        raise SettingsError(
            f"{text!r} is not a day: write 2026-11-23, today, yesterday or '7 days ago' (all UTC)"
        ) from error
