"""A stack of `deploy/template.yaml` in an AWS account: changes shown first, then made; and its end."""

import datetime as dt
import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from clickkit.aws.buckets import delete_bucket, has_bucket, make_private_bucket
from clickkit.aws.change import Change, change_of
from clickkit.aws.told import told
from clickkit.aws_session import aws_session
from clickkit.errors import DeploymentError

DATA = ("Events", "Ledger", "Lake", "Spool")
"""What holds data: kept when the stack goes, and never replaced."""

_CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "max_attempts": 5})
_POLL_SECONDS = 2
_DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", "DELETE_COMPLETE")
_NOTHING = ("didn't contain changes", "No updates are to be performed")

Say = Callable[[str], Any]


class Deployment:
    """One stack by its name, in an account and a region.

    Raises:
        DeploymentError: there are no credentials or no region, or AWS refuses to say whose they are.
    """

    def __init__(self, name: str, *, region: str | None = None) -> None:
        self.name = name
        with told("AWS cannot be asked"):
            self._session = aws_session(region=region)
        if not self._session.region_name:
            raise DeploymentError(
                "no AWS region: give --region, such as eu-north-1, or set AWS_DEFAULT_REGION"
            )
        if self._session.get_credentials() is None:
            raise DeploymentError(
                "no AWS credentials: sign in with aws sso login or aws configure, or set AWS_PROFILE"
            )
        self._stacks = self.client("cloudformation")
        with told("AWS does not say whose account this is"):
            self.account: str = self.client("sts").get_caller_identity()["Account"]

    @property
    def region(self) -> str:
        """The region."""
        region: str = self._session.region_name
        return region

    def client(self, service: str) -> Any:
        """Return boto3's client of a service."""
        return self._session.client(service, config=_CONFIG)

    def validate(self, template: str) -> None:
        """Let AWS read the template.

        Raises:
            DeploymentError: it finds a mistake.
        """
        with told("the template is refused"):
            self._stacks.validate_template(TemplateBody=template)

    def upload(self, package: Path) -> tuple[str, str]:
        """Put a package where Lambda finds it, unless the same bytes are there; return bucket and key."""
        bucket = f"{self.name}-code-{self.account}-{self.region}"
        with package.open("rb") as file:
            key = f"export-{hashlib.file_digest(file, 'sha256').hexdigest()[:32]}.zip"
        objects = self.client("s3")
        with told(f"the package cannot be put into {bucket}"):
            if not has_bucket(objects, bucket):
                make_private_bucket(objects, bucket, self.region)
            if not objects.list_objects_v2(Bucket=bucket, Prefix=key).get("KeyCount"):
                objects.upload_file(str(package), bucket, key)
        return bucket, key

    def plan(self, template: str, parameters: Mapping[str, str]) -> list[Change]:
        """Make a change set and return what it would do; nothing: all is as it should be.

        `parameters` that are not given stay as they are, or have the template's default. A table, bucket or
        file system that an earlier stack of this name left is taken in again.

        Raises:
            DeploymentError: the stack is busy or broken, the template or a parameter is refused, or the
                change would replace what holds data.
        """
        status = self.status()
        if status not in (None, "REVIEW_IN_PROGRESS") and not status.endswith((*_DONE, "ROLLBACK_COMPLETE")):
            raise DeploymentError(f"stack {self.name} is {status}: wait, or look at it in CloudFormation")
        if status == "ROLLBACK_COMPLETE":
            raise DeploymentError(
                f"stack {self.name} failed when it was created: clickkit deploy --destroy, then deploy again"
            )
        is_new = status in (None, "REVIEW_IN_PROGRESS")
        template = self._written_out(template)
        self._change_set = f"clickkit-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S}"
        with told(f"the change set of {self.name} is refused"):
            self._stacks.create_change_set(
                StackName=self.name,
                ChangeSetName=self._change_set,
                ChangeSetType="CREATE" if is_new else "UPDATE",
                TemplateBody=template,
                Parameters=self._parameters(template, parameters, is_new=is_new),
                Capabilities=["CAPABILITY_IAM"],
                **({"ImportExistingResources": True} if is_new else {}),
            )
        changes = self._changes()
        if lost := [one.name for one in changes if one.name in DATA and one.replaces != "no"]:
            self.discard()
            raise DeploymentError(
                f"this would replace {', '.join(lost)}, which hold data: nothing was changed"
            )
        return changes

    def discard(self) -> None:
        """Delete the change set that was planned."""
        with told("the change set cannot be deleted"):
            self._stacks.delete_change_set(StackName=self.name, ChangeSetName=self._change_set)
            if self.status() == "REVIEW_IN_PROGRESS":
                self._stacks.delete_stack(StackName=self.name)

    def execute(self, say: Say) -> None:
        """Execute the change set that was planned; `say` hears of each resource.

        Raises:
            DeploymentError: it failed and was rolled back; the reasons are named.
        """
        begun = dt.datetime.now(dt.UTC)
        with told(f"the change set of {self.name} cannot be executed"):
            self._stacks.execute_change_set(StackName=self.name, ChangeSetName=self._change_set)
        self._follow(begun, say)

    def parameters(self) -> dict[str, str]:
        """Return the parameters of the stack as it is: name to value; none when there is no stack."""
        said = (self._stack() or {}).get("Parameters", [])
        return {one["ParameterKey"]: one["ParameterValue"] for one in said}

    def outputs(self) -> dict[str, str]:
        """Return the outputs of the stack: name to value."""
        return {one["OutputKey"]: one["OutputValue"] for one in (self._stack() or {}).get("Outputs", [])}

    def destroy(self, say: Say, *, with_data: bool = False) -> dict[str, str]:
        """Delete the stack and its code; return what was kept, logical name to physical id.

        Tables, lake and spool stay, unless `with_data` is true; so do those of a stack deleted before.

        Raises:
            DeploymentError: there is neither stack nor data, or something could not be deleted.
        """
        stack = self._stack()
        data = self._left() if stack is None else self._data()
        if stack is not None:
            begun = dt.datetime.now(dt.UTC)
            with told(f"stack {self.name} cannot be deleted"):
                self._stacks.delete_stack(StackName=self.name)
            self._follow(begun, say, stack["StackId"])
        elif not data:
            raise DeploymentError(f"there is no stack {self.name} in {self.region}, and no data of one")
        with told("the code's bucket cannot be deleted"):
            delete_bucket(self.client("s3"), f"{self.name}-code-{self.account}-{self.region}")
        if not with_data:
            return data
        with told("the data cannot be deleted"):
            for name, place in data.items():
                say(f"Delete  {name:<24} {place}, with all that it holds")
                self._delete(name, place)
        return {}

    def resources(self) -> dict[str, str]:
        """Return what the stack consists of: logical name to physical id.

        Raises:
            DeploymentError: AWS refuses to say.
        """
        with told(f"stack {self.name} cannot be read"):
            pages = self._stacks.get_paginator("list_stack_resources").paginate(StackName=self.name)
            found = [one for page in pages for one in page["StackResourceSummaries"]]
        return {one["LogicalResourceId"]: one.get("PhysicalResourceId", "") for one in found}

    def _data(self) -> dict[str, str]:
        return {name: place for name, place in self.resources().items() if name in DATA and place}

    def _left(self) -> dict[str, str]:
        """Return the same of a stack that is gone: by their names, a spool by its tag."""
        lake = f"{self.name}-lake-{self.account}-{self.region}"
        with told("what holds data cannot be listed"):
            pages = self.client("dynamodb").get_paginator("list_tables").paginate()
            tables = {name for page in pages for name in page["TableNames"]}
            found = {"Events": self.name, "Ledger": f"{self.name}-ledger"}
            found = {name: place for name, place in found.items() if place in tables}
            if has_bucket(self.client("s3"), lake):
                found["Lake"] = lake
            for system in self.client("efs").describe_file_systems()["FileSystems"]:
                if {"Key": "clickkit", "Value": self.name} in system["Tags"]:
                    found["Spool"] = system["FileSystemId"]
            return found

    def _delete(self, name: str, place: str) -> None:
        if name == "Lake":
            delete_bucket(self.client("s3"), place)
        elif name == "Spool":
            self.client("efs").delete_file_system(FileSystemId=place)
        else:
            self.client("dynamodb").delete_table(TableName=place)

    def _written_out(self, template: str) -> str:
        """Return the template with its names written out: by these, CloudFormation finds what is there."""
        template = template.replace("!Ref AWS::StackName", self.name)
        for name, value in {"StackName": self.name, "AccountId": self.account, "Region": self.region}.items():
            template = template.replace(f"${{AWS::{name}}}", value)
        return re.sub(r'!Sub ("[^"$]*")', r"\1", template)

    def _parameters(
        self, template: str, parameters: Mapping[str, str], *, is_new: bool
    ) -> list[dict[str, Any]]:
        said = self._stacks.get_template_summary(TemplateBody=template)["Parameters"]
        known = {one["ParameterKey"] for one in said}
        kept = set() if is_new else self.parameters().keys()
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
        return given + [
            {"ParameterKey": name, "UsePreviousValue": True}
            for name in sorted((known & kept) - parameters.keys())
        ]

    def _changes(self) -> list[Change]:
        """Wait for the change set, and return what is in it."""
        while True:
            with told(f"the change set of {self.name} cannot be read"):
                found = self._stacks.describe_change_set(StackName=self.name, ChangeSetName=self._change_set)
            if not found["Status"].endswith(("PENDING", "IN_PROGRESS")):
                break
            time.sleep(_POLL_SECONDS)
        reason = found.get("StatusReason") or ""
        if found["Status"] == "FAILED":
            self.discard()
            if any(words in reason for words in _NOTHING):
                return []
            raise DeploymentError(f"the change set of {self.name} failed: {reason}")
        with told(f"the change set of {self.name} cannot be read"):
            pages = self._stacks.get_paginator("describe_change_set").paginate(
                StackName=self.name, ChangeSetName=self._change_set
            )
            return [change_of(one["ResourceChange"]) for page in pages for one in page["Changes"]]

    def _stack(self) -> dict[str, Any] | None:
        with told(f"stack {self.name} cannot be read"):
            try:
                found: dict[str, Any] = self._stacks.describe_stacks(StackName=self.name)["Stacks"][0]
            except ClientError as error:
                if "does not exist" not in str(error):
                    raise
                return None
        return found

    def status(self) -> str | None:
        """Return CloudFormation's status of the stack; None: there is none."""
        stack = self._stack()
        return stack["StackStatus"] if stack else None

    def _follow(self, begun: dt.datetime, say: Say, stack_id: str = "") -> None:
        """Say each event of a stack until it has ended, well or not."""
        shown: set[str] = set()
        failed: list[str] = []
        while True:
            with told(f"stack {self.name} goes on, but cannot be watched"):
                stack = self._stacks.describe_stacks(StackName=stack_id or self.name)["Stacks"][0]
                events = list(self._events(begun, stack["StackId"]))
            for event in events:
                if event["EventId"] in shown:
                    continue
                shown.add(event["EventId"])
                reason = event.get("ResourceStatusReason") or ""
                say(f"{event['ResourceStatus']:<20} {event['LogicalResourceId']} {reason}".rstrip())
                if event["ResourceStatus"].endswith("_FAILED"):
                    failed.append(f"{event['LogicalResourceId']}: {reason}")
            status = stack["StackStatus"]
            if not status.endswith("_IN_PROGRESS"):
                break
            time.sleep(_POLL_SECONDS)
        if status not in _DONE:
            said = "; ".join(failed) or stack.get("StackStatusReason") or "see its events in CloudFormation"
            raise DeploymentError(f"stack {self.name} is {status}: {said}")

    def _events(self, begun: dt.datetime, stack_id: str) -> Iterator[dict[str, Any]]:
        """Return the events since a moment, the oldest first."""
        pages = self._stacks.get_paginator("describe_stack_events").paginate(StackName=stack_id)
        yield from reversed(
            [one for page in pages for one in page["StackEvents"] if one["Timestamp"] >= begun]
        )
