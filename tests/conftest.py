"""Real servers and a real browser for the tests, each ended with its test, its file or the session.

What this machine lacks is left out and said at the end; with CLICKKIT_REQUIRE_ALL=1 it fails.
"""

import asyncio
import datetime as dt
import itertools
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest
import uvicorn
from _pytest.nodeid import coerce_node_id
from distributed import LocalCluster
from playwright.sync_api import sync_playwright

from clickkit import Device, Event, SettingsError, connect
from clickkit.browser import launch
from clickkit.demo import node
from clickkit.demo.loopback import CREDENTIALS, dynalite, seaweedfs, seaweedfs_port
from clickkit.demo.port import free_port
from clickkit.storage.connect import connect_dynamodb

PROJECT = Path(__file__).parents[1]
LEFT_OUT = "left out: "
CARD_COLOURS = {"light": "rgb(255, 255, 255)", "dark": "rgb(24, 28, 34)"}
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


@pytest.fixture(scope="session", autouse=True)
def kernels_by_unix_sockets(tmp_path_factory):
    """Let Voila take no ports for its kernels: another test may take one between its choice and its use."""
    folder = tmp_path_factory.mktemp("jupyter")
    (folder / "voila.json").write_text('{"KernelManager": {"transport": "ipc"}}')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_CONFIG_PATH", str(folder))
        yield


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


@pytest.fixture(scope="session")
def expect_share():
    """Return a function that fails unless an observed share lies within 4 standard errors of the planted one.

    Of 16,000 right ones, one fails.
    """

    def expect_share(hits, number, planted):
        margin = 4 * math.sqrt(planted * (1 - planted) / number)
        assert abs(hits / number - planted) <= margin, (hits, number, hits / number, planted, margin)

    return expect_share


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
def check_screens():
    """Return a function that fails when a page is wider than a screen, or not in the colours asked for."""

    def check_screens(page):
        for width, scheme in itertools.product((1920, 1280, 390), CARD_COLOURS):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            page.wait_for_function("(width) => document.documentElement.scrollWidth <= width", arg=width)
            card = page.evaluate("getComputedStyle(document.querySelector('.ck-card')).backgroundColor")
            assert card == CARD_COLOURS[scheme]

    return check_screens


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


def wait_until(condition, what, seconds=60):
    """Wait until a condition holds; fail with what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds} s in vain for {what}")
        time.sleep(0.05)


def node_package(name):
    """Return the folder of an npm package, which is installed if need be."""
    try:
        return node.node_package(PROJECT, name, os.environ)
    except SettingsError as error:
        leave_out(str(error))


@contextmanager
def running_dynalite(folder, create_milliseconds):
    """Run dynalite, a server of DynamoDB's protocol that makes a table in a given time; yield its address."""
    node_package("dynalite")
    port = free_port()
    settings = {"port": port, "create_milliseconds": create_milliseconds}
    with dynalite(PROJECT, folder, os.environ, **settings) as server:
        server.wait(threading.Event())
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def dynamodb_endpoint(tmp_path_factory):
    """Start a server of DynamoDB's protocol; return its address."""
    with running_dynalite(tmp_path_factory.mktemp("dynalite"), create_milliseconds=10) as endpoint:
        yield endpoint


@pytest.fixture
def slow_dynamodb_endpoint(tmp_path):
    """Start a server that needs three seconds for a table, as AWS may; return its address."""
    with running_dynalite(tmp_path, create_milliseconds=3000) as endpoint:
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
    port = seaweedfs_port()
    try:
        server = seaweedfs(tmp_path_factory.mktemp("seaweedfs"), os.environ, port=port, bucket="ready")
    except SettingsError as error:
        leave_out(str(error))
    with pytest.MonkeyPatch.context() as patch, server:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        server.wait(threading.Event())
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def s3_lake(s3_endpoint):
    """Return the lake URL of a new, empty prefix."""
    return f"s3://ready/{uuid.uuid4().hex}/research?endpoint={s3_endpoint}&region=us-east-1"


