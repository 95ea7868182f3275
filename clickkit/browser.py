"""A Chromium of this machine, for what looks at pages without anybody watching."""

import os
import shutil
from typing import TYPE_CHECKING

from clickkit.errors import SettingsError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_OPTIONS = ["--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_AS_ROOT = ["--no-sandbox"]  # its sandbox refuses root, who is what most containers run as


def find_browser() -> str | None:
    """Return the program of a Chromium on the path, or None."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def launch(playwright: "Playwright") -> "Browser":
    """Start a headless Chromium: the one on the path, else an installed Chrome, else playwright's own.

    Raises:
        SettingsError: there is none.
    """
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    options = [*_OPTIONS, *(_AS_ROOT if is_root else [])]
    if program := find_browser():
        return playwright.chromium.launch(executable_path=program, args=options)
    for channel in ("chrome", None):
        try:
            return playwright.chromium.launch(channel=channel, args=options)
        except Exception as error:
            missing = error
    raise SettingsError(
        "there is no browser: apt install chromium, install Google Chrome, or run playwright install chromium"
    ) from missing
