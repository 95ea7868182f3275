"""The command that asks a lake a question, here or in Athena."""

from typing import Annotated, Literal

import typer

import clickkit
from clickkit.analysis.catalogue import prepare, questions
from clickkit.app import lake_url
from clickkit.commands.options import LakeUrl, day, new_group, say
from clickkit.errors import SettingsError

commands = new_group()


@commands.command()
def ask(
    question: Annotated[
        str, typer.Argument(help="Module and name, as in metrics.by_button; none: list them all.")
    ] = "",
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", help="An option of the question: goal=…, as text or JSON."),
    ] = None,
    since: Annotated[str, typer.Option(help="The first UTC day, else the lake's.")] = "",
    until: Annotated[str, typer.Option(help="The last UTC day, else the lake's.")] = "",
    engine: Annotated[
        Literal["duckdb", "athena"],
        typer.Option(help="Who answers: this machine, or Athena over the lake of a stack."),
    ] = "duckdb",
    lake: LakeUrl = "",
    stack: Annotated[
        str, typer.Option(help="athena: the stack's name, as for clickkit deploy.")
    ] = "clickkit",
    region: Annotated[
        str, typer.Option(help="athena: the AWS region; else that of the AWS configuration.")
    ] = "",
    sql: Annotated[
        Literal["spark", "trino"] | None,
        typer.Option(help="Ask nobody: print the statement for Spark, or for Trino and Athena."),
    ] = None,
) -> None:
    """Ask a lake one of the analyses' questions, and print the answer.

    Example: clickkit ask channels.by_channel -o goal="button = 'Pay'"
    """
    if not question:
        for name, asked in questions().items():
            say(f"{name:<34} {(asked.__doc__ or '').partition(chr(10))[0]}")
        return
    first, last = (day(text) if text else None for text in (since, until))
    days = {name: str(one) for name, one in (("since", first), ("until", last)) if one}
    metric = prepare(question, dict(_pair(text) for text in option or ()), also=days)
    if sql is not None:
        if engine == "athena":
            raise SettingsError("--sql asks nobody: leave --engine out")
        say(clickkit.statement(metric, sql, since=first, until=last))
        return
    if engine == "athena":
        answer = clickkit.Athena(stack, region=region or None).ask(
            metric, since=first, until=last, say=lambda line: typer.echo(line, err=True)
        )
    else:
        answer = metric(clickkit.read_lake(lake_url(lake), first, last))
    table = answer.df()
    for name in table.columns[table.isna().any()]:
        if table[name].dtype.kind != "f":  # pandas writes a null of these as it likes
            table[name] = table[name].astype(object).where(table[name].notna(), float("nan"))
    say(f"no rows of {', '.join(table.columns)}" if table.empty else table.to_string(index=False, na_rep="-"))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise SettingsError(f"option {text!r} has no value: write NAME=VALUE")
    return name, value
