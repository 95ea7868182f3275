"""The template, where a linter sees nothing: schedules, storage classes, Glue's types, and every right."""

import re
import subprocess

import pyarrow as pa
import pytest
import yaml

from clickkit.event import SCHEMA

EVENTS, LEDGER, PARTS = "!GetAtt Events.Arn", "!GetAtt Ledger.Arn", "!Sub ${Lake.Arn}/clicks/*"
LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
RIGHTS = {
    "ExportRole": {
        "ReadEventsOfADay": (("dynamodb:Query",), EVENTS),
        "ReadAndMarkTheLedger": (("dynamodb:Query", "dynamodb:UpdateItem"), LEDGER),
        "ReadAndWriteParts": (("s3:GetObject", "s3:PutObject"), PARTS),
        "ListParts": (("s3:ListBucket",), "!GetAtt Lake.Arn"),
        "WriteItsLog": (LOGS, "!GetAtt ExportLog.Arn"),
        "SayWhatFailed": (("sqs:SendMessage",), "!GetAtt Failed.Arn"),
    },
    "ScheduleRole": {
        "StartTheExport": (("lambda:InvokeFunction",), "!GetAtt Export.Arn"),
        "SayWhatFailed": (("sqs:SendMessage",), "!GetAtt Failed.Arn"),
    },
    "CollectorRole": {
        "StoreEvents": (("dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:GetItem"), EVENTS),
        "CountInTheLedger": (("dynamodb:UpdateItem",), LEDGER),
        "WriteItsLog": (LOGS, "!GetAtt CollectorLog.Arn"),
    },
    "StartRole": {
        "SignInToTheRegistry": (("ecr:GetAuthorizationToken",), "*"),
        "PullImages": (
            ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
            "!Sub arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/*",
        ),
        "WriteItsLog": (LOGS, "!GetAtt CollectorLog.Arn"),
    },
}
"""What each role may do, statement by statement: a right that is not written here fails the test."""

GLUE = {pa.string(): "string", pa.int64(): "bigint", pa.float64(): "double", pa.bool_(): "boolean"}


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as their text, `!GetAtt Lake.Arn`, or as `{"!If": […]}`."""


def _short_form(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        return f"!{suffix} {node.value}"
    return {f"!{suffix}": loader.construct_sequence(node, deep=True)}


Loader.add_multi_constructor("!", _short_form)


@pytest.fixture(scope="module")
def resources(template):
    """Return the resources of the template."""
    return yaml.load(template, Loader)["Resources"]


def test_the_linter_finds_nothing(tools, project):
    """Also no warning."""
    found = subprocess.run(
        [tools / "cfn-lint", "--template", project / "deploy" / "template.yaml"],
        capture_output=True,
        text=True,
    )

    assert (found.returncode, found.stdout) == (0, "")


def test_every_right_of_every_role_is_one_that_was_agreed(resources):
    """Least privilege, action by action and resource by resource."""
    found = {
        name: {
            statement["Sid"]: (tuple(_listed(statement["Action"])), statement["Resource"])
            for policy in resource["Properties"]["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Allow"
        }
        for name, resource in resources.items()
        if resource["Type"] == "AWS::IAM::Role"
    }

    assert found == RIGHTS
    assert not [name for name, one in resources.items() if "ManagedPolicyArns" in one.get("Properties", {})]


def test_only_services_may_take_a_role(resources):
    """And the scheduler only for this account."""
    taken_by = {}
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            (statement,) = resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            taken_by[name] = (statement["Principal"]["Service"], statement.get("Condition"))

    own = {"StringEquals": {"aws:SourceAccount": "!Ref AWS::AccountId"}}
    assert taken_by == {
        "ExportRole": ("lambda.amazonaws.com", None),
        "ScheduleRole": ("scheduler.amazonaws.com", own),
        "CollectorRole": (
            {"!If": ["HasFargate", "ecs-tasks.amazonaws.com", "lambda.amazonaws.com"]},
            None,
        ),
        "StartRole": ("ecs-tasks.amazonaws.com", None),
    }


def test_the_schedule_is_one_of_the_scheduler(resources):
    """Six fields in UTC; of the day of month and the day of week, one is a question mark."""
    schedule = resources["Nightly"]["Properties"]
    fields = re.fullmatch(r"cron\((.+)\)", schedule["ScheduleExpression"])[1].split()

    assert fields[:2] == ["15", "0"]
    assert len(fields) == 6
    assert [fields[2], fields[4]].count("?") == 1
    assert schedule["ScheduleExpressionTimezone"] == "UTC"


def test_objects_move_to_a_storage_class_that_takes_them(resources):
    """STANDARD_IA takes none before 30 days; versions and parts of uploads do not stay for ever."""
    rules = resources["Lake"]["Properties"]["LifecycleConfiguration"]["Rules"]
    moves = [move for rule in rules for move in rule.get("Transitions", [])]

    assert {move["StorageClass"] for move in moves} == {"STANDARD_IA"}
    assert all(move["TransitionInDays"] >= 30 for move in moves)
    assert any("NoncurrentVersionExpiration" in rule for rule in rules)
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)
    assert not [rule for rule in rules if "ExpirationInDays" in rule and rule.get("Prefix") != "athena/"]


def test_glue_has_the_columns_of_the_lake(resources):
    """With Hive's names of their types; the partitions are computed from the question."""
    table = resources["Table"]["Properties"]["TableInput"]
    columns = {one["Name"]: one["Type"] for one in table["StorageDescriptor"]["Columns"]}

    assert columns == {field.name: _glue(field.type) for field in SCHEMA}
    assert [(one["Name"], one["Type"]) for one in table["PartitionKeys"]] == [
        (name, "int") for name in ("year", "month", "day")
    ]
    parameters = table["Parameters"]
    assert parameters["storage.location.template"] == (
        "!Sub s3://${Lake}/clicks/year=${!year}/month=${!month}/day=${!day}"
    )
    for name, (first, last) in {"year": (2015, 2100), "month": (1, 12), "day": (1, 31)}.items():
        assert parameters[f"projection.{name}.type"] == "integer"
        assert parameters[f"projection.{name}.range"] == f"{first},{last}"
    assert parameters["projection.month.digits"] == parameters["projection.day.digits"] == "2"


