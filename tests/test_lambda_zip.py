"""The package of the Lambda function: small enough, and it works with nothing beside it."""

import contextlib
import datetime as dt
import json
import random
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pyarrow.dataset as ds
import pytest

from clickkit import connect, simulate
from clickkit.demo.loopback import CREDENTIALS
from deploy import lambda_runtime, lambda_zip

DAY = dt.date(2026, 11, 22)
PROGRAM = """
import json

class Call:
    def get_remaining_time_in_millis(self):
        return 900_000

from clickkit.lambda_handler import lambda_handler
print(json.dumps(lambda_handler({"day": "2026-11-22"}, Call())))
"""

IMPORTED = """
import clickkit.lambda_handler
files = {name: vars(module).get("__file__") or "" for name, module in sys.modules.items() if "." not in name}
print(*sorted(name for name, file in files.items() if file.startswith(tuple(sys.path[:2]))))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory, leave_out):
    """Build the package for this machine and its Python; return the zip's path."""
    target = tmp_path_factory.mktemp("built") / "lambda.zip"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    try:
        lambda_zip.build(target, python=version, platform=None)
    except subprocess.CalledProcessError as error:
        leave_out(f"uv could not install the Lambda's packages (is there a network?): {error}")
    return target


@pytest.fixture(scope="module")
def package(built, tmp_path_factory):
    """Unpack the zip into an empty folder, as Lambda does; return the folder."""
    folder = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(built) as package:
        package.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def runtime(tmp_path_factory):
    """Return a folder with what Lambda's own Python has installed."""
    folder = tmp_path_factory.mktemp("runtime")
    lambda_runtime.fill(folder)
    return folder


def test_the_handler_exports_a_day_with_nothing_but_the_package(package, runtime, sqlite_store, tmp_path):
    """No site-packages, no pandas, no numpy: what was left out is not missed, also when a day is replaced."""
    sqlite_store.put(list(simulate(DAY, DAY, visitors=20)))
    environment = {"CLICKKIT_STORE": sqlite_store.url, "CLICKKIT_LAKE": str(tmp_path / "lake")}
    command = lambda_runtime.command(PROGRAM, package, runtime)

    first, again = (
        subprocess.run(command, env=environment, capture_output=True, text=True) for _ in range(2)
    )

    assert (first.returncode, first.stderr) == (0, "")
    assert (again.returncode, again.stdout) == (0, first.stdout)
    rows = json.loads(first.stdout)["rows"]
    assert ds.dataset(tmp_path / "lake" / "clicks").count_rows() == rows > 0


def test_the_handler_writes_to_a_bucket_from_dynamodb(package, runtime, dynamodb_url, s3_lake):
    """On AWS it has neither files nor SQLite."""
    with contextlib.closing(connect(dynamodb_url)) as store:
        number = store.put(list(simulate(DAY, DAY, visitors=20)))
    environment = {"CLICKKIT_STORE": dynamodb_url, "CLICKKIT_LAKE": s3_lake, **CREDENTIALS}
    command = lambda_runtime.command(PROGRAM, package, runtime)

    done = subprocess.run(command, env=environment, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["rows"] == number > 0


def test_an_import_of_the_handler_brings_nothing_heavy(package, runtime):
    """A cold start has no time for numpy, which pyarrow would take along; bench.cold_import measures it."""
    done = subprocess.run(
        lambda_runtime.command(IMPORTED, package, runtime), env={}, capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert set(done.stdout.split()) == {"clickkit", "msgspec", "pyarrow", *lambda_runtime.HAS}


def test_the_package_is_within_the_limits(built, package):
    """Lambda refuses more than 262,144,000 bytes; pyarrow as it comes, with pandas, has 258 MiB.

    Zipped, up to 50 MiB can be handed to it without a bucket.
    """
    assert 10_000_000 < built.stat().st_size < 52_428_800
    assert 50_000_000 < lambda_zip.size_of(package) < 150_000_000
    assert {path.name for path in package.iterdir() if path.suffix != ".dist-info"} == {
        "clickkit",
        "msgspec",
        "pyarrow",
    }


def test_the_same_files_give_the_same_package(tmp_path):
    """One build can be held against another; every user may read what is in it."""
    folder = tmp_path / "folder"
    (folder / "clickkit").mkdir(parents=True)
    (folder / "clickkit" / "event.py").write_text("x = 1\n" * 1000)
    (folder / "z.py").touch(0o600)
    packages = [tmp_path / "one.zip", tmp_path / "other.zip"]

    size, _ = (lambda_zip.pack(folder, package) for package in packages)

    assert packages[0].read_bytes() == packages[1].read_bytes()
    assert size == packages[0].stat().st_size < 1000
    with zipfile.ZipFile(packages[0]) as package:
        entries = [(entry.filename, entry.external_attr >> 16) for entry in package.infolist()]
    assert entries == [("clickkit/event.py", 0o644), ("z.py", 0o644)]


def test_builds_at_once_leave_a_whole_package(tmp_path):
    """Two deployments of one checkout share data/lambda.zip; each used to write into the other's file."""
    folder, target = tmp_path / "folder", tmp_path / "lambda.zip"
    folder.mkdir()
    (folder / "a").write_bytes(random.Random(1).randbytes(2_000_000))

    with ThreadPoolExecutor(4) as threads:
        sizes = set(threads.map(lambda _: lambda_zip.pack(folder, target), range(4)))

    assert sizes == {target.stat().st_size}
    with zipfile.ZipFile(target) as package:
        assert package.read("a") == (folder / "a").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"folder", "lambda.zip"}


def test_a_package_over_the_limit_is_refused(tmp_path):
    """Before an upload of minutes."""
    with (tmp_path / "large").open("wb") as file:
        file.truncate(262_144_001)

    with pytest.raises(SystemExit, match="262,144,001 bytes unzipped, Lambda takes 262,144,000"):
        lambda_zip.size_of(tmp_path)
