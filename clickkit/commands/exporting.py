"""Commands from the store to the lake."""

import contextlib
import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer
from tqdm import tqdm

from clickkit.address import without_userinfo
from clickkit.app import lake_url, open_store
from clickkit.commands.dask_cluster import dask_executor
from clickkit.commands.options import LakeUrl, StoreUrl, day, new_group, say
from clickkit.errors import SettingsError
from clickkit.lake.export import ExportedDay, export, export_nightly
from clickkit.lake.verify import verify
from clickkit.storage.dynamodb_export import DynamoDBExport
from clickkit.storage.store import Exportable

_Run = Callable[..., list[ExportedDay]]

commands = new_group()


@commands.command("export")
def export_days(
    since: Annotated[
        str | None, typer.Option(help="First UTC day: 2026-11-23, yesterday, '7 days ago'.")
    ] = None,
    until: Annotated[str, typer.Option(help="Last UTC day, included.")] = "today",
    store: StoreUrl = "",
    lake: LakeUrl = "",
    parts: Annotated[
        int | None, typer.Option(help="Files a day, 1 to 8, of a new lake; a lake keeps its number.")
    ] = None,
    dask: Annotated[
        str, typer.Option(help="A Dask scheduler, whose workers reach store and lake: tcp://10.0.0.5:8786.")
    ] = "",
    from_dynamodb_export: Annotated[
        str, typer.Option(help="Instead of the store: a folder or s3://bucket/prefix/AWSDynamoDB/EXPORT.")
    ] = "",
) -> None:
    """Export days from the store to the lake.

    Without --since: the last three days, and every earlier one that changed since its last export; from
    DynamoDB's own export, every day that it holds.

    Example: clickkit export --since 2026-11-16 --until 2026-11-22
    """
    if dask and from_dynamodb_export:
        raise SettingsError("--dask exports a store, not DynamoDB's own export: leave out one of the two")
    first, last = day(since) if since is not None else None, day(until)
    source, run = (
        _exported_by_dynamodb(from_dynamodb_export, first, last)
        if from_dynamodb_export
        else _stored(store, first, last)
    )
    cluster = dask_executor(dask) if dask else contextlib.nullcontext()
    with contextlib.closing(source), cluster as executor, tqdm(disable=None, unit=" h") as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        exported = run(source, lake_url(lake), parts=parts, executor=executor, progress=advance)
    _say_what_was_exported(exported, lake_url(lake))


def _say_what_was_exported(exported: list[ExportedDay], lake: str) -> None:
    for one in sorted(exported, key=lambda one: one.day):
        written = ", ".join(one.files) or "nothing to write"
        say(f"{one.day}  {one.rows:>10,} rows  {one.bytes:>12,} bytes  {written}")
    rows, partitions = sum(one.rows for one in exported), sum(bool(one.files) for one in exported)
    noun = "partition" if partitions == 1 else "partitions"
    say(f"{rows:,} rows in {partitions} {noun} of {without_userinfo(lake)}")


def _stored(store: str, first: dt.date | None, last: dt.date) -> tuple[Exportable, _Run]:
    run = partial(export_nightly, today=last) if first is None else partial(export, since=first, until=last)
    return open_store(store), run


def _exported_by_dynamodb(url: str, first: dt.date | None, last: dt.date) -> tuple[Exportable, _Run]:
    source = DynamoDBExport(url, since=first or dt.date.min, until=last)
    days = source.days or [last]
    return source, partial(export, since=first or days[0], until=last if first else days[-1])


@commands.command("verify")
def verify_day(
    day_to_verify: Annotated[str, typer.Option("--day", help="The UTC day.")] = "yesterday",
    store: StoreUrl = "",
    lake: LakeUrl = "",
) -> None:
    """Hold a day's ledger against the store and the lake; exit status 1 on a difference.

    Example: clickkit verify --day 2026-11-22
    """
    with contextlib.closing(open_store(store)) as opened:
        found = verify(opened, lake_url(lake), day(day_to_verify))
    ledger = found.ledger
    say(
        f"{ledger.day}  received {ledger.received:,} = stored {ledger.stored:,} + repeated "
        f"{ledger.repeated:,} + rejected {ledger.rejected:,} + suppressed {ledger.suppressed:,}"
    )
    forgotten = f", forgotten {ledger.forgotten:,}" if ledger.forgotten else ""
    say(f"{ledger.day}  in the store {found.store_rows:,}, in the lake {found.lake_rows:,}{forgotten}")
    if found.lost_before_the_door is not None:
        say(f"{ledger.day}  lost before the door, by gaps in the sessions: {found.lost_before_the_door:.2%}")
    for difference in found.differences:
        say(f"DIFFERENCE  {difference}")
    if found.differences:
        raise typer.Exit(1)
