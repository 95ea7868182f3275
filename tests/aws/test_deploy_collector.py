"""The collector as a service, deployed into an emulator of AWS and looked at through its API.

The emulator takes all of it but the scaling (UNKNOWN in deploy/emulator.py), and keeps each property but
those of the last test. It only says that a task runs: what it runs is proved by test_image.py.
"""

import pytest

ACCOUNT = "000000000000"
IMAGE = f"{ACCOUNT}.dkr.ecr.eu-north-1.amazonaws.com/clickkit:1"
CERTIFICATE = f"arn:aws:acm:eu-north-1:{ACCOUNT}:certificate/a"
GIVEN = (
    *("--image", IMAGE, "--origin", "https://shop.example", "--write-key", "k1", "--write-key", "k2"),
    *("--parameter", "PlaceFrom=nothing", "--alarm-email", "me@example.com"),
)
PATHS = ["/", "/clicks", "/v1/*", "/tracker.js", "/openapi.json"]
EVERYBODY = [{"CidrIp": "0.0.0.0/0"}]


@pytest.fixture(scope="module")
def service(deploy_stack):
    """Deploy a stack with the collector as a service."""
    return deploy_stack("shop", "--collector", "fargate", *GIVEN)


@pytest.fixture(scope="module")
def task(service):
    """Return the definition of the service's task."""
    return service.client("ecs").describe_task_definition(taskDefinition=service.ids["Task"])[
        "taskDefinition"
    ]


@pytest.fixture(scope="module")
def running(service):
    """Return the service as ECS describes it."""
    (found,) = service.client("ecs").describe_services(cluster="shop", services=["collector"])["services"]
    return found


def test_the_task_runs_the_image_as_nobody_special_on_a_closed_disk(task):
    """With what it is told, its log, the spool's folder as its only place to write, and a minute to end."""
    assert (task["family"], task["networkMode"]) == ("shop-collector", "awsvpc")
    assert (task["cpu"], task["memory"]) == ("512", "1024")
    assert task["requiresCompatibilities"] == ["FARGATE"]
    (container,) = task["containerDefinitions"]
    told = {one["name"]: one["value"] for one in container["environment"]}
    assert container | {"environment": told} == {
        "name": "collector",
        "image": IMAGE,
        "essential": True,
        "user": "10001:10001",
        "readonlyRootFilesystem": True,
        "stopTimeout": 60,
        "portMappings": [{"containerPort": 8000}],
        "mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}],
        "healthCheck": {},  # dropped: see the last test
        "environment": {
            "CLICKKIT_STORE": "dynamodb://shop?region=eu-north-1&keep_days=90",
            "CLICKKIT_ORIGINS": "https://shop.example",
            "CLICKKIT_WRITE_KEYS": "k1,k2",
            "CLICKKIT_PLACE_FROM": "nothing",
        },
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": "/clickkit/shop/collector",
                "awslogs-region": "eu-north-1",
                "awslogs-stream-prefix": "collector",
            },
        },
    }


def test_a_task_has_a_role_to_start_and_one_to_collect(service, task):
    """What each may do is in test_template.py; here, that it may do it on what belongs to this stack only."""
    log = f"arn:aws:logs:eu-north-1:{ACCOUNT}:log-group:/clickkit/shop/collector:*"
    table = f"arn:aws:dynamodb:eu-north-1:{ACCOUNT}:table/shop"

    collects, starts = service.role("CollectorRole"), service.role("StartRole")

    assert (task["taskRoleArn"], task["executionRoleArn"]) == (collects["arn"], starts["arn"])
    assert collects["taken_by"] == starts["taken_by"] == "ecs-tasks.amazonaws.com"
    assert collects["on"] == {"StoreEvents": table, "CountInTheLedger": f"{table}-ledger", "WriteItsLog": log}
    assert starts["on"] == {
        "SignInToTheRegistry": "*",
        "PullImages": f"arn:aws:ecr:eu-north-1:{ACCOUNT}:repository/*",
        "WriteItsLog": log,
    }


