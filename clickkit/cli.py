"""The command line: `clickkit COMMAND --help` shows an example of each."""

import datetime as dt
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from clickkit import __version__
from clickkit.app import settings
from clickkit.aws.deployment import Deployment
from clickkit.aws.stack_doctor import examine_stack
from clickkit.commands import (
    asking,
    audience,
    collecting,
    deploying,
    exporting,
    forgetting,
    lake,
    running,
    storing,
)
from clickkit.commands.options import LakeUrl, StoreUrl, say
from clickkit.demo.rehearsal import rehearse
from clickkit.demo.reset import put_aside
from clickkit.demo.show import Show
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
    store: Annotated[
        str,
        typer.Option(
            help="A store URL, else CLICKKIT_STORE, else data/clicks.db; 'dynamodb' shows DynamoDB items and "
            "S3 objects, by dynalite and SeaweedFS on this machine."
        ),
    ] = "",
    script: Annotated[
        bool, typer.Option(help="Let 30 simulated phones click along for ten minutes.")
    ] = False,
    reset: Annotated[
        bool, typer.Option(help="Put the data of earlier shows aside first; nothing is deleted.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option(help="Rehearse the whole show in a headless browser, on data of its own."),
    ] = False,
    public_url: Annotated[
        str,
        typer.Option(help="Where phones find the audience page, for the QR code; else CLICKKIT_PUBLIC_URL."),
    ] = "",
    host: Annotated[
        str, typer.Option(help="Where the dashboards listen; beyond this machine a token guards them.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The dashboards' port.", min=1, max=65535)] = 8866,
    collector_host: Annotated[
        str, typer.Option(help="Where the collector listens; 0.0.0.0 lets phones of the same Wi-Fi in.")
    ] = "127.0.0.1",
    collector_port: Annotated[int, typer.Option(help="The collector's port.", min=1, max=65535)] = 8000,
    folder: Annotated[
        Path | None, typer.Option(help="Where spool, runs, logs and the rehearsal lie (data).")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the tracker in a browser.")] = True,
) -> None:
    """Simulate a week, export it, and open the tracker.

    Example: clickkit demo --store dynamodb --script
    """
    found = settings()
    show = Show(
        home=found.home,
        data=(folder or found.home / "data").absolute(),
        store=store or found.store,
        lake=found.lake,
        environment=os.environ,
        host=host,
        port=port,
        collector_host=collector_host,
        collector_port=collector_port,
        public_url=public_url or found.public_url,
    )
    if check:
        if not rehearse(show, say=say):
            raise typer.Exit(1)
        return
    has_screen = sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    with show.reserved():
        if reset:
            for path in put_aside(show, dt.datetime.now(dt.UTC)):
                say(f"put aside: {path}")
        run_demo(show, scripted=script, browser=browser and has_screen, say=say)


for _part in (collecting, audience, storing, exporting, forgetting, lake, asking, running, deploying):
    app.add_typer(_part.commands)


@app.command()
def doctor(
    store: StoreUrl = "",
    lake: LakeUrl = "",
    aws: Annotated[str, typer.Option(metavar="STACK", help="Check a stack of clickkit deploy instead.")] = "",
    region: Annotated[str, typer.Option(help="The stack's region, else that of the AWS configuration.")] = "",
) -> None:
    """Check what clickkit needs, or what it has on AWS, and how to mend it.

    Example: clickkit doctor --aws clickkit --region eu-north-1
    """
    if aws:
        stack = Deployment(aws, region=region or None)
        findings = list(examine_stack(stack, dt.datetime.now(dt.UTC).date()))
    else:
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
