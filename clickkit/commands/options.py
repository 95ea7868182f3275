"""The options that several commands have, and how a command speaks."""

import datetime as dt
from typing import Annotated

import typer

from clickkit.settings import parse_day

StoreUrl = Annotated[
    str, typer.Option("--store", help="Store URL; else CLICKKIT_STORE, else data/clicks.db.")
]
LakeUrl = Annotated[
    str, typer.Option("--lake", help="Lake folder or URL; else CLICKKIT_LAKE, else data/lake.")
]


def new_group() -> typer.Typer:
    """Return an empty group of commands."""
    return typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)


def day(text: str) -> dt.date:
    """Return the UTC day that an option names, seen from today."""
    return parse_day(text, dt.datetime.now(dt.UTC).date())


def say(line: str) -> None:
    """Print a line."""
    typer.echo(line)
