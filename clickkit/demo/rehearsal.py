"""The rehearsal of a show: all of it, in a headless browser, with what works and how long it took."""

import asyncio
import datetime as dt
import itertools
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from clickkit.browser import launch
from clickkit.demo.phones import Played, play
from clickkit.demo.show import LOOPBACK_STORE, STAGE, Say, Show
from clickkit.demo.stage import Interrupted, Stage, keep_running, set_up, stop_at_signals
from clickkit.errors import ClickkitError, SettingsError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

_PATIENCE_MS = 30_000
_PHONES = 30
_PHONES_SECONDS = 5
_HERE = ("http://127.0.0.1:", "data:", "blob:")
_DRAWN = {
    "tracker": ".ck-site",
    "audience": ".ck-site",
    "live": ".ck-live-value",
    "report": ".ck-figures figure",
}
_LOOKS: list[tuple[int, Literal["light", "dark"]]] = [
    (1280, "light"),
    (1280, "dark"),
    (390, "light"),
    (390, "dark"),
]


def rehearse(show: Show, *, say: Say) -> bool:
    """Play every act of a show once, on data of its own in `data/rehearsal`; tell whether all went well.

    `say` prints a line a step: ok or FAIL, the seconds, and what was seen. Pictures of every page, wide and
    narrow, light and dark, lie in `data/rehearsal/pictures` afterwards.

    Raises:
        SettingsError: there is no browser or no playwright, or the show cannot be here.
        ClickkitError: a program of the show does not start, or ends again and again.
    """
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415, optional
    except ImportError as error:
        raise SettingsError(
            "the rehearsal needs playwright: make setup, or pip install playwright"
        ) from error
    trial, stop = _trial(show), stop_at_signals()
    with sync_playwright() as playwright:
        launch(playwright).close()
    with trial.reserved():
        _empty(trial.data)
        try:
            with set_up(trial, say, stop) as stage:
                acts = Acts(stage, trial.data, say, stop)
                _play_beside(acts, stage, sync_playwright)
        except Interrupted:
            say("rehearsal: interrupted before its first act")
            return False
    say(f"rehearsal: {acts.good} of {acts.good + acts.bad} acts went well in {acts.seconds:.0f} s")
    return acts.bad == 0


def _play_beside(acts: "Acts", stage: Stage, sync_playwright: Any) -> None:
    """Play the acts in a thread, and keep the programs running meanwhile."""
    performing = threading.Thread(target=_perform, args=[acts, sync_playwright])
    performing.start()
    try:
        keep_running(stage, acts.say, acts.stop)
    finally:
        acts.stop.set()
        performing.join()


def _perform(acts: "Acts", sync_playwright: Any) -> None:
    """Play the acts in the thread that the browser belongs to."""
    try:
        with sync_playwright() as playwright:
            acts.perform(launch(playwright))
    except Exception as error:  # a thread that fails must not fail silently
        acts.fail(f"the rehearsal ended: {_in_words(error)}")
    finally:
        acts.stop.set()