def test_the_service_keeps_one_task_running_while_it_is_changed(service, running):
    """In both subnets, reached through the balancer only; a change that does not start is taken back."""
    (cluster,) = service.client("ecs").describe_clusters(clusters=["shop"])["clusters"]

    assert (cluster["status"], cluster["capacityProviders"]) == ("ACTIVE", ["FARGATE"])
    assert (running["desiredCount"], running["launchType"]) == (1, "FARGATE")
    assert running["taskDefinition"] == service.ids["Task"]
    assert running["deploymentConfiguration"] == {
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
    }
    assert running["networkConfiguration"]["awsvpcConfiguration"] == {
        "subnets": [service.ids["FirstSubnet"], service.ids["SecondSubnet"]],
        "securityGroups": [service.ids["TaskGroup"]],
        "assignPublicIp": "ENABLED",
    }
    assert running["loadBalancers"] == [
        {"targetGroupArn": service.ids["Collectors"], "containerName": "collector", "containerPort": 8000}
    ]


def test_the_balancer_asks_for_the_health_of_its_targets(service):
    """Open to the world, with headers that are well-formed; a task that goes has 30 seconds."""
    balancers, arn, target = service.client("elbv2"), service.ids["Balancer"], service.ids["Collectors"]

    (balancer,) = balancers.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    (targets,) = balancers.describe_target_groups(TargetGroupArns=[target])["TargetGroups"]

    assert (balancer["Type"], balancer["Scheme"]) == ("application", "internet-facing")
    assert {one["SubnetId"] for one in balancer["AvailabilityZones"]} == _subnets(service)
    assert balancer["SecurityGroups"] == [service.ids["BalancerGroup"]]
    assert balancers.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"] == [
        {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"}
    ]
    assert (targets["Protocol"], targets["Port"], targets["TargetType"]) == ("HTTP", 8000, "ip")
    assert (targets["HealthCheckPath"], targets["HealthCheckIntervalSeconds"]) == ("/health", 15)
    assert targets["VpcId"] == service.ids["Network"]
    assert balancers.describe_target_group_attributes(TargetGroupArn=target)["Attributes"] == [
        {"Key": "deregistration_delay.timeout_seconds", "Value": "30"}
    ]


def test_only_public_paths_are_reached_and_all_else_is_not_found(service):
    """Metrics and readiness are for the inside."""
    balancers = service.client("elbv2")

    (listener,) = balancers.describe_listeners(LoadBalancerArn=service.ids["Balancer"])["Listeners"]
    rules = balancers.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]

    assert (listener["Protocol"], listener["Port"]) == ("HTTP", 80)
    (otherwise,) = listener["DefaultActions"]
    assert otherwise["FixedResponseConfig"]["StatusCode"] == "404"
    (rule,) = [one for one in rules if not one["IsDefault"]]
    (condition,), (action,) = rule["Conditions"], rule["Actions"]
    assert (condition["Field"], condition["PathPatternConfig"]["Values"]) == ("path-pattern", PATHS)
    assert (action["Type"], action["TargetGroupArn"]) == ("forward", service.ids["Collectors"])
    assert service.inbound("BalancerGroup") == (("tcp", 80, 80), EVERYBODY, [])
    assert service.outputs["CollectorAddress"].startswith("http://shop-")


