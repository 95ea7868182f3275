"""Commands about runs of notebooks: run one that can be checked, check it, and report on a range of days."""

import ast
from pathlib import Path
from typing import Annotated, Any

import typer

from clickkit.app import day_named, environment, lake_url, settings
from clickkit.commands.options import LakeUrl, day, new_group, say
from clickkit.errors import SettingsError
from clickkit.runs.execution import execute
from clickkit.runs.notebook import parameters_of, read_notebook, record_of
from clickkit.runs.report import answering_notebooks, write_report
from clickkit.runs.verification import verify_run

commands = new_group()
run_commands = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Run a notebook so that it can be checked, and check it.",
)
commands.add_typer(run_commands, name="runs")

_PAIRS = {"allow_extra_args": True, "ignore_unknown_options": True}


@run_commands.command("run", context_settings=_PAIRS)
def run(
    context: typer.Context,
    notebook: Annotated[Path, typer.Argument(help="The notebook; its last cell is clickkit.pin(…).")],
    output: Annotated[Path, typer.Argument(metavar="OUT", help="Where the run is kept.")],
) -> None:
    """Run a notebook by papermill and pin it; -p NAME VALUE sets a parameter, any number of times.

    Example: clickkit runs run notebooks/02-engagement.ipynb out.ipynb -p since 2026-11-16
    """
    known, given = parameters_of(read_notebook(notebook)), _parameters(context.args)
    if unknown := sorted(given.keys() - known.keys()):
        raise SettingsError(
            f"{notebook} has no parameter {', '.join(unknown)}: it takes {', '.join(known) or 'none'}"
        )
    if known.get("day") == "" and not given.get("day"):
        given["day"] = str(day_named())  # so that the run says which day was the last that is over
    execute(notebook, output, given)
    record = record_of(read_notebook(output))
    if record is None:
        say(f"ran, but pinned nothing: end {notebook} with clickkit.pin(lake, since, until)")
        return
    state = record.state
    say(f"pinned {len(state.days):,} days, {state.rows:,} rows, digest {state.digest}")
    say(f"check it with: clickkit runs verify {output}")


def _parameters(words: list[str]) -> dict[str, Any]:
    """Return the values of -p NAME VALUE: Python's literals, everything else is text."""
    found: dict[str, Any] = {}
    while words:
        option, *rest = words
        if option not in ("-p", "--parameters") or len(rest) < 2:
            raise SettingsError(f"{' '.join(words)!r} cannot be understood: write -p NAME VALUE")
        name, value, *words = rest
        try:
            found[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            found[name] = value
    return found


@run_commands.command("verify")
def verify(
    run: Annotated[Path, typer.Argument(metavar="OUT", help="A pinned run.")],
    lake: Annotated[str, typer.Option(help="Where the lake is now, if it has moved.")] = "",
) -> None:
    """Run a pinned run again and say that it is the same, or what changed; exit status 1 if anything did.

    Example: clickkit runs verify out.ipynb
    """
    found = verify_run(run, environment=environment(), lake=lake, folder=Path.cwd())
    state = found.record.state
    if found.is_same:
        say(f"same: {run}, {len(state.days):,} days, {state.rows:,} rows, digest {state.digest}")
        return
    say(f"changed: {run}" + (", as the receipts of erasure explain" if found.is_explained else ""))
    for change in found.changes:
        say(f"  {change.replace(chr(10), f'{chr(10)}    ')}")
    raise typer.Exit(1)


@commands.command("report")
def report(
    since: Annotated[str, typer.Option(help="First UTC day: 2026-11-23, yesterday, '7 days ago'.")],
    until: Annotated[str, typer.Option(help="Last UTC day, included.")],
    notebooks: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[NOTEBOOK]…", help="Those to run; else the project's, from 02 on."),
    ] = None,
    lake: LakeUrl = "",
    to: Annotated[Path | None, typer.Option(help="The folder to write; else one below data/reports.")] = None,
) -> None:
    """Run the notebooks on a range of days, and write a folder of pages that open without a network.

    Example: clickkit report --since 2026-11-16 --until 2026-11-22
    """
    first, last = day(since), day(until)
    if last < first:
        raise SettingsError(f"--until {last} lies before --since {first}")
    home = settings().home
    target = to or home / "data" / "reports" / f"{first}-{last}"
    chosen = notebooks or answering_notebooks(home / "notebooks")
    failed = write_report(chosen, target, lake_url(lake), first, last, over=day_named(), say=say)
    say(f"open {target / 'index.html'}")
    if failed:
        say(f"{failed} of {len(chosen)} notebooks failed: the report names them")
        raise typer.Exit(1)
