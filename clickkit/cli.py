"""The command line: `clickkit COMMAND --help` shows an example of each."""

import contextlib
import datetime as dt
import hashlib
import http.client
import os
import sys
import urllib.error
import urllib.request
import uuid
from collections import deque
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from tqdm import tqdm

from clickkit import __version__
from clickkit.app import lake_url, open_store, settings
from clickkit.capture.access import Origins, RateLimit, WriteKeys
from clickkit.capture.access_log import parse_combined
from clickkit.capture.collector import Door
from clickkit.capture.file_import import PARSERS, RejectedLines, import_file
from clickkit.demo import run_demo
from clickkit.doctor import examine
from clickkit.errors import ClickkitError, SettingsError, StoreError
from clickkit.event import check_event, encode_event
from clickkit.lake.export import export
from clickkit.lake.layout import days_between
from clickkit.service import make_collector, open_rejected
from clickkit.settings import parse_day
from clickkit.simulation import simulate
from clickkit.storage.connect import connect_dynamodb, is_on_this_machine

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="From a click to a figure: collect clicks, export them to a lake, ask questions in notebooks.",
)
table = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Make the DynamoDB table.")
app.add_typer(table, name="table")

StoreUrl = Annotated[
    str, typer.Option("--store", help="Store URL; else CLICKKIT_STORE, else data/clicks.db.")
]
LakeUrl = Annotated[
    str, typer.Option("--lake", help="Lake folder or URL; else CLICKKIT_LAKE, else data/lake.")
]

_SHOWN_CHARACTERS = 200


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="The tracker's port.", min=1, max=65535)] = 8866,
    collector_port: Annotated[int, typer.Option(help="The collector's port.", min=1, max=65535)] = 8000,
    browser: Annotated[bool, typer.Option(help="Open the tracker in a browser.")] = True,
) -> None:
    """Simulate a week, export it, and open the tracker.

    Example: clickkit demo --port 8866
    """
    has_screen = sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    run_demo(
        settings(),
        os.environ,
        port=port,
        collector_port=collector_port,
        browser=browser and has_screen,
        say=_say,
    )


@app.command()
def serve(
    store: StoreUrl = "",
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8000,
    origin: Annotated[list[str] | None, typer.Option(help="A web origin whose pages may send.")] = None,
    rate_limit: Annotated[float, typer.Option(help="Events a second of one sender; 0: no limit.", min=0)] = 0,
    spool_megabytes: Annotated[int, typer.Option(help="Room for an outage of the store.", min=1)] = 512,
    folder: Annotated[Path | None, typer.Option(help="Where spool and rejected events lie.")] = None,
) -> None:
    """Run the collector: POST /clicks and GET /health.

    CLICKKIT_WRITE_KEYS, separated by commas, are the keys of which a sender must show one.

    Example: clickkit serve --store sqlite:///data/clicks.db --port 8000
    """
    opened, keys = open_store(store), os.environ.get("CLICKKIT_WRITE_KEYS", "")
    door = Door(
        write_keys=WriteKeys([key for key in keys.split(",") if key]),
        origins=Origins(origin or []),
        rate_limit=RateLimit(rate_limit) if rate_limit else None,
    )
    try:
        opened.put([])  # makes a new SQLite file
        opened.get(("health", "health"))
    except StoreError as error:
        _say(f"warning: until this is mended, events are spooled: {error}")
    _say(f"collector: http://{host}:{port}/clicks stores in {opened.url}")
    collector = make_collector(
        opened,
        folder or settings().home / "data",
        door=door,
        spool_bytes=spool_megabytes * 1024 * 1024,
    )
    uvicorn.run(
        collector,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        backlog=4096,
    )


@app.command()
def rejected(
    last: Annotated[int, typer.Option(help="How many to show.", min=1)] = 20,
    folder: Annotated[Path | None, typer.Option(help="The folder that serve was given.")] = None,
) -> None:
    """Show the events that the collector refused, and why.

    Example: clickkit rejected --last 5
    """
    kept = open_rejected(folder or settings().home / "data")
    for event in deque(kept.read(), maxlen=last):
        moment, shown = event.at.isoformat(timespec="seconds"), ascii(event.text[:_SHOWN_CHARACTERS])[1:-1]
        _say(f"{moment}  {event.field or 'event'}: {event.reason}: {shown}")