def _in_words(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _empty(folder: Path) -> None:
    for path in (path for path in folder.iterdir() if path.name != STAGE):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _trial(show: Show) -> Show:
    """Return the show with data of its own, on this machine only."""
    data = show.data / "rehearsal"
    store = LOOPBACK_STORE if show.store == LOOPBACK_STORE else f"sqlite:///{data / 'clicks.db'}"
    return msgspec.structs.replace(
        show,
        data=data,
        store=store,
        lake=str(data / "lake"),
        host="127.0.0.1",
        collector_host="127.0.0.1",
        public_url="",
    )


class Acts:
    """The acts of a show, one after the other; one that fails is said, and the next one is tried."""

    def __init__(self, stage: Stage, folder: Path, say: Say, stop: threading.Event) -> None:
        self.good = self.bad = 0
        self.seconds = 0.0
        self.stop = stop
        self._stage = stage
        self._folder = folder
        self._pages: dict[str, Page] = {}
        self.say = say
        self._outside: list[str] = []
        self._clicks = 0
        self._since = dt.datetime.now(dt.UTC).date()

    def perform(self, browser: "Browser") -> None:
        """Play all acts in a browser that reaches this machine only, or until the event is set."""
        began = time.monotonic()
        self._context = browser.new_context(viewport={"width": 1280, "height": 900})
        self._context.set_default_timeout(_PATIENCE_MS)
        self._context.route(lambda url: not url.startswith(_HERE), self._refuse)
        show = (self._tracker, self._live, self._audience, self._many, self._killed, self._export)
        for act in (*show, self._report, self._nothing_lost, self._pictures, self._stayed_here):
            if not self.stop.is_set():
                self.play(act)
        if self.stop.is_set():
            self.fail("interrupted: the acts from here on were not played")
        self.seconds = time.monotonic() - began

    def play(self, act: Callable[[], Iterator[str]]) -> None:
        """Play an act, which yields what it has shown at each of its steps."""
        began = time.monotonic()
        try:
            for text in act():
                self.say(f"ok   {time.monotonic() - began:6.2f} s  {text}")
                began = time.monotonic()
        except Exception as error:
            if self.stop.is_set():
                return  # the browser and the programs are ending
            self.fail(f"{act.__name__.strip('_').replace('_', ' ')}: {_in_words(error)}")
        else:
            self.good += 1

    def fail(self, text: str) -> None:
        """Say that something went wrong."""
        self.bad += 1
        self.say(f"FAIL           {text}")

    def _refuse(self, route: "Route") -> None:
        self._outside.append(route.request.url)
        route.abort()

    def _open(self, name: str) -> "Page":
        page = self._context.new_page()
        page.goto(f"{self._stage.collector}/" if name == "audience" else self._stage.dashboard(name))
        page.wait_for_selector(_DRAWN[name])
        self._pages[name] = page
        return page

    def _page(self, name: str) -> "Page":
        return self._pages.get(name) or self._open(name)

    def _tracker(self) -> Iterator[str]:
        self._open("tracker")
        yield "tracker: its buttons are there"
        button = self._page("tracker").locator(".ck-site").first
        button.click()
        self._page("tracker").wait_for_selector('.ck-feedback[data-state="stored"]')
        self._clicks += 1
        yield "tracker: a click is stored, and the page says so"

    def _live(self) -> Iterator[str]:
        self._open("live")
        self._page("live").wait_for_selector('.ck-live-status[data-kind="live"]')
        yield "live dashboard: live"

    def _audience(self) -> Iterator[str]:
        self._open("audience")
        yield "audience page: drawn"
        self._tap("accepted")
        yield "audience page: a tap is accepted"
        self._wait_for_total()
        yield "live dashboard: the tap is there"

    def _tap(self, state: str) -> None:
        """Tap a site on the phone, and wait until the page says what became of it."""
        self._page("audience").locator(".ck-site").first.click()
        self._clicks += 1
        self._page("audience").wait_for_selector(f'#last[data-state="{state}"]')

    def _many(self) -> Iterator[str]:
        played = _play_phones(self._stage.collector)
        self._clicks += played.accepted
        if played.accepted < played.clicks:
            raise ClickkitError(f"of {played.clicks} clicks, {played.accepted} were accepted")
        yield f"{_PHONES} phones: {played.clicks} clicks accepted, p95 of the answers {played.p95_ms:.0f} ms"
        self._wait_for_total()
        yield "live dashboard: as many clicks as were made"

    def _killed(self) -> Iterator[str]:
        self._stage.collecting.kill()
        self._tap("waiting")
        yield "collector killed: the phone says that its tap is kept"
        self._page("audience").wait_for_selector('#last[data-state="accepted"]')
        yield "collector back: the kept tap is accepted"
        self._wait_for_total()
        yield "live dashboard: the kept tap is there"

    def _export(self) -> Iterator[str]:
        self._page("tracker").get_by_role("button", name="Export today").click()
        self._page("tracker").get_by_text(f"Today: {self._clicks} clicks by button").first.wait_for()
        yield "export: today's partition is written, and the chart counts it"

    def _report(self) -> Iterator[str]:
        self._open("report")
        yield "report: drawn from the lake"

    def _nothing_lost(self) -> Iterator[str]:
        stored = self._stage.stored(self._since)
        if stored != self._clicks:
            raise ClickkitError(f"{self._clicks} clicks were made, {stored} are in the store")
        yield f"store: {stored} clicks made, {stored} stored, none lost or doubled"

    def _pictures(self) -> Iterator[str]:
        for name, (width, scheme) in itertools.product(_DRAWN, _LOOKS):
            page = self._page(name)
            page.bring_to_front()
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.locator("h1").evaluate("(title) => title.scrollIntoView({ block: 'center' })")
            kind = "wide" if width > 400 else "narrow"
            page.screenshot(path=self._folder / "pictures" / f"{name}-{kind}-{scheme}.png")
        yield f"pictures: every page, wide and narrow, light and dark, in {self._folder / 'pictures'}"

    def _stayed_here(self) -> Iterator[str]:
        if not self._pages:
            raise ClickkitError("no page was opened")
        if self._outside:
            raise ClickkitError(
                f"{len(self._outside)} requests left this machine, the first to {self._outside[0]}"
            )
        yield "network: no page asked for anything outside this machine"

    def _wait_for_total(self) -> None:
        """Wait until the live dashboard shows as many clicks as were made."""
        total = self._page("live").locator(".ck-live-value").first
        total.filter(has_text=re.compile(f"^{self._clicks:,}$")).wait_for()


def _play_phones(collector: str) -> Played:
    """Play the simulated audience in a thread of its own: playwright has a loop in this one."""
    playing = play(collector, phones=_PHONES, every_seconds=1, seconds=_PHONES_SECONDS, seed=1)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, playing).result()
