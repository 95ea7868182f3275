"""The collector as a function, deployed into an emulator of AWS and looked at through its API.

The emulator keeps each property, but cannot run the image without a container engine: what the image runs is
proved by test_image.py, and what its handler answers by test_function_url.py.
"""

import json

import pytest

IMAGE = "000000000000.dkr.ecr.eu-north-1.amazonaws.com/clickkit:1"


@pytest.fixture(scope="module")
def function(deploy_stack):
    """Deploy a stack with the collector as a function."""
    return deploy_stack(
        *("desk", "--collector", "function", "--image", IMAGE, "--origin", "https://shop.example"),
        *("--write-key", "k1", "--write-key", "k2", "--parameter", "PlaceFrom=nothing"),
    )


def test_the_function_is_the_image_behind_an_address_for_everybody(function):
    """Invoked by its address only, with what it is told."""
    functions, name = function.client("lambda"), function.ids["CollectorFunction"]

    found = functions.get_function(FunctionName=name)
    configured = found["Configuration"]
    address = functions.get_function_url_config(FunctionName=name)
    statements = json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"]
    role = function.role("CollectorRole")

    assert (name, found["Code"]["ImageUri"], configured["PackageType"]) == ("desk-collector", IMAGE, "Image")
    assert configured["ImageConfigResponse"]["ImageConfig"] == {
        "EntryPoint": ["python", "-m", "awslambdaric"],
        "Command": ["clickkit.function_url.handler"],
    }
    assert (configured["MemorySize"], configured["Timeout"]) == (1024, 20)
    assert configured["Architectures"] == ["x86_64"]
    assert configured["LoggingConfig"]["LogGroup"] == "/clickkit/desk/collector"
    assert configured["Environment"]["Variables"] == {
        "CLICKKIT_STORE": "dynamodb://desk?keep_days=90",
        "CLICKKIT_ORIGINS": "https://shop.example",
        "CLICKKIT_WRITE_KEYS": "k1,k2",
        "CLICKKIT_PLACE_FROM": "nothing",
    }
    assert (configured["Role"], role["taken_by"]) == (role["arn"], "lambda.amazonaws.com")
    assert (address["AuthType"], address["FunctionUrl"]) == ("NONE", function.outputs["CollectorAddress"])
    assert {one["Action"]: (one["Principal"], one["Condition"]) for one in statements} == {
        "lambda:InvokeFunctionUrl": ("*", {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}),
        "lambda:InvokeFunction": ("*", {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}),
    }


def test_its_log_ends_after_30_days_and_an_alarm_tells_of_failures(function):
    """Lambda counts what the address answered."""
    (log,) = function.client("logs").describe_log_groups(logGroupNamePrefix="/clickkit/desk/collector")[
        "logGroups"
    ]

    assert log["retentionInDays"] == 30
    assert function.alarms()[0]["5xx"] == (
        "Sum of AWS/Lambda Url5xxCount desk-collector >= 1 in 1 of 1 x 300 s, notBreaching"
    )


def test_nothing_is_paid_for_while_nobody_clicks(function):
    """Neither tasks nor balancer, network and file system of the service are there."""
    assert function.client("ecs").list_clusters()["clusterArns"] == []
    assert function.client("elbv2").describe_load_balancers()["LoadBalancers"] == []
    assert function.client("efs").describe_file_systems()["FileSystems"] == []
    assert [one["IsDefault"] for one in function.client("ec2").describe_vpcs()["Vpcs"]] == [True]
