"""A deployed stack, checked one by one: what is wrong, and how to mend it."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from clickkit.aws.deployment import Deployment
from clickkit.doctor import Finding
from clickkit.lake.layout import ROOT, day_of

_AGAIN = "run clickkit deploy again"


def examine_stack(stack: Deployment, today: dt.date) -> Iterator[Finding]:
    """Yield what is found of stack, tables, lake, schedule, export and rights; `today` is a UTC day."""
    yield Finding(True, True, f"credentials of account {stack.account}, region {stack.region}")
    status = stack.status()
    if status is None:
        yield Finding(False, True, f"there is no stack {stack.name} in {stack.region}: run clickkit deploy")
        return
    yield _found(
        status.endswith("_COMPLETE") and "ROLLBACK" not in status, f"stack {stack.name} is {status}", _AGAIN
    )
    held = stack.resources()
    for part, look in (
        ("Events", _table),
        ("Ledger", _table),
        ("Lake", _lake),
        ("Nightly", _schedule),
        ("Failed", _failures),
        ("ExportRole", _rights),
    ):
        if part not in held:
            yield Finding(False, True, f"the stack has no {part}: {_AGAIN}")
            continue
        try:
            yield from look(stack, held[part], held)
        except (BotoCoreError, ClientError) as error:
            yield Finding(False, True, f"{part} {held[part]} cannot be looked at: {error}")
    yield _freshness(stack, held.get("Lake", ""), today)


def _found(good: bool, text: str, remedy: str) -> Finding:
    return Finding(good, True, text if good else f"{text}: {remedy}")


def _table(stack: Deployment, name: str, held: dict[str, str]) -> Iterator[Finding]:
    tables = stack.client("dynamodb")
    status = tables.describe_table(TableName=name)["Table"]["TableStatus"]
    yield _found(status == "ACTIVE", f"table {name} is {status}", "wait, or look at it in DynamoDB")
    backups = tables.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    yield _found(recovery == "ENABLED", f"table {name}: recovery to a point in time is {recovery}", _AGAIN)


def _lake(stack: Deployment, bucket: str, held: dict[str, str]) -> Iterator[Finding]:
    objects = stack.client("s3")
    closed = objects.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    yield _found(all(closed.values()), f"bucket {bucket}: closed to the public", _AGAIN)
    versions = objects.get_bucket_versioning(Bucket=bucket).get("Status")
    yield _found(versions == "Enabled", f"bucket {bucket}: versions are {versions}", _AGAIN)


def _schedule(stack: Deployment, name: str, held: dict[str, str]) -> Iterator[Finding]:
    schedule = stack.client("scheduler").get_schedule(Name=name)
    said = f"schedule {name}, {schedule['ScheduleExpression']}, is {schedule['State']}"
    yield _found(schedule["State"] == "ENABLED", said, "enable it in EventBridge Scheduler")
    function = stack.client("lambda").get_function(FunctionName=held["Export"])["Configuration"]
    starts = schedule["Target"]["Arn"] == function["FunctionArn"]
    yield _found(starts, f"it starts {schedule['Target']['Arn'].split(':')[-1]}", _AGAIN)


def _failures(stack: Deployment, url: str, held: dict[str, str]) -> Iterator[Finding]:
    asked = stack.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    number = int(asked["Attributes"]["ApproximateNumberOfMessages"])
    remedy = f"read the log of {held['Export']}, mend the reason, run it again, and empty the queue"
    yield _found(not number, f"{number} exports were given up", remedy)


def _rights(stack: Deployment, role: str, held: dict[str, str]) -> Iterator[Finding]:
    """Ask IAM whether the export may do what it does."""
    rights = stack.client("iam")
    arn = rights.get_role(RoleName=role)["Role"]["Arn"]
    partition = arn.split(":")[1]
    table = f"arn:{partition}:dynamodb:{stack.region}:{stack.account}:table/"
    bucket = f"arn:{partition}:s3:::{held['Lake']}"
    for action, resource in (
        ("dynamodb:Query", table + held["Events"]),
        ("dynamodb:Query", table + held["Ledger"]),
        ("dynamodb:UpdateItem", table + held["Ledger"]),
        ("s3:ListBucket", bucket),
        ("s3:GetObject", f"{bucket}/{ROOT}/*"),
        ("s3:PutObject", f"{bucket}/{ROOT}/*"),
    ):
        asked: dict[str, Any] = rights.simulate_principal_policy(
            PolicySourceArn=arn, ActionNames=[action], ResourceArns=[resource]
        )
        decision = asked["EvaluationResults"][0]["EvalDecision"]
        yield _found(
            decision == "allowed",
            f"the export's role: {action} is {decision} on {resource.split(':')[-1]}",
            _AGAIN,
        )


def _freshness(stack: Deployment, bucket: str, today: dt.date) -> Finding:
    """Look how far the lake goes: each night exports today and the days before, if they have clicks."""
    try:
        pages = stack.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{ROOT}/")
        days = {day_of(one["Key"]) for page in pages for one in page.get("Contents", [])} - {None}
    except (BotoCoreError, ClientError) as error:
        return Finding(False, True, f"the lake cannot be read: {error}")
    if not days:
        return Finding(False, False, "the lake is empty: the first export comes at 00:15 UTC")
    last = max(day for day in days if day is not None)
    fresh = last >= today - dt.timedelta(days=1)
    remedy = "click, or look whether the export fails (its log, and the alarms)"
    return Finding(fresh, False, f"the lake goes to {last}" + ("" if fresh else f": {remedy}"))
