"""Commands that put events into a store, and make its table."""

import contextlib
import datetime as dt
import hashlib
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from clickkit.app import open_store, settings
from clickkit.capture.access_log import parse_combined
from clickkit.capture.file_import import PARSERS, RejectedLines, import_file
from clickkit.commands.options import StoreUrl, day, new_group, say
from clickkit.errors import SettingsError
from clickkit.event import Event
from clickkit.shop import simulate_shop
from clickkit.shop_truth import ShopTruth
from clickkit.simulation import simulate
from clickkit.storage.connect import connect_dynamodb, is_on_this_machine

_BATCH = 5_000

commands = new_group()
table = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Make the DynamoDB table.")
commands.add_typer(table, name="table")


@commands.command("import")
def import_events(
    file: Annotated[Path, typer.Argument(help="The file to read; .gz is unpacked.")],
    file_format: Annotated[str, typer.Option("--format", help="combined (an access log), csv or ndjson.")],
    store: StoreUrl = "",
    base_url: Annotated[str, typer.Option(help="Put before an access log's paths.")] = "",
    keep_rejected: Annotated[
        Path | None, typer.Option("--rejected", help="Where bad lines are kept.")
    ] = None,
) -> None:
    """Import an access log, events as lines of JSON, or a table as CSV; exit status 1 if all lines are bad.

    The first line of a table names its columns as events do: button,timestamp,pageUrl,visitorId and any
    others; times say their zone, as in 2026-11-23T09:00:00Z.

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
        say(f"{said}; {opened.url}")
    for line in kept.first:
        say(line)
    if imported.days:
        first, last = imported.days
        named = f' --store "{opened.url}"' if store else ""
        say(f"next: clickkit export --since {first} --until {last}{named}")
    if imported.rejected:
        say(f"rejected lines are kept with their reasons in {kept.path}")
    if imported.rejected and not imported.stored:
        raise typer.Exit(1)


@commands.command("simulate")
def simulate_days(
    since: Annotated[str, typer.Option(help="First UTC day.")] = "7 days ago",
    until: Annotated[str, typer.Option(help="Last UTC day, included.")] = "yesterday",
    scene: Annotated[
        str, typer.Option(help="sites (buttons of web sites), or shop (a web shop with planted effects).")
    ] = "sites",
    visitors: Annotated[int | None, typer.Option(help="Visitors a weekday.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same events.")] = 1,
    store: StoreUrl = "",
) -> None:
    """Put seeded events into the store, each marked as simulated.

    Example: clickkit simulate --scene shop --since 2026-10-26 --until 2026-11-22
    """
    if not store and not is_on_this_machine(settings().store):
        raise SettingsError(f"simulated clicks go into {settings().store} only when --store names it")
    events = _events_of(scene, day(since), day(until), visitors, seed)
    stored = new = 0
    with contextlib.closing(open_store(store)) as opened, tqdm(unit=" events", disable=None) as progress:
        while batch := list(islice(events, _BATCH)):
            new, stored = new + opened.put(batch), stored + len(batch)
            progress.update(len(batch))
        say(f"{stored:,} simulated events ({new:,} new) in {opened.url}")


def _events_of(
    scene: str, since: dt.date, until: dt.date, visitors: int | None, seed: int
) -> Iterator[Event]:
    if scene == "sites":
        return simulate(since, until, visitors=120 if visitors is None else visitors, seed=seed)
    if scene == "shop":
        truth = ShopTruth() if visitors is None else ShopTruth(visitors=visitors)
        return simulate_shop(since, until, truth=truth, seed=seed)
    raise SettingsError(f"no scene {scene!r}: choose sites or shop")


@table.command("create")
def create_table(store: StoreUrl = "") -> None:
    """Make the DynamoDB table that a store URL names; an existing one is kept.

    Example: clickkit table create --store "dynamodb://clicks?region=eu-north-1"
    """
    opened = connect_dynamodb(store or settings().store)
    opened.create_table()
    say(f"table ready: {opened.url}")
