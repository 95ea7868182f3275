"""The command that forgets a visitor."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from clickkit.address import without_userinfo
from clickkit.app import lake_url, open_store, settings
from clickkit.commands.options import LakeUrl, StoreUrl, new_group, say
from clickkit.erasure import Found, find
from clickkit.erasure import forget as forget_visitor
from clickkit.folder import is_in_use
from clickkit.lake.receipts import Receipt

commands = new_group()


@commands.command()
def forget(
    visitor: Annotated[str, typer.Option(help="The visitor_id of the events to remove.")],
    store: StoreUrl = "",
    lake: LakeUrl = "",
    folder: Annotated[Path | None, typer.Option(help="The folder that serve was given (data).")] = None,
    dry_run: Annotated[bool, typer.Option(help="Show what would go, and change nothing.")] = False,
) -> None:
    """Remove a visitor from spool, rejected events, store and lake, and leave a receipt without the id.

    Killed at any moment, it is simply run again. What the visitor sends afterwards is not covered, nor are
    copies of store or lake, such as backups and older versions of S3 objects.

    Example: clickkit forget --visitor 6f0c1d2e --dry-run
    """
    where, url = folder or settings().home / "data", lake_url(lake)
    with contextlib.closing(open_store(store)) as opened, tqdm(disable=None, unit=" days") as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        look = find if dry_run else forget_visitor
        found = look(opened, url, visitor, folder=where, progress=advance)
    if isinstance(found, Found):
        _say_what_would_go(found)
    else:
        _say_what_went(found, url)
    if is_in_use(where):
        say(f"a collector runs in {where}: what it takes from this visitor from now on is kept as ever")


def _say_what_would_go(found: Found) -> None:
    for day in sorted({*found.store, *found.lake}):
        say(f"{day}  in the store {found.store.get(day, 0):,}, in the lake {found.lake.get(day, 0):,}")
    store, lake = sum(found.store.values()), sum(found.lake.values())
    say(f"would remove {_counted(store, found.spool, found.rejected, lake, len(found.lake))}")


def _say_what_went(receipt: Receipt, lake: str) -> None:
    for day, erased in sorted(receipt.days.items()):
        say(f"{day}  {erased.rows_before:,} rows before, {erased.rows_after:,} after")
    if not receipt.path:
        say("nothing was found of this visitor")
        return
    removed = _counted(receipt.store, receipt.spool, receipt.rejected, receipt.rows, len(receipt.days))
    say(f"removed {removed}")
    say(f"receipt: {receipt.path} in {without_userinfo(lake)}")


def _counted(store: int, spool: int, rejected: int, rows: int, days: int) -> str:
    noun = "partition" if days == 1 else "partitions"
    return (
        f"{store:,} events in the store, {spool:,} in the spool, {rejected:,} rejected ones, "
        f"{rows:,} rows in {days:,} {noun} of the lake"
    )