def test_a_certificate_closes_plain_http(deploy_stack):
    """The balancer then listens by TLS only, and its address says so."""
    stack = deploy_stack("safe", "--collector", "fargate", "--certificate", CERTIFICATE, *GIVEN)

    (listener,) = stack.client("elbv2").describe_listeners(LoadBalancerArn=stack.ids["Balancer"])["Listeners"]

    assert (listener["Protocol"], listener["Port"]) == ("HTTPS", 443)
    assert listener["Certificates"] == [{"CertificateArn": CERTIFICATE}]
    assert listener["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert stack.inbound("BalancerGroup") == (("tcp", 443, 443), EVERYBODY, [])
    assert stack.outputs["CollectorAddress"].startswith("https://safe-")


def test_the_network_is_its_own_with_two_zones_and_a_way_out(service):
    """DynamoDB is reached without leaving AWS."""
    network, ids = service.client("ec2"), service.ids

    (own,) = network.describe_vpcs(VpcIds=[ids["Network"]])["Vpcs"]
    names = network.describe_vpc_attribute(VpcId=ids["Network"], Attribute="enableDnsHostnames")
    first, second = (
        network.describe_subnets(SubnetIds=[ids[one]])["Subnets"][0]
        for one in ("FirstSubnet", "SecondSubnet")
    )
    (routes,) = network.describe_route_tables(RouteTableIds=[ids["Routes"]])["RouteTables"]
    (gateway,) = network.describe_internet_gateways(InternetGatewayIds=[ids["Gateway"]])["InternetGateways"]
    (endpoint,) = network.describe_vpc_endpoints(VpcEndpointIds=[ids["RouteToDynamoDB"]])["VpcEndpoints"]

    assert (own["CidrBlock"], names["EnableDnsHostnames"]["Value"]) == ("10.71.0.0/16", True)
    assert {"Key": "Name", "Value": "shop"} in own["Tags"]
    assert (first["CidrBlock"], second["CidrBlock"]) == ("10.71.0.0/20", "10.71.16.0/20")
    assert first["AvailabilityZone"] != second["AvailabilityZone"]
    assert {one["VpcId"] for one in (first, second, routes, endpoint, *gateway["Attachments"])} == {
        ids["Network"]
    }
    assert {one["SubnetId"] for one in routes["Associations"]} == _subnets(service)
    ways = {one["DestinationCidrBlock"]: one["GatewayId"] for one in routes["Routes"]}
    assert ways == {"10.71.0.0/16": "local", "0.0.0.0/0": ids["Gateway"]}
    assert (endpoint["VpcEndpointType"], endpoint["RouteTableIds"]) == ("Gateway", [ids["Routes"]])
    assert endpoint["ServiceName"] == "com.amazonaws.eu-north-1.dynamodb"


def test_each_door_is_open_to_the_one_before_it(service):
    """The tasks to the balancer, and the spool to the tasks."""
    assert service.inbound("TaskGroup") == (("tcp", 8000, 8000), [], [service.ids["BalancerGroup"]])
    assert service.inbound("SpoolGroup") == (("tcp", 2049, 2049), [], [service.ids["TaskGroup"]])


def test_the_spool_is_encrypted_and_belongs_to_the_tasks_user(service):
    """Tasks in both subnets reach it."""
    files, spool = service.client("efs"), service.ids["Spool"]

    (system,) = files.describe_file_systems(FileSystemId=spool)["FileSystems"]
    targets = files.describe_mount_targets(FileSystemId=spool)["MountTargets"]
    (folder,) = files.describe_access_points(FileSystemId=spool)["AccessPoints"]

    assert (system["Encrypted"], system["ThroughputMode"]) == (True, "elastic")
    assert {"Key": "clickkit", "Value": "shop"} in system["Tags"]
    assert {one["SubnetId"] for one in targets} == _subnets(service)
    for target in targets:
        groups = files.describe_mount_target_security_groups(MountTargetId=target["MountTargetId"])
        assert groups["SecurityGroups"] == [service.ids["SpoolGroup"]]
    assert folder["PosixUser"] == {"Uid": 10001, "Gid": 10001}
    assert folder["RootDirectory"] == {
        "Path": "/collector",
        "CreationInfo": {"OwnerUid": 10001, "OwnerGid": 10001, "Permissions": "0700"},
    }


def test_its_log_ends_after_30_days_and_tells_of_the_spool(service):
    """Both alarms of the collector tell whoever is to hear of them."""
    logs, name = service.client("logs"), "/clickkit/shop/collector"

    (log,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    (lines,) = logs.describe_metric_filters(logGroupName=name)["metricFilters"]
    waits, told = service.alarms()

    assert log["retentionInDays"] == 30
    assert lines["filterPattern"] == (
        '{ $.message = "spooling until*" || $.message = "the store is still away*" }'
    )
    assert lines["metricTransformations"] == [
        {
            "metricNamespace": "clickkit/shop",
            "metricName": "Spooled",
            "metricValue": "1",
            "defaultValue": 0,
        }
    ]
    balancer = service.ids["Balancer"].partition("loadbalancer/")[2]
    assert waits["spool-not-empty"] == "Sum of clickkit/shop Spooled >= 1 in 1 of 1 x 300 s, notBreaching"
    assert waits["5xx"] == (
        f"Sum of AWS/ApplicationELB HTTPCode_Target_5XX_Count {balancer} >= 1 in 1 of 1 x 300 s, notBreaching"
    )
    assert told == {service.ids["Alarms"]}


def test_what_the_emulator_drops_is_known(task, running):
    """These are in test_template.py; once an emulator keeps them, ask for them here."""
    assert task["containerDefinitions"][0]["healthCheck"] == {}
    assert task["volumes"] == [{}]
    assert running["healthCheckGracePeriodSeconds"] == 0


def _subnets(stack):
    return {stack.ids["FirstSubnet"], stack.ids["SecondSubnet"]}
