"""Measure a show as its audience feels it: pages, feedback, the way to the live dashboard, 500 phones."""

import argparse
import datetime as dt
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from bench.servers import PROJECT
from clickkit.browser import launch
from clickkit.demo.port import free_port
from clickkit.demo.show import Show, python
from clickkit.demo.stage import Stage, set_up
from clickkit.live.latency import percentile

_OPENINGS = 5
_TODAY = dt.datetime.now(dt.UTC).date()
_REFILL_SECONDS = 25  # a kernel for the next page is warmed 10 seconds after this one
_FEEDBACK = """async (index) => {
  const shown = document.querySelector(".ck-feedback");
  const answered = new Promise((resolve) => new MutationObserver(() =>
    shown.dataset.state === "stored" && resolve(performance.now())).observe(shown, { attributes: true }));
  const clicked = performance.now();
  document.querySelectorAll(".ck-site")[index].click();
  return (await answered) - clicked;
}"""
_SHOWN = """([name, before]) => document.querySelector('.ck-live-newest-list b').textContent === name
  && Number(document.querySelector('.ck-live-value').textContent.replaceAll(',', '')) > before"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the bench and print what was asked for and what was reached."""
    parser = argparse.ArgumentParser(prog="python -m bench.show", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--taps", type=int, default=100, help="taps on the audience page (100)")
    parser.add_argument("--phones", type=int, default=500, help="phones, each a click every 2 seconds (500)")
    parser.add_argument("--seconds", type=int, default=60, help="how long they click (60)")
    options = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(dir=PROJECT / "data", prefix="bench-") as name,
        sync_playwright() as driver,
    ):
        folder = Path(name)
        show = Show(
            home=PROJECT,
            data=folder,
            store=f"sqlite:///{folder / 'clicks.db'}",
            lake=str(folder / "lake"),
            environment=os.environ,
            port=free_port(),
            collector_port=free_port(),
        )
        browser = launch(driver)
        with set_up(show, print, threading.Event()) as stage:
            for line in _lines(stage, browser, options):
                print(line, flush=True)


def _lines(stage: Stage, browser: Browser, options: argparse.Namespace) -> Iterator[str]:
    openings, feedbacks = [], []
    for _ in range(_OPENINGS):
        took, page = _open_tracker(stage, browser)
        openings.append(took)
        feedbacks += [page.evaluate(_FEEDBACK, index) for index in range(12)]
        page.goto("about:blank")  # its kernel ends
        time.sleep(_REFILL_SECONDS)
    yield _asked("tracker's buttons visible after, s (median of 5)", "≤ 2", statistics.median(openings))
    yield _asked("a click's feedback after, ms (median)", "", statistics.median(feedbacks))
    yield _asked("a click's feedback after, ms (p95)", "≤ 300", percentile(sorted(feedbacks), 0.95))
    live = browser.new_page()
    live.goto(stage.dashboard("live"))
    live.wait_for_selector('.ck-live-status[data-kind="live"]')
    taps = sorted(_taps(stage, browser, live, options.taps))
    yield _asked(
        f"a tap is on the live dashboard after, s (median of {len(taps)})", "", statistics.median(taps)
    )
    yield _asked(
        f"a tap is on the live dashboard after, s (p95 of {len(taps)})", "≤ 1", percentile(taps, 0.95)
    )
    yield _many_phones(stage, options)
    stored = stage.stored(_TODAY)
    live.wait_for_function(f"document.querySelector('.ck-live-value').textContent === '{stored:,}'")
    yield f"the live dashboard shows {stored:,} clicks, as many as the store has"


def _open_tracker(stage: Stage, browser: Browser) -> tuple[float, Page]:
    page = browser.new_page()
    began = time.perf_counter()
    page.goto(stage.page)
    page.locator(".ck-site").first.wait_for()
    return time.perf_counter() - began, page


def _taps(stage: Stage, browser: Browser, live: Page, number: int) -> Iterator[float]:
    """Yield the seconds from each tap on the audience page until the live dashboard shows it."""
    phone = browser.new_page()
    phone.goto(f"{stage.collector}/")
    sites = phone.locator(".ck-site")
    names = sites.evaluate_all("(nodes) => nodes.map((node) => node.dataset.name)")
    for index in range(number):
        live.wait_for_timeout(index * 83 % 400)  # at any moment between two readings
        before = stage.stored(_TODAY)
        began = time.perf_counter()
        sites.nth(index % len(names)).evaluate("(node) => node.click()")
        live.wait_for_function(_SHOWN, arg=[names[index % len(names)], before])
        yield time.perf_counter() - began


def _many_phones(stage: Stage, options: argparse.Namespace) -> str:
    """Return what the audience command says of its phones; it ends with 1 when a click was lost."""
    before = stage.stored(_TODAY)
    command = ["audience", "--phones", str(options.phones), "--every", "2", "--seconds", str(options.seconds)]
    played = subprocess.run(
        python("clickkit.cli", *command, "--collector", stage.collector), capture_output=True, text=True
    )
    if played.returncode:
        sys.exit(played.stdout + played.stderr)
    stored = stage.stored(_TODAY) - before
    return f"{played.stdout.splitlines()[-1]} (p95 asked: ≤ 250 ms); {stored:,} more in the store"


def _asked(what: str, asked: str, reached: float) -> str:
    return f"{what:<58} {f'asked {asked}' if asked else '':<12} reached {reached:.3g}"


if __name__ == "__main__":
    main()
