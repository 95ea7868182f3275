"""The stage of a show: a simulated week, its export, the collector and the dashboards, kept running."""

import datetime as dt
import secrets
import signal
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

import msgspec

from clickkit.demo.loopback import CREDENTIALS, REGION, dynalite, seaweedfs, seaweedfs_port
from clickkit.demo.port import free_port
from clickkit.demo.program import Program, answers_http
from clickkit.demo.show import LOOPBACK_STORE, Say, Show, python
from clickkit.demo.week import prepare_week
from clickkit.errors import SettingsError
from clickkit.lake.files import open_files
from clickkit.server import address
from clickkit.storage.connect import connect, connect_dynamodb

_BUCKET = "clickkit"
_DYNAMODB_PORT = 8001
_PHONES = 30
_SCRIPT_SECONDS = 600
_LOOK_SECONDS = 0.3
_WARM_TIMEOUT_SECONDS = 30
_WARM = "Kernel pool of tracker.ipynb is filled"
_LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
_ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1"}

Start = Callable[[Program], Program]


class Stage(msgspec.Struct, frozen=True):
    """A show that runs: where its pages and its store are, and its programs.

    `page` ends with a slash and `query` is what it needs behind it, `collector` has no path.
    """

    page: str
    query: str
    collector: str
    store: str
    collecting: Program
    programs: list[Program]

    def dashboard(self, name: str) -> str:
        """Return the address of a dashboard: tracker, live or report."""
        return f"{self.page}voila/render/{name}.ipynb{self.query}"

    def stored(self, since: dt.date) -> int:
        """Count the events that the store has from a UTC day until now."""
        today, store = dt.datetime.now(dt.UTC).date(), connect(self.store)
        days = [since + dt.timedelta(days=offset) for offset in range((today - since).days + 1)]
        stored: int = sum(batch.num_rows for day in days for batch in store.scan(day))
        store.close()
        return stored


class Interrupted(Exception):
    """Ctrl-C came before the show had begun."""


def run_demo(show: Show, *, scripted: bool, browser: bool, say: Say) -> None:
    """Prepare the data, start collector and dashboards, and keep them running until Ctrl-C.

    `say` prints a line, such as `ready: http://127.0.0.1:PORT/` when all is up. If it is scripted, a
    simulated audience clicks along for ten minutes.

    Raises:
        SettingsError: see `set_up`.
        ClickkitError: the export failed, or a program ended by itself again and again.
    """
    stop = stop_at_signals()
    try:
        with ExitStack() as stack:
            stage = stack.enter_context(set_up(show, say, stop))
            say("Ctrl-C ends it; what was clicked stays.")
            say(f"ready: {stage.page}{stage.query}")
            audience = stack.enter_context(_audience(show, stage)) if scripted else None
            if browser:
                _open_browser(show, stage)
            keep_running(stage, say, stop, audience=audience)
    except Interrupted:
        pass
    say("ended; the next start finds the same data.")


@contextmanager
def set_up(show: Show, say: Say, stop: threading.Event) -> Iterator[Stage]:
    """Prepare the data and start everything; when the block ends, end it.

    Each program listens on the port that it was given, or says which one it took instead.

    Raises:
        Interrupted: the event was set meanwhile.
        SettingsError: a port that others must find is taken.
        ClickkitError: the export failed, or a program ended by itself or does not answer.
    """
    programs: list[Program] = []
    with ExitStack() as stack:

        def start(program: Program) -> Program:
            programs.append(stack.enter_context(program))
            program.wait(stop)
            if stop.is_set():
                raise Interrupted
            return program

        if show.store == LOOPBACK_STORE:
            show = _on_loopback(show, start, say)
        store = connect(show.store)
        show = msgspec.structs.replace(show, store=store.url, lake=open_files(show.lake).url)
        store.close()
        prepare_week(show, say, stop)
        if stop.is_set():
            raise Interrupted
        yield _start(show, start, say, stop, programs)


def keep_running(stage: Stage, say: Say, stop: threading.Event, *, audience: Program | None = None) -> None:
    """Start each program of the stage again that ends by itself, and say so, until the event is set.

    Raises:
        ClickkitError: a program ended by itself again and again.
    """
    away: dict[str, Program] = {}
    while not stop.wait(_LOOK_SECONDS):
        for program in stage.programs:
            if program.revive():
                say(f"{program.name}: ended by itself, started again; see {program.log}")
                away[program.name] = program
            if program.name in away and program.answers():
                say(f"{program.name}: answers again")
                del away[program.name]
        if audience is not None and audience.status is not None:
            say(f"audience: {audience.last_lines(1)}")
            audience = None


def stop_at_signals() -> threading.Event:
    """Return an event that Ctrl-C and the end of the terminal set."""
    stop = threading.Event()

    def handle(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), handle)
    return stop