def test_what_holds_data_is_kept_when_the_stack_goes(resources):
    """Also when it would be replaced; nothing else is kept."""
    kept = {name for name, one in resources.items() if one.get("DeletionPolicy") == "Retain"}

    assert kept == {"Events", "Ledger", "Lake", "Spool"}
    assert all(resources[name]["UpdateReplacePolicy"] == "Retain" for name in kept)


def test_every_alarm_tells_somebody(resources):
    """When there is somebody; a metric that stays away means a fault only where it should be there daily."""
    alarms = {
        name: one["Properties"] for name, one in resources.items() if one["Type"] == "AWS::CloudWatch::Alarm"
    }

    assert set(alarms) == {
        *("ExportFailed", "ExportGivenUp", "NoExport", "NoData", "Throttled", "SpoolNotEmpty", "Failing")
    }
    assert all(
        one["AlarmActions"] == {"!If": ["HasEmail", ["!Ref Alarms"], "!Ref AWS::NoValue"]}
        for one in alarms.values()
    )
    assert {name for name, one in alarms.items() if one["TreatMissingData"] == "breaching"} == {
        *("NoExport", "NoData")
    }


def test_what_the_emulator_drops_is_as_it_should_be(resources):
    """It takes these properties without a word, and has not got them afterwards.

    They are listed in test_deploy_export.py and test_deploy_collector.py; the lake's lifecycle and the
    schedule's time zone, which it drops, too, are above.
    """
    for name in ("Events", "Ledger"):
        table = resources[name]["Properties"]
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["SSESpecification"] == {"SSEEnabled": True}
    assert resources["Events"]["Properties"]["TimeToLiveSpecification"] == {
        "AttributeName": "expiresAt",
        "Enabled": True,
    }
    lake = resources["Lake"]["Properties"]
    assert lake["Tags"] == [{"Key": "clickkit", "Value": "!Ref AWS::StackName"}]
    assert lake["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    (rule,) = lake["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    export = resources["Export"]["Properties"]
    assert export["ReservedConcurrentExecutions"] == 1
    assert export["DeadLetterConfig"] == {"TargetArn": "!GetAtt Failed.Arn"}


def test_what_the_emulator_drops_of_the_service_is_as_it_should_be(resources):
    """A task that does not answer is replaced, and what it spools leaves it encrypted."""
    task = resources["Task"]["Properties"]
    (container,) = task["ContainerDefinitions"]
    *command, program = container["HealthCheck"]["Command"]

    assert command == ["CMD", "python", "-c"]
    assert "urlopen('http://127.0.0.1:8000/health', timeout=4)" in program
    times = {
        name: container["HealthCheck"][name] for name in ("Interval", "Timeout", "Retries", "StartPeriod")
    }
    assert times == {"Interval": 15, "Timeout": 5, "Retries": 3, "StartPeriod": 30}
    assert task["Volumes"] == [
        {
            "Name": container["MountPoints"][0]["SourceVolume"],
            "EFSVolumeConfiguration": {
                "FilesystemId": "!Ref Spool",
                "TransitEncryption": "ENABLED",
                "AuthorizationConfig": {"AccessPointId": "!Ref SpoolFolder"},
            },
        }
    ]
    assert resources["Service"]["Properties"]["HealthCheckGracePeriodSeconds"] == 60


def test_what_the_emulator_does_not_know_is_as_it_should_be(resources):
    """The budget and the scaling of the service: see UNKNOWN in deploy/emulator.py."""
    budget = resources["Budget"]["Properties"]
    assert budget["Budget"]["BudgetLimit"] == {"Amount": "!Ref MonthlyBudget", "Unit": "USD"}
    told = [one["Notification"] for one in budget["NotificationsWithSubscribers"]]
    assert [(one["NotificationType"], one["Threshold"]) for one in told] == [
        ("ACTUAL", 80),
        ("FORECASTED", 100),
    ]
    assert (budget["Budget"]["BudgetType"], budget["Budget"]["TimeUnit"]) == ("COST", "MONTHLY")
    assert all(
        one["Subscribers"] == [{"SubscriptionType": "EMAIL", "Address": "!Ref AlarmEmail"}]
        for one in budget["NotificationsWithSubscribers"]
    )
    assert resources["Scaling"]["Properties"] == {
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": "!Sub service/${Cluster}/${Service.Name}",
        "MinCapacity": 1,
        "MaxCapacity": "!Ref MostTasks",
    }
    policy = resources["ScalingByProcessor"]["Properties"]
    assert (policy["PolicyType"], policy["ScalingTargetId"]) == ("TargetTrackingScaling", "!Ref Scaling")
    assert policy["TargetTrackingScalingPolicyConfiguration"] == {
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        "TargetValue": 50,
        "ScaleOutCooldown": 60,
        "ScaleInCooldown": 300,
    }


def _listed(value):
    return value if isinstance(value, list) else [value]


def _glue(kind):
    if pa.types.is_struct(kind):
        return f"struct<{','.join(f'{field.name}:{_glue(field.type)}' for field in kind)}>"
    return "timestamp" if pa.types.is_timestamp(kind) else GLUE[kind]
