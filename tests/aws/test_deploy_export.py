"""The export and what is around it, deployed into an emulator of AWS and looked at through its API.

What the emulator drops is in the last test. Of the bucket's encryption and owner and of the schedule's time
zone it tells its own defaults, whatever the template says. test_template.py has all of these; that an export
runs is in test_deploy.py.
"""

import sys

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"
LAKE = f"shop-lake-{ACCOUNT}-eu-north-1"
FUNCTION = f"arn:aws:lambda:eu-north-1:{ACCOUNT}:function:shop-export"
QUEUE = f"arn:aws:sqs:eu-north-1:{ACCOUNT}:shop-failed"


@pytest.fixture(scope="module")
def stack(deploy_stack):
    """Deploy a stack without a collector."""
    return deploy_stack("shop", "--collector", "none", "--alarm-email", "me@example.com")


def test_the_export_has_the_package_and_the_most_time_that_there_is(stack):
    """Fifteen minutes and two gigabytes, with its store, its lake and its log."""
    found = stack.client("lambda").get_function(FunctionName="shop-export")["Configuration"]
    (log,) = stack.client("logs").describe_log_groups(logGroupNamePrefix="/clickkit/shop")["logGroups"]

    assert found["Handler"] == "clickkit.lambda_handler.lambda_handler"
    assert found["Runtime"] == f"python{sys.version_info.major}.{sys.version_info.minor}"
    assert (found["PackageType"], found["Architectures"]) == ("Zip", ["x86_64"])
    assert (found["MemorySize"], found["Timeout"]) == (2048, 900)
    assert found["Environment"]["Variables"] == {
        "CLICKKIT_STORE": "dynamodb://shop",
        "CLICKKIT_LAKE": f"s3://{LAKE}",
    }
    assert found["LoggingConfig"] == {"LogGroup": "/clickkit/shop/export"}
    assert (log["logGroupName"], log["retentionInDays"]) == ("/clickkit/shop/export", 30)
    assert found["Role"] == stack.role("ExportRole")["arn"]


def test_its_rights_are_on_what_belongs_to_this_stack(stack):
    """What each role may do is in test_template.py."""
    exports, schedules = stack.role("ExportRole"), stack.role("ScheduleRole")

    assert (exports["taken_by"], schedules["taken_by"]) == (
        *("lambda.amazonaws.com", "scheduler.amazonaws.com"),
    )
    assert exports["on"] == {
        "ReadEventsOfADay": f"arn:aws:dynamodb:eu-north-1:{ACCOUNT}:table/shop",
        "ReadAndMarkTheLedger": f"arn:aws:dynamodb:eu-north-1:{ACCOUNT}:table/shop-ledger",
        "ReadAndWriteParts": f"arn:aws:s3:::{LAKE}/clicks/*",
        "ListParts": f"arn:aws:s3:::{LAKE}",
        "WriteItsLog": f"arn:aws:logs:eu-north-1:{ACCOUNT}:log-group:/clickkit/shop/export:*",
        "SayWhatFailed": QUEUE,
    }
    assert schedules["on"] == {"StartTheExport": FUNCTION, "SayWhatFailed": QUEUE}


def test_the_night_is_tried_for_four_hours_and_then_kept_for_two_weeks(stack):
    """In a queue that is encrypted."""
    found = stack.client("scheduler").get_schedule(Name="shop-nightly")
    queue = stack.client("sqs").get_queue_url(QueueName="shop-failed")["QueueUrl"]
    kept = stack.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]

    assert (found["ScheduleExpression"], found["State"]) == ("cron(15 0 * * ? *)", "ENABLED")
    assert found["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert found["Target"] == {
        "Arn": FUNCTION,
        "RoleArn": stack.role("ScheduleRole")["arn"],
        "Input": "{}",
        "DeadLetterConfig": {"Arn": QUEUE},
        "RetryPolicy": {"MaximumRetryAttempts": 5, "MaximumEventAgeInSeconds": 14400},
    }
    assert (kept["MessageRetentionPeriod"], kept["SqsManagedSseEnabled"]) == ("1209600", "true")


