"""The command that rehearses a webinar: simulated phones instead of an audience."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from types import FrameType
from typing import Annotated

import typer
from tqdm import tqdm

from clickkit.commands.options import new_group, say
from clickkit.demo.phones import Played, play
from clickkit.errors import ClickkitError, SettingsError
from clickkit.file_limit import raise_file_limit

commands = new_group()

_OTHER_FILES = 100


@commands.command()
def audience(
    phones: Annotated[int, typer.Option(help="How many phones click.", min=1)] = 30,
    every: Annotated[float, typer.Option(help="Seconds between two clicks of a phone.", min=0.1)] = 6,
    seconds: Annotated[float, typer.Option(help="How long they click.", min=0.1, max=86_400)] = 600,
    seed: Annotated[int, typer.Option(help="The same seed: the same phones click the same.")] = 1,
    collector: Annotated[
        str, typer.Option(help="The collector's address, or the public one of a tunnel to it.")
    ] = "http://127.0.0.1:8000",
) -> None:
    """Let simulated phones click on a collector, to rehearse and to see how many it bears.

    Clicks carry the mark simulated. Ctrl-C ends it: what waits is delivered, within 30 seconds; a second
    one ends it at once. The exit status is 1 when a click was refused or not delivered.

    Example: clickkit audience --phones 30 --every 6 --seconds 600
    """
    _allow_connections(phones)
    planned = round(phones * seconds / every)
    with tqdm(desc="audience", total=planned, unit=" clicks", disable=None) as bar:
        playing = partial(play, collector, phones=phones, every_seconds=every, seconds=seconds, seed=seed)
        played = asyncio.run(_until_interrupted(partial(playing, progress=partial(_show, bar))))
        _show(bar, played)
    say(f"{phones:,} phones, {_summary(played)}")
    if played.refused:
        raise ClickkitError(
            f"{played.refused:,} clicks were refused, the first for {played.first_refusal}; "
            "see all with clickkit rejected"
        )
    if played.undelivered:
        raise ClickkitError(
            f"{played.undelivered:,} clicks were not delivered: {played.last_trouble or 'ended too early'}; "
            "look at what clickkit serve says"
        )


def _allow_connections(phones: int) -> None:
    wanted = phones + _OTHER_FILES
    allowed = raise_file_limit(wanted)
    if allowed is not None and allowed < wanted:
        raise SettingsError(
            f"{phones:,} phones need {wanted:,} open files, and this process may have {allowed:,}: "
            "play fewer phones, or raise ulimit -n"
        )


async def _until_interrupted(playing: Callable[..., Awaitable[Played]]) -> Played:
    """Play, and stop at the first Ctrl-C; a second one does what it always does."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def handle(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        loop.call_soon_threadsafe(stop.set)

    before = signal.signal(signal.SIGINT, handle)
    try:
        return await playing(stop=stop)
    finally:
        signal.signal(signal.SIGINT, before)


def _show(bar: tqdm, so_far: Played) -> None:
    bar.set_postfix({"waiting": so_far.undelivered, "resent": so_far.resent}, refresh=False)
    bar.update(so_far.accepted - bar.n)


def _summary(played: Played) -> str:
    parts = f"{played.clicks:,} clicks: {played.accepted:,} accepted, {played.refused:,} refused, "
    parts += f"{played.undelivered:,} undelivered, {played.resent:,} resent"
    if played.p50_ms is None or played.p95_ms is None or played.slowest_ms is None:
        return parts
    p50, p95, slowest = (f"{ms:,.0f} ms" for ms in (played.p50_ms, played.p95_ms, played.slowest_ms))
    return f"{parts}; answers p50 {p50}, p95 {p95}, slowest {slowest}"
