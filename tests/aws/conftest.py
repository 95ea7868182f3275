"""An emulator of AWS that asks IAM at every call, and a linter, in a virtual environment of their own."""

import os
import subprocess
import sys

import boto3
import pytest

from deploy import emulator

SIGNS = {"GreaterThanOrEqualToThreshold": ">=", "LessThanThreshold": "<"}


@pytest.fixture(scope="session")
def tools(leave_out):
    """Return the folder of programs beside the emulator."""
    try:
        return emulator.programs()
    except RuntimeError as error:
        leave_out(str(error))


@pytest.fixture(scope="session")
def template(project):
    """Return the template's text."""
    return (project / "deploy" / "template.yaml").read_text()


@pytest.fixture(scope="module")
def known_template(tmp_path_factory):
    """Return the path of the template without the resources that the emulator does not know."""
    path = tmp_path_factory.mktemp("template") / "template.yaml"
    path.write_text(emulator.known_template())
    return path


class Aws:
    """The emulator as an account, and how programs reach it."""

    def __init__(self, url, environment):
        self.url = url
        self.environment = environment

    def client(self, service):
        """Return boto3's client of a service, with the rights of the account's owner."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            verify=self.environment["AWS_CA_BUNDLE"],
            region_name=emulator.REGION,
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )

    def clickkit(self, project, *arguments, says=""):
        """Run a command line of clickkit there."""
        return subprocess.run(
            [sys.executable, "-m", "clickkit.cli", *arguments],
            cwd=project,
            env=self.environment,
            input=says,
            capture_output=True,
            text=True,
        )


@pytest.fixture(scope="module")
def aws(tools, tmp_path_factory):
    """Start the emulator, and return how to reach it."""
    with emulator.running(tools, tmp_path_factory.mktemp("aws")) as reached:
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CLICKKIT_"))
        }
        yield Aws(reached["AWS_ENDPOINT_URL"], own | reached)


class Stack:
    """A stack of the emulator: its resources, logical name to physical id, and its outputs."""

    def __init__(self, aws, name):
        self.name, self.client = name, aws.client
        stacks = aws.client("cloudformation")
        made = stacks.describe_stack_resources(StackName=name)["StackResources"]
        self.ids = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in made}
        (described,) = stacks.describe_stacks(StackName=name)["Stacks"]
        self.outputs = {one["OutputKey"]: one["OutputValue"] for one in described["Outputs"]}

    def role(self, name):
        """Return a role's ARN, who takes it, and what its rights are on, by their names."""
        roles = self.client("iam")
        role = roles.get_role(RoleName=self.ids[name])["Role"]
        (taken,) = role["AssumeRolePolicyDocument"]["Statement"]
        (policy,) = roles.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
        found = roles.get_role_policy(RoleName=role["RoleName"], PolicyName=policy)["PolicyDocument"]
        return {
            "arn": role["Arn"],
            "taken_by": taken["Principal"]["Service"],
            "on": {one["Sid"]: one["Resource"] for one in found["Statement"]},
        }

    def inbound(self, name):
        """Return the protocol and ports that a security group opens, and to which addresses and groups."""
        (group,) = self.client("ec2").describe_security_groups(GroupIds=[self.ids[name]])["SecurityGroups"]
        (rule,) = group["IpPermissions"]
        ports = (rule["IpProtocol"], rule["FromPort"], rule["ToPort"])
        return ports, rule["IpRanges"], [one["GroupId"] for one in rule["UserIdGroupPairs"]]

    def alarms(self):
        """Return what each alarm waits for, by its name without the stack's, and which topics hear of it."""
        waits, told = {}, set()
        found = self.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{self.name}-")["MetricAlarms"]
        for one in found:
            metric = " ".join([one["MetricName"], *(of["Value"] for of in one["Dimensions"])])
            limit = f"{SIGNS[one['ComparisonOperator']]} {one['Threshold']:g}"
            periods = one["EvaluationPeriods"]
            seen = f"in {one.get('DatapointsToAlarm', periods)} of {periods} x {one['Period']} s"
            waits[one["AlarmName"].removeprefix(f"{self.name}-")] = (
                f"{one['Statistic']} of {one['Namespace']} {metric} {limit} {seen}, {one['TreatMissingData']}"
            )
            told.update(one["AlarmActions"])
        return waits, told


@pytest.fixture(scope="module")
def deploy_stack(aws, project, known_template):
    """Return a function that deploys a stack by `clickkit deploy`."""

    def deploy_stack(name, *arguments):
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        given = ("--template", str(known_template), "--python", version, "--yes")
        done = aws.clickkit(project, "deploy", name, *given, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return Stack(aws, name)

    return deploy_stack