def test_tables_have_a_tag(stack):
    """It says whose they are, when the stack is gone."""
    tables = stack.client("dynamodb")

    for name in ("shop", "shop-ledger"):
        arn = tables.describe_table(TableName=name)["Table"]["TableArn"]
        assert {"Key": "clickkit", "Value": "shop"} in tables.list_tags_of_resource(ResourceArn=arn)["Tags"]


def test_athena_reads_a_bounded_part_of_the_lake_as_parquet(stack):
    """100 GB a question at most; its answers are encrypted."""
    group = stack.client("athena").get_work_group(WorkGroup="shop")["WorkGroup"]
    table = stack.client("glue").get_table(DatabaseName="shop", Name="events")["Table"]
    storage, hive = table["StorageDescriptor"], "org.apache.hadoop.hive.ql.io.parquet"

    assert group["State"] == "ENABLED"
    assert group["Configuration"] == {
        "EnforceWorkGroupConfiguration": True,
        "BytesScannedCutoffPerQuery": 107_374_182_400,
        "PublishCloudWatchMetricsEnabled": True,
        "ResultConfiguration": {
            "OutputLocation": f"s3://{LAKE}/athena/",
            "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
        },
    }
    assert (table["TableType"], table["Parameters"]["classification"]) == ("EXTERNAL_TABLE", "parquet")
    assert storage["Location"] == f"s3://{LAKE}/clicks"
    assert storage["InputFormat"] == f"{hive}.MapredParquetInputFormat"
    assert storage["OutputFormat"] == f"{hive}.MapredParquetOutputFormat"
    assert storage["SerdeInfo"]["SerializationLibrary"] == f"{hive}.serde.ParquetHiveSerDe"


def test_alarms_wait_for_what_their_names_say_and_tell_by_mail(stack):
    """No data and no export are alarms after a day."""
    waits, told = stack.alarms()
    (heard,) = stack.client("sns").list_subscriptions_by_topic(TopicArn=stack.ids["Alarms"])["Subscriptions"]

    assert waits == {
        "export-failed": "Sum of AWS/Lambda Errors shop-export >= 1 in 1 of 1 x 3600 s, notBreaching",
        "export-given-up": "Maximum of AWS/SQS ApproximateNumberOfMessagesVisible shop-failed >= 1"
        " in 1 of 1 x 300 s, notBreaching",
        "no-export": "Sum of AWS/Lambda Invocations shop-export < 1 in 1 of 1 x 86400 s, breaching",
        "no-data": "Sum of AWS/DynamoDB ConsumedWriteCapacityUnits shop < 1 in 1 of 1 x 86400 s, breaching",
        "throttled": "Sum of AWS/DynamoDB WriteThrottleEvents shop >= 1 in 2 of 3 x 300 s, notBreaching",
    }
    assert told == {heard["TopicArn"]}
    assert (heard["Protocol"], heard["Endpoint"]) == ("email", "me@example.com")


def test_what_the_emulator_drops_is_known(stack):
    """These are in test_template.py; once an emulator keeps them, ask for them here."""
    tables, objects, functions = stack.client("dynamodb"), stack.client("s3"), stack.client("lambda")

    for name in ("shop", "shop-ledger"):
        lives = tables.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        backups = tables.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        assert lives == {"TimeToLiveStatus": "DISABLED"}
        assert backups["PointInTimeRecoveryDescription"] == {"PointInTimeRecoveryStatus": "DISABLED"}
        assert "SSEDescription" not in tables.describe_table(TableName=name)["Table"]
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        objects.get_bucket_lifecycle_configuration(Bucket=LAKE)
    with pytest.raises(ClientError, match="NoSuchTagSet"):
        objects.get_bucket_tagging(Bucket=LAKE)
    found = functions.get_function_concurrency(FunctionName="shop-export")
    assert "ReservedConcurrentExecutions" not in found
    assert "DeadLetterConfig" not in functions.get_function(FunctionName="shop-export")["Configuration"]