def _on_loopback(show: Show, start: Start, say: Say) -> Show:
    """Start dynalite and SeaweedFS; return the show with their store, lake and credentials."""
    folder = show.data / "loopback"
    environment = {**show.environment, **CREDENTIALS}
    dynamodb_port, s3_port = _free(_DYNAMODB_PORT, "DynamoDB", say), seaweedfs_port()
    say("DynamoDB and S3 start on this machine (the first time, npm installs dynalite) …")
    tables = folder / "dynamodb" / "tables"
    start(dynalite(show.home, folder / "dynamodb", environment, port=dynamodb_port, tables=tables))
    start(seaweedfs(folder / "s3", environment, port=s3_port, bucket=_BUCKET))
    store = f"dynamodb://clicks?endpoint=http://127.0.0.1:{dynamodb_port}&region={REGION}"
    lake = f"s3://{_BUCKET}/lake?endpoint=http://127.0.0.1:{s3_port}&region={REGION}"
    table = connect_dynamodb(store)
    table.create_table()
    table.close()
    say(f"DynamoDB: http://127.0.0.1:{dynamodb_port}, table clicks; S3: http://127.0.0.1:{s3_port}, {lake}")
    return msgspec.structs.replace(show, store=store, lake=lake, environment=environment)


def _start(show: Show, start: Start, say: Say, stop: threading.Event, programs: list[Program]) -> Stage:
    """Start collector and dashboards, and wait until both answer and a kernel is warm."""
    collector_port = _free(show.collector_port, "collector", say, host=show.collector_host)
    if show.public_url and collector_port != show.collector_port:
        raise SettingsError(
            f"port {show.collector_port} of the collector is taken, and the public URL leads there: "
            "end what listens on it, or choose another --collector-port"
        )
    port = _free(show.port, "dashboards", say, host=show.host, taken=collector_port)
    collector = f"http://{address(_near(show.collector_host), collector_port)}"
    page = f"http://{address(_near(show.host), port)}/"
    token = "" if show.host in _LOOPBACK_HOSTS else secrets.token_urlsafe(16)
    collecting = start(_collector(show, collector, collector_port))
    _wait_for_kernel(start(_voila(show, page, port, collector, token)), say, stop)
    say(f"collector: {collector}/clicks")
    say(f"audience page: {show.public_url or f'{collector}/'}")
    if token:
        say("the dashboards listen beyond this machine: only the token in their address opens them")
    query = f"?token={token}" if token else ""
    return Stage(page, query, collector, show.store, collecting, programs)


def _collector(show: Show, url: str, port: int) -> Program:
    serve = ["serve", "--host", show.collector_host, "--port", str(port), "--folder", str(show.data)]
    return Program(
        "collector",
        python("clickkit.cli", *serve),
        folder=show.dashboards,
        log=show.log("collector"),
        environment=show.told(),
        answers=lambda: answers_http(f"{url}/health"),
    )


def _voila(show: Show, page: str, port: int, collector: str, token: str) -> Program:
    """Return the program of the dashboards.

    The token goes by the environment: everyone on the machine can read the words of a command.
    """
    command = python("voila", ".", "--no-browser", f"--Voila.ip={show.host}", f"--port={port}")
    secret = {"JUPYTER_TOKEN": token} if token else {}
    return Program(
        "voila",
        [*command, f"--Voila.auto_token={bool(token)}"],
        folder=show.dashboards,
        log=show.log("voila"),
        environment=show.told(CLICKKIT_COLLECTOR_URL=collector, **secret),
        answers=lambda: answers_http(f"{page}voila/static/voila.js"),
    )


def _wait_for_kernel(voila: Program, say: Say, stop: threading.Event) -> None:
    """Wait for the first kernel that is warm, so that the first page that is opened is as fast as any."""
    deadline = time.monotonic() + _WARM_TIMEOUT_SECONDS
    while _WARM not in voila.log.read_text(errors="replace") and not stop.wait(0.1):
        if time.monotonic() > deadline:
            say("no kernel is warm yet: the first page takes some seconds longer")
            return


def _audience(show: Show, stage: Stage) -> Program:
    play = ["audience", "--phones", str(_PHONES), "--seconds", str(_SCRIPT_SECONDS)]
    return Program(
        "audience",
        python("clickkit.cli", *play, "--collector", stage.collector),
        folder=show.dashboards,
        log=show.log("audience"),
        environment=show.told(),
    )


def _open_browser(show: Show, stage: Stage) -> None:
    """Open the tracker; a token goes by a file, as everyone on the machine can read a command's words."""
    address = stage.page
    if stage.query:
        file = show.data / "open-the-tracker.html"
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(f'<meta http-equiv="refresh" content="0; url={stage.page}{stage.query}">')
        address = file.as_uri()
    threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()


def _free(wanted: int, name: str, say: Say, *, host: str = "127.0.0.1", taken: int = 0) -> int:
    """Return a port's next free one, and say when it is another."""
    port = free_port(wanted, host=host, taken=[taken])
    if port != wanted:
        say(f"{name}: port {wanted} is taken, {port} is used instead")
    return port


def _near(host: str) -> str:
    """Return the host by which this machine itself reaches what listens on `host`."""
    return _ANY_HOST.get(host, host)
