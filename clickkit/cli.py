"""The command line: `clickkit COMMAND --help` shows an example of each."""

import os
import sys
from typing import Annotated

import typer

from clickkit import __version__
from clickkit.app import settings
from clickkit.commands import collecting, exporting, lake, rehearsing, storing
from clickkit.commands.options import LakeUrl, StoreUrl, say
from clickkit.demo.stage import run_demo
from clickkit.doctor import examine
from clickkit.errors import ClickkitError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="From a click to a figure: collect clicks, export them to a lake, ask questions in notebooks.",
)


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Show the version.", is_eager=True)] = False,
) -> None:
    """From a click to a figure: collect clicks, export them to a lake, ask questions in notebooks."""
    if show:
        say(__version__)
        raise typer.Exit


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
        say=say,
    )


for _group in (collecting.commands, rehearsing.commands, storing.commands, exporting.commands, lake.commands):
    app.add_typer(_group)


@app.command()
def doctor(store: StoreUrl = "", lake: LakeUrl = "") -> None:
    """Check what clickkit needs, and how to mend it.

    Example: clickkit doctor
    """
    found = settings()
    findings = list(examine(found.home, store or found.store, lake or found.lake))
    for finding in findings:
        mark = "ok" if finding.good else "MEND" if finding.needed else "note"
        say(f"{mark:<5} {finding.text}")
    if any(finding.needed and not finding.good for finding in findings):
        raise typer.Exit(1)


def main() -> None:
    """Run the command line; an error of ours is one line and exit status 1."""
    try:
        app()
    except ClickkitError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