@pytest.fixture(params=["folder", "s3"])
def lake(request, tmp_path):
    """Return an empty lake's URL, of each kind in turn."""
    return str(tmp_path / "lake") if request.param == "folder" else request.getfixturevalue("s3_lake")


@pytest.fixture(scope="module")
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
def serving_app(find_port, wait_until):
    """Return a context manager that serves an ASGI app in a thread, at the URL it enters with.

    Options are uvicorn's.
    """

    @contextmanager
    def serving_app(app, *, port=None, **options):
        port = port or find_port()
        config = uvicorn.Config(
            app, port=port, ws="none", log_config=None, timeout_graceful_shutdown=5, **options
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            wait_until(lambda: server.started, f"port {port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(30)
        assert not thread.is_alive()

    return serving_app


@pytest.fixture
def serve_app(serving_app):
    """Return a function that serves an ASGI app for the test, and returns its URL; options are uvicorn's."""
    with ExitStack() as servers:
        yield lambda app, **options: servers.enter_context(serving_app(app, **options))


@pytest.fixture(scope="module", autouse=True)
def leave_nothing_running():
    """Fail a file that leaves a collector behind: what it does later would happen to other tests."""
    yield
    assert not {"spool-drain", "group-commit"} & {thread.name for thread in threading.enumerate()}


class ServedCollector:
    """`clickkit serve` as a process that can be killed and started again on its port."""

    def __init__(self, store_url, folder, port, environment, log, wait_until):
        self.url, self.store_url = f"http://127.0.0.1:{port}", store_url
        self._arguments = ["--port", str(port), "--folder", str(folder)]
        self._environment, self._log, self._wait_until = environment, log, wait_until

    def start(self):
        """Start, and return when it answers."""
        command = [sys.executable, "-m", "clickkit.cli", "serve", "--store", self.store_url, *self._arguments]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=os.environ | self._environment, stdout=log, stderr=log
            )
        self._wait_until(self._answers, f"{self.url}, see {self._log}")

    def _answers(self):
        try:
            return httpx.get(f"{self.url}/health", timeout=10).status_code in (200, 503)
        except httpx.HTTPError:
            return False

    def end(self, signal_number):
        """Send a signal and wait for the end."""
        self.process.send_signal(signal_number)
        self.process.wait(60)


@pytest.fixture
def serve(tmp_path, find_port, wait_until):
    """Return a function that starts a collector for a store; whatever still runs at the end is ended."""
    made = []

    def serve(store_url, folder=tmp_path, **environment):
        log = tmp_path / "collector.log"
        made.append(ServedCollector(store_url, folder, find_port(), environment, log, wait_until))
        made[-1].start()
        return made[-1]

    yield serve
    for collector in made:
        collector.end(signal.SIGKILL)


@pytest.fixture(scope="session")
def serving_voila(find_port, wait_until):
    """Return a context manager that serves a notebook by Voila, at the URL it enters with.

    Voila is as the project configures it, with more options and environment; its log goes to a file.
    """

    @contextmanager
    def serving_voila(notebook, log, *options, **environment):
        port = find_port()
        command = [sys.executable, "-m", "voila", str(notebook), "--no-browser", f"--port={port}", *options]
        folder = PROJECT / "dashboards"
        variables = {"PYTHONPATH": str(PROJECT), "JUPYTER_PATH": str(folder)} | environment
        url = f"http://127.0.0.1:{port}/"
        with (
            log.open("wb") as output,
            subprocess.Popen(
                command, cwd=folder, env=os.environ | variables, stdout=output, stderr=output
            ) as process,
        ):

            def answers():
                assert process.poll() is None, log.read_text()
                with suppress(httpx.HTTPError):
                    return httpx.get(f"{url}voila/static/voila.js", timeout=2).status_code == 200

            try:
                wait_until(answers, f"Voila: see {log}", seconds=120)
                yield url
            finally:
                process.terminate()
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    process.kill()
                    raise

    return serving_voila


@pytest.fixture(scope="session")
def browser():
    """Start Chromium, headless, that reaches this machine only."""
    with sync_playwright() as playwright:
        try:
            started = launch(playwright)
        except SettingsError as error:
            leave_out(str(error))
        yield started
        started.close()