@app.command()
def send(
    button: Annotated[str, typer.Argument(help="The button that was clicked.")],
    page_url: Annotated[str, typer.Option(help="The page that it stands on.")] = "https://example.com/",
    collector: Annotated[str, typer.Option(help="The collector's address.")] = "http://127.0.0.1:8000",
) -> None:
    """Send one click to a collector and show its answer.

    Example: clickkit send "Sign up" --page-url https://example.com/pricing
    """
    now = dt.datetime.now(dt.UTC)
    click = check_event({"id": str(uuid.uuid4()), "button": button, "timestamp": now, "pageUrl": page_url})
    request = urllib.request.Request(
        f"{collector.rstrip('/')}/clicks",
        data=encode_event(click),
        headers={"Content-Type": "application/json", "User-Agent": f"clickkit/{__version__}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            _say(answer.read().decode())
    except urllib.error.HTTPError as error:
        raise ClickkitError(f"{request.full_url} answered {error.code}: {error.read().decode()}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ClickkitError(
            f"no collector at {request.full_url} ({error}): start one with clickkit serve"
        ) from error


@app.command("import")
def import_events(
    file: Annotated[Path, typer.Argument(help="The file to read; .gz is unpacked.")],
    file_format: Annotated[str, typer.Option("--format", help="combined (an access log) or ndjson.")],
    store: StoreUrl = "",
    base_url: Annotated[str, typer.Option(help="Put before an access log's paths.")] = "",
    keep_rejected: Annotated[
        Path | None, typer.Option("--rejected", help="Where bad lines are kept.")
    ] = None,
) -> None:
    """Import an access log, or events as lines of JSON.

    Example: clickkit import access.log --format combined --store sqlite:///data/clicks.db
    """
    if file_format not in PARSERS:
        raise SettingsError(f"no format {file_format!r}: choose one of {', '.join(PARSERS)}")
    parse = partial(parse_combined, base_url=base_url) if file_format == "combined" else PARSERS[file_format]
    source = hashlib.sha256(str(file.absolute()).encode()).hexdigest()[:8]
    kept = RejectedLines(
        keep_rejected or settings().home / "data" / "rejected" / f"{file.name}-{source}.ndjson"
    )
    with contextlib.closing(open_store(store)) as opened, contextlib.closing(kept):
        watch = partial(tqdm, desc=file.name, unit=" lines", disable=None)
        imported = import_file(file, parse, opened, reject=kept.add, watch=watch)
        said = f"{imported.stored:,} stored ({imported.new:,} new), {imported.rejected:,} rejected"
        _say(f"{said}; {opened.url}")
    for line in kept.first:
        _say(line)
    if imported.days:
        _say("next: clickkit export --since {} --until {}".format(*imported.days))
    if imported.rejected:
        _say(f"rejected lines are kept with their reasons in {kept.path}")


@app.command("export")
def export_days(
    since: Annotated[
        str, typer.Option(help="First UTC day: 2026-11-23, yesterday, '7 days ago'.")
    ] = "2 days ago",
    until: Annotated[str, typer.Option(help="Last UTC day, included.")] = "today",
    store: StoreUrl = "",
    lake: LakeUrl = "",
) -> None:
    """Export days from the store to the lake.

    Example: clickkit export --since 2026-11-16 --until 2026-11-22
    """
    with contextlib.closing(open_store(store)) as opened, tqdm(disable=None, unit=" steps") as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        days = export(opened, lake_url(lake), _day(since), _day(until), progress=advance)
    for day in days:
        written = ", ".join(day.files) or "nothing to write"
        _say(f"{day.day}  {day.rows:>10,} rows  {day.bytes:>12,} bytes  {written}")
    rows, partitions = sum(day.rows for day in days), sum(bool(day.files) for day in days)
    _say(f"{rows:,} rows in {partitions} partitions of {lake_url(lake)}")


@app.command("simulate")
def simulate_days(
    since: Annotated[str, typer.Option(help="First UTC day.")] = "7 days ago",
    until: Annotated[str, typer.Option(help="Last UTC day, included.")] = "yesterday",
    visitors: Annotated[int, typer.Option(help="Visitors a weekday.")] = 120,
    seed: Annotated[int, typer.Option(help="The same seed gives the same clicks.")] = 1,
    store: StoreUrl = "",
) -> None:
    """Put seeded clicks into the store, each marked as simulated.

    Example: clickkit simulate --since '7 days ago' --visitors 500 --seed 7
    """
    if not store and not is_on_this_machine(settings().store):
        raise SettingsError(f"simulated clicks go into {settings().store} only when --store names it")
    days = days_between(_day(since), _day(until))
    stored = new = 0
    with contextlib.closing(open_store(store)) as opened:
        for day in tqdm(days, desc="simulate", unit=" days", disable=None):
            events = list(simulate(day, day, visitors=visitors, seed=seed))
            new, stored = new + opened.put(events), stored + len(events)
        _say(f"{stored:,} simulated clicks ({new:,} new) in {opened.url}")


@table.command("create")
def create_table(store: StoreUrl = "") -> None:
    """Make the DynamoDB table that a store URL names; an existing one is kept.

    Example: clickkit table create --store "dynamodb://clicks?region=eu-north-1"
    """
    opened = connect_dynamodb(store or settings().store)
    opened.create_table()
    _say(f"table ready: {opened.url}")


@app.command()
def doctor(store: StoreUrl = "", lake: LakeUrl = "") -> None:
    """Check what clickkit needs, and how to mend it.

    Example: clickkit doctor
    """
    found = settings()
    findings = list(examine(found.home, store or found.store, lake or found.lake))
    for finding in findings:
        mark = "ok" if finding.good else "MEND" if finding.needed else "note"
        _say(f"{mark:<5} {finding.text}")
    if any(finding.needed and not finding.good for finding in findings):
        raise typer.Exit(1)


def _day(text: str) -> dt.date:
    return parse_day(text, dt.datetime.now(dt.UTC).date())


def _say(line: str) -> None:
    typer.echo(line)


def main() -> None:
    """Run the command line; an error of ours is one line and exit status 1."""
    try:
        app()
    except ClickkitError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
