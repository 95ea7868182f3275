"""Commands about a lake as a whole."""

from typing import Annotated

import typer

from clickkit.app import lake_url
from clickkit.commands.options import LakeUrl, new_group, say
from clickkit.lake.compact import compact
from clickkit.lake.status import lake_status
from clickkit.lake.verify import verify_lake

commands = new_group()
lake_commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Look at a lake, and copy it.")
commands.add_typer(lake_commands, name="lake")

_SHOWN_GAPS = 10


@lake_commands.command("status")
def status(lake: LakeUrl = "") -> None:
    """Show days, rows, bytes, missing days, the last export and the digest of all manifests.

    Example: clickkit lake status
    """
    found = lake_status(lake_url(lake))
    say(f"{found.days:,} days from {found.first} to {found.last}, {found.rows:,} rows, {found.bytes:,} bytes")
    shown = ", ".join(map(str, found.gaps[:_SHOWN_GAPS])) + (" …" if len(found.gaps) > _SHOWN_GAPS else "")
    say(f"{len(found.gaps):,} days missing between them{': ' + shown if shown else ''}")
    say(f"last export {found.last_export.isoformat(timespec='seconds')}, digest {found.digest}")


@lake_commands.command("verify")
def verify_all(lake: LakeUrl = "") -> None:
    """Hold every partition against its manifest; exit status 1 on a difference.

    Example: clickkit lake verify
    """
    differences = verify_lake(lake_url(lake))
    for difference in differences:
        say(f"DIFFERENCE  {difference}")
    if differences:
        raise typer.Exit(1)
    say(f"every part of {lake_url(lake)} is what its manifest says")


@lake_commands.command("compact")
def compact_into(
    target: Annotated[str, typer.Argument(help="A new folder or s3:// URL.")], lake: LakeUrl = ""
) -> None:
    """Copy a lake into a new one with one part a day.

    Example: clickkit lake compact data/compacted
    """
    rows = compact(lake_url(lake), target)
    say(f"{rows:,} rows copied to {target}")
