"""A whole life of a stack in an emulator of AWS: made, used, changed, and taken away without its data."""

import datetime as dt
import io
import json
import subprocess
import sys
import uuid
import zipfile

import httpx
import pyarrow.parquet as pq
import pytest

STACK = "shop"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
TRIES = '''
import boto3, botocore.exceptions

def handler(event, context):
    """Try a call, and say what became of it."""
    client = boto3.client(event["service"])
    try:
        getattr(client, event["call"])(**event["arguments"])
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return "done"
'''


def deploy(aws, project, template, *arguments, says=""):
    """Run `clickkit deploy` for the stack without a collector, and return what it printed."""
    done = aws.clickkit(
        project, "deploy", STACK, "--template", str(template), "--python", PYTHON, *arguments, says=says
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def stack(aws, project, known_template):
    """Deploy the stack and return its outputs."""
    printed = deploy(aws, project, known_template, "--collector", "none", "--yes")
    return dict(line.split(maxsplit=1) for line in printed.splitlines()[-4:])


@pytest.fixture(scope="module")
def bucket(stack):
    """Return the name of the lake's bucket."""
    return stack["LakeUrl"].removeprefix("s3://").partition("?")[0]


def test_changes_are_shown_and_made_only_when_somebody_says_yes(aws, project, known_template):
    """Here somebody says no: no stack is left."""
    done = aws.clickkit(
        *(project, "deploy", "unwanted", "--template", str(known_template), "--python", PYTHON),
        *("--collector", "none"),
        says="n\n",
    )

    assert "Add     Events                   AWS::DynamoDB::Table" in done.stdout
    assert "nothing was changed" in done.stdout
    assert [one["StackName"] for one in aws.client("cloudformation").describe_stacks()["Stacks"]] == []


def test_tables_are_as_the_template_says(aws, stack):
    """On demand, with the keys of a store."""
    tables = aws.client("dynamodb")
    for name in (STACK, f"{STACK}-ledger"):
        found = tables.describe_table(TableName=name)["Table"]
        assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        assert [key["AttributeName"] for key in found["KeySchema"]] == ["pk", "sk"]


def test_the_lake_is_closed_and_versioned(aws, bucket):
    """Nobody may read it from outside, and nobody without TLS."""
    objects = aws.client("s3")

    assert all(objects.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    assert objects.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    (statement,) = json.loads(objects.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert statement["Resource"] == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    assert (statement["Effect"], statement["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )


def test_the_export_runs_alone_nightly_and_says_what_failed(aws, stack):
    """With its own store, and a schedule at 00:15 UTC."""
    functions = aws.client("lambda")
    name = stack["ExportFunction"]

    found = functions.get_function(FunctionName=name)
    assert found["Configuration"]["Environment"]["Variables"]["CLICKKIT_STORE"] == f"dynamodb://{STACK}"
    schedule = aws.client("scheduler").get_schedule(Name=f"{STACK}-nightly")
    assert (schedule["ScheduleExpression"], schedule["State"]) == ("cron(15 0 * * ? *)", "ENABLED")
    assert schedule["Target"]["Arn"] == found["Configuration"]["FunctionArn"]


def test_alarms_glue_and_athena_are_there(aws, stack, bucket):
    """With the lake's columns, partitions and place of answers."""
    alarms = aws.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{STACK}-")["MetricAlarms"]
    assert {one["AlarmName"].removeprefix(f"{STACK}-") for one in alarms} == {
        *("export-failed", "export-given-up", "no-export", "no-data", "throttled")
    }
    table = aws.client("glue").get_table(DatabaseName=STACK, Name="events")["Table"]
    assert table["Parameters"]["projection.enabled"] == "true"
    assert f"s3://{bucket}/clicks/year=${{year}}" in table["Parameters"]["storage.location.template"]
    group = aws.client("athena").get_work_group(WorkGroup=STACK)["WorkGroup"]
    configured = group["Configuration"]["ResultConfiguration"]
    assert configured["OutputLocation"] == f"s3://{bucket}/athena/"


def test_a_click_ends_as_parquet_by_the_scheduled_export_under_its_own_role(
    aws, project, stack, bucket, tmp_path, find_port, wait_until
):
    """Posted to the collector, stored in the table, and exported by a schedule like the nightly one."""
    port, click = find_port(), str(uuid.uuid4())
    now = dt.datetime.now(dt.UTC)
    said = {"id": click, "button": "Sign up", "timestamp": now.isoformat(), "pageUrl": "https://a.example/"}
    command = [sys.executable, "-m", "clickkit.cli", "serve", "--store", stack["Store"]]
    collector = subprocess.Popen(
        [*command, "--port", str(port), "--folder", str(tmp_path / "data")],
        cwd=project,
        env=aws.environment,
    )
    try:
        wait_until(lambda: _is_ready(f"http://127.0.0.1:{port}/ready"), "the collector")
        answer = httpx.post(f"http://127.0.0.1:{port}/clicks", json=said, timeout=30).json()
    finally:
        collector.terminate()
        collector.wait()
    assert answer == {"accepted": 1, "rejected": [], "durability": "store"}

    schedules = aws.client("scheduler")
    target = schedules.get_schedule(Name=f"{STACK}-nightly")["Target"]
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
    schedules.create_schedule(
        Name="now",
        ScheduleExpression=f"at({soon:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
    )
    objects = aws.client("s3")
    part = f"clicks/year={now:%Y}/month={now:%m}/day={now:%d}/part-00.parquet"
    wait_until(lambda: part in _keys(objects, bucket), part, seconds=60)
    schedules.delete_schedule(Name="now")

    rows = pq.read_table(io.BytesIO(objects.get_object(Bucket=bucket, Key=part)["Body"].read()))
    assert click in rows["id"].to_pylist()
    asked = aws.clickkit(project, "ask", "metrics.by_button", "--lake", f"s3://{bucket}")
    assert "Sign up       1" in asked.stdout, asked.stderr


@pytest.mark.parametrize(
    ("service", "call", "arguments"),
    [
        ("dynamodb", "scan", {"TableName": STACK}),
        ("dynamodb", "delete_item", {"TableName": STACK, "Key": {"pk": {"S": "a"}, "sk": {"S": "a"}}}),
        ("dynamodb", "put_item", {"TableName": STACK, "Item": {"pk": {"S": "a"}, "sk": {"S": "a"}}}),
        ("dynamodb", "delete_table", {"TableName": STACK}),
        ("s3", "put_object", {"Bucket": "LAKE", "Key": "other/a", "Body": ""}),
        ("s3", "get_object", {"Bucket": "LAKE", "Key": "athena/a"}),
        ("s3", "list_objects_v2", {"Bucket": "LAKE", "Prefix": "other/"}),
        ("s3", "delete_object", {"Bucket": "LAKE", "Key": "clicks/a"}),
        ("s3", "list_buckets", {}),
        ("iam", "list_users", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_export_is_refused_what_it_does_not_need(aws, tries, bucket, service, call, arguments):
    """A function under its role tries it."""
    arguments = {name: bucket if value == "LAKE" else value for name, value in arguments.items()}

    assert tries(service, call, arguments) in ("AccessDenied", "AccessDeniedException")


def test_the_export_may_do_what_it_needs(tries, bucket):
    """Else the refusals above would show nothing."""
    assert tries("s3", "list_objects_v2", {"Bucket": bucket, "Prefix": "clicks/"}) == "done"
    assert tries("s3", "put_object", {"Bucket": bucket, "Key": "clicks/tried", "Body": ""}) == "done"


@pytest.fixture(scope="module")
def tries(aws, stack):
    """Return a function that lets a function under the export's role try a call."""
    functions = aws.client("lambda")
    role = functions.get_function(FunctionName=stack["ExportFunction"])["Configuration"]["Role"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr("tries.py", TRIES)
    functions.create_function(
        FunctionName="tries",
        Runtime=f"python{PYTHON}",
        Role=role,
        Handler="tries.handler",
        Code={"ZipFile": packed.getvalue()},
    )

    def tries(service, call, arguments):
        asked = json.dumps({"service": service, "call": call, "arguments": arguments})
        return json.loads(functions.invoke(FunctionName="tries", Payload=asked)["Payload"].read())

    yield tries
    functions.delete_function(FunctionName="tries")


def test_the_doctor_says_what_is_well_and_what_is_not(aws, project, stack):
    """The emulator has no recovery to a point in time; then somebody switches the schedule off."""
    schedules = aws.client("scheduler")
    nightly = schedules.get_schedule(Name=f"{STACK}-nightly")
    kept = {name: nightly[name] for name in ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")}

    well = aws.clickkit(project, "doctor", "--aws", STACK).stdout
    schedules.update_schedule(**kept, State="DISABLED")
    ill = aws.clickkit(project, "doctor", "--aws", STACK)
    schedules.update_schedule(**kept, State="ENABLED")

    assert [line for line in well.splitlines() if line.startswith("MEND")] == [
        f"MEND  table {name}: recovery to a point in time is DISABLED: run clickkit deploy again"
        for name in (STACK, f"{STACK}-ledger")
    ]
    assert " the lake " in well
    assert "ok    the export's role: s3:PutObject is allowed on shop-lake-" in well
    assert (
        f"MEND  schedule {STACK}-nightly, cron(15 0 * * ? *), is DISABLED: enable it in EventBridge Scheduler"
    ) in ill.stdout
    assert ill.returncode == 1
    assert "there is no stack nothing" in aws.clickkit(project, "doctor", "--aws", "nothing").stdout


def test_an_update_replaces_neither_table_nor_lake(aws, project, known_template, stack):
    """What was not given stays; the same again changes nothing."""
    before = _identities(aws)

    again = deploy(aws, project, known_template, "--collector", "none", "--yes")
    printed = deploy(aws, project, known_template, "--alarm-email", "me@example.com", "--yes")

    assert "nothing to change" in again
    assert "REPLACED" not in printed
    assert _identities(aws) == before
    assert aws.client("sns").list_topics()["Topics"]


def test_destroyed_it_leaves_its_data_and_taken_up_again_it_has_them(
    aws, project, known_template, stack, bucket
):
    """Only with --delete-data are they gone."""
    rows = len(_keys(aws.client("s3"), bucket))
    assert rows > 0

    printed = deploy(aws, project, known_template, "--destroy", says=f"{STACK}\n")
    assert [line.split()[1:] for line in printed.splitlines() if line.startswith("kept")] == [
        ["Events", STACK],
        ["Lake", bucket],
        ["Ledger", f"{STACK}-ledger"],
    ]
    taken_up = deploy(aws, project, known_template, says="n\n")  # the emulator takes up no bucket
    for name in ("Events", "Lake", "Ledger"):
        assert f"Import  {name} " in taken_up
    assert len(_keys(aws.client("s3"), bucket)) == rows

    deploy(aws, project, known_template, "--destroy", "--delete-data", says=f"{STACK}\n")
    assert aws.client("dynamodb").list_tables()["TableNames"] == []
    assert bucket not in [one["Name"] for one in aws.client("s3").list_buckets()["Buckets"]]


def _is_ready(url):
    try:
        return httpx.get(url, timeout=2).json()["store"] == "ok"
    except httpx.HTTPError:
        return False


def _keys(objects, bucket):
    return [one["Key"] for one in objects.list_objects_v2(Bucket=bucket).get("Contents", [])]


def _identities(aws):
    """Return what tells a table or a bucket from another one of the same name."""
    tables = aws.client("dynamodb")
    made = [tables.describe_table(TableName=name)["Table"] for name in tables.list_tables()["TableNames"]]
    buckets = aws.client("s3").list_buckets()["Buckets"]
    return [(one["TableId"], one["CreationDateTime"]) for one in made], [
        (one["Name"], one["CreationDate"]) for one in buckets
    ]
