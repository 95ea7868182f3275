"""The command that puts clickkit into an AWS account, and takes it out again."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from clickkit.app import settings
from clickkit.aws.deployment import Deployment
from clickkit.commands.options import new_group, say
from clickkit.errors import DeploymentError

commands = new_group()


@commands.command()
def deploy(
    name: Annotated[
        str, typer.Argument(help="The stack's name; tables and buckets are named after it.")
    ] = "clickkit",
    collector: Annotated[
        Literal["function", "fargate", "none"] | None,
        typer.Option(
            help="What takes clicks: a Lambda Function URL, a load-balanced service, or nothing (none)."
        ),
    ] = None,
    image: Annotated[
        str | None, typer.Option(help="The collector's image in ECR: deploy/Dockerfile, built and pushed.")
    ] = None,
    origin: Annotated[
        list[str] | None, typer.Option(help="A web origin whose pages may send: https://HOST.")
    ] = None,
    write_key: Annotated[
        list[str] | None, typer.Option(help="A key of which a sender must show one; give all of them.")
    ] = None,
    certificate: Annotated[str | None, typer.Option(help="fargate: the ARN of an ACM certificate.")] = None,
    keep_days: Annotated[
        int | None, typer.Option(help="Days that the table keeps a click (90).", min=30)
    ] = None,
    alarm_email: Annotated[
        str | None, typer.Option(help="Who hears of alarms and of the budget; '' for nobody.")
    ] = None,
    monthly_budget: Annotated[
        int | None, typer.Option(help="US dollars a month of the whole account (50).", min=1)
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(help="Another parameter of the template: MostTasks=8.")
    ] = None,
    template: Annotated[
        Path | None, typer.Option(help="A template of your own, else deploy/template.yaml.")
    ] = None,
    python: Annotated[str, typer.Option(help="The Python of the export's Lambda (3.12).")] = "",
    region: Annotated[str, typer.Option(help="The AWS region; else that of the AWS configuration.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before the changes are made.")] = False,
    destroy: Annotated[bool, typer.Option("--destroy", help="Delete the stack; its data stay.")] = False,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="With --destroy: delete tables, lake and spool, too.")
    ] = False,
) -> None:
    """Put clickkit into an AWS account: validate, package, show the changes, make them, print the outputs.

    What is not given stays as it was. Run it again to update; tables and lake are never replaced.

    Example: clickkit deploy --collector none --alarm-email me@example.com
    """
    if delete_data and not destroy:
        raise DeploymentError("--delete-data belongs to --destroy: nothing was changed")
    stack = Deployment(name, region=region or None)
    say(f"stack {name} in account {stack.account}, region {stack.region}")
    if destroy:
        _destroy(stack, yes=yes, delete_data=delete_data)
        return
    home = settings().home
    body = _read(template or home / "deploy" / "template.yaml")
    stack.validate(body)
    runtime = f"python{python}" if python else stack.parameters().get("ExportRuntime", "python3.12")
    bucket, key = stack.upload(_package(home, runtime.removeprefix("python")))
    parameters = {
        "CodeBucket": bucket,
        "ExportCode": key,
        "ExportRuntime": runtime,
        "Collector": collector,
        "CollectorImage": image,
        "Origins": None if origin is None else ",".join(origin),
        "WriteKeys": None if write_key is None else ",".join(write_key),
        "Certificate": certificate,
        "KeepDays": keep_days,
        "AlarmEmail": alarm_email,
        "MonthlyBudget": monthly_budget,
    }
    given = {name: str(value) for name, value in parameters.items() if value is not None}
    changes = stack.plan(body, given | _pairs(parameter or []))
    for change in changes:
        say(str(change))
    if changes:
        if not yes and not typer.confirm(f"make these {len(changes)} changes?"):
            stack.discard()
            say(f"nothing was changed; the package stays in {bucket}")
            return
        stack.execute(say)
    else:
        say("nothing to change")
    for output, value in stack.outputs().items():
        say(f"{output:<18} {value}")


def _pairs(said: list[str]) -> dict[str, str]:
    found = dict(one.partition("=")[::2] for one in said)
    if not all("=" in one for one in said):
        raise DeploymentError(f"--parameter {', '.join(said)}: write NAME=VALUE, as in MostTasks=8")
    return found


def _destroy(stack: Deployment, *, yes: bool, delete_data: bool) -> None:
    what = "the stack AND ALL ITS CLICKS, in tables and lake," if delete_data else "the stack; its data stay:"
    if not yes and typer.prompt(f"this deletes {what} write its name to go on") != stack.name:
        say("nothing was changed")
        return
    for name, place in stack.destroy(say, with_data=delete_data).items():
        say(f"kept    {name:<24} {place}")


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise DeploymentError(
            f"no template at {path}: run clickkit deploy in the project's folder"
        ) from error


def _package(home: Path, python: str) -> Path:
    """Build the export's package and return its path."""
    target = home / "data" / "lambda.zip"
    command = [sys.executable, "-m", "deploy.lambda_zip", "--python", python]
    built = subprocess.run(command, cwd=home, capture_output=True, text=True)
    if built.returncode:
        raise DeploymentError(f"the package cannot be built: {built.stderr.strip()[-500:]}")
    say(built.stdout.strip())
    return target
