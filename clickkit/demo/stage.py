"""The stage of a show: a simulated week, its export, the collector and the dashboards, kept running."""

import secrets
import signal
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

import msgspec

from clickkit.demo.loopback import CREDENTIALS, REGION, dynalite, seaweedfs
from clickkit.demo.port import free_port
from clickkit.demo.program import Program, answers_http
from clickkit.demo.show import LOOPBACK_STORE, Show, python
from clickkit.demo.week import prepare_week
from clickkit.errors import SettingsError
from clickkit.lake.files import open_files
from clickkit.server import address
from clickkit.storage.connect import connect, connect_dynamodb, is_on_this_machine

_BUCKET = "clickkit"
_DYNAMODB_PORT = 8001
_S3_PORT = 8333
_LOOK_SECONDS = 0.3
_WARM = "Kernel pool of tracker.ipynb is filled"
_LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
_ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1"}

Say = Callable[[str], None]


class Stage(msgspec.Struct, frozen=True):
    """A show that runs: where its pages are, its store and lake, and its programs.

    `page` ends with a slash and `query` is what it needs behind it, `collector` has no path.
    """

    page: str
    query: str
    collector: str
    store: str
    lake: str
    collecting: Program
    programs: list[Program]

    def dashboard(self, name: str) -> str:
        """Return the address of a dashboard: tracker, live or report."""
        return f"{self.page}voila/render/{name}.ipynb{self.query}"


def run_demo(show: Show, *, phones: int, browser: bool, say: Say) -> None:
    """Prepare the data, start collector and dashboards, and keep them running until Ctrl-C.

    `say` prints a line; `ready: http://127.0.0.1:PORT/` is the last one before serving. With `phones`, a
    simulated audience clicks along for ten minutes.

    Raises:
        SettingsError: this is not the project's folder, or the store or lake is not on this machine.
        ClickkitError: the export failed, or a program ended by itself again and again.
    """
    stop = stop_at_signals()
    with ExitStack() as stack:
        stage = stack.enter_context(set_up(show, say, stop))
        if stop.is_set():
            return
        say("Ctrl-C ends it; what was clicked stays.")
        say(f"ready: {stage.page}{stage.query}")
        if phones:
            say(f"audience: {phones} simulated phones click along for ten minutes")
            stack.enter_context(_audience(show, stage, phones))
        if browser:
            page = stage.page + stage.query
            threading.Thread(target=webbrowser.open, args=[page], daemon=True).start()
        keep_running(stage, say, stop)
    say("ended; the next start finds the same data.")


@contextmanager
def set_up(show: Show, say: Say, stop: threading.Event) -> Iterator[Stage]:
    """Prepare the data and start everything; when the block ends, end it.

    Each program listens on the port that it was given, or says which one it took instead. Programs that
    take longer to start than `stop` lasts are not waited for.

    Raises:
        SettingsError: as `run_demo`, or a port that others must find is taken.
        ClickkitError: the export failed, or a program ended by itself or does not answer.
    """
    if not (show.dashboards / "tracker.ipynb").exists():
        raise SettingsError(
            f"no {show.dashboards / 'tracker.ipynb'}: run the demo in clickkit's project folder"
        )
    for url in (show.store, show.lake):
        if url != LOOPBACK_STORE and not is_on_this_machine(url):
            raise SettingsError(f"the demo simulates clicks, so it keeps away from {url}: unset CLICKKIT_…")
    with ExitStack() as stack:
        programs: list[Program] = []
        if show.store == LOOPBACK_STORE:
            show = _on_loopback(show, say, stop, stack, programs)
        show = msgspec.structs.replace(show, store=connect(show.store).url, lake=open_files(show.lake).url)
        if not stop.is_set():
            prepare_week(show, say, stop)
        yield _start(show, say, stop, stack, programs)


def keep_running(stage: Stage, say: Say, stop: threading.Event) -> None:
    """Start each program of the stage again that ends by itself, and say so, until the event is set.

    Raises:
        ClickkitError: a program ended by itself again and again.
    """
    away: list[Program] = []
    while not stop.wait(_LOOK_SECONDS):
        for program in stage.programs:
            if program.revive():
                say(f"{program.name}: ended by itself, started again; see {program.log}")
                away.append(program)
            if program in away and program.answers():
                say(f"{program.name}: answers again")
                away.remove(program)


def stop_at_signals() -> threading.Event:
    """Return an event that Ctrl-C and the end of the terminal set."""
    stop = threading.Event()

    def handle(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), handle)
    return stop


def _on_loopback(
    show: Show, say: Say, stop: threading.Event, stack: ExitStack, programs: list[Program]
) -> Show:
    """Start dynalite and SeaweedFS; return the show with their store, lake and credentials."""
    folder = show.data / "loopback"
    environment = {**show.environment, **CREDENTIALS}
    dynamodb_port = _port("DynamoDB", _DYNAMODB_PORT, say)
    s3_port = _port("S3", _S3_PORT, say)
    say("DynamoDB and S3 start on this machine (the first time, npm installs dynalite) …")
    servers = [
        dynalite(show.home, folder / "dynamodb", environment, port=dynamodb_port),
        seaweedfs(folder / "s3", environment, port=s3_port, bucket=_BUCKET),
    ]
    for server in servers:
        programs.append(stack.enter_context(server))
        server.wait(stop)
    store = f"dynamodb://clicks?endpoint=http://127.0.0.1:{dynamodb_port}&region={REGION}"
    lake = f"s3://{_BUCKET}/lake?endpoint=http://127.0.0.1:{s3_port}&region={REGION}"
    if not stop.is_set():
        table = connect_dynamodb(store)
        table.create_table()
        table.close()
    say(f"DynamoDB: http://127.0.0.1:{dynamodb_port}, table clicks; S3: http://127.0.0.1:{s3_port}, {lake}")
    return msgspec.structs.replace(show, store=store, lake=lake, environment=environment)


def _start(show: Show, say: Say, stop: threading.Event, stack: ExitStack, programs: list[Program]) -> Stage:
    """Start collector and dashboards, and wait until both answer and a kernel is warm."""
    is_awaited = bool(show.public_url)  # a tunnel leads to this port, or phones know it
    collector_port = _port("collector", show.collector_port, say, host=show.collector_host, must=is_awaited)
    port = _port("dashboards", show.port, say, host=show.host, taken=collector_port)
    collector = f"http://{address(_near(show.collector_host), collector_port)}"
    page = f"http://{address(_near(show.host), port)}/"
    token = "" if show.host in _LOOPBACK_HOSTS else secrets.token_urlsafe(16)
    collecting = _collector(show, collector, collector_port)
    showing = _voila(show, page, port, collector, token)
    programs += [stack.enter_context(collecting), stack.enter_context(showing)]
    collecting.wait(stop)
    showing.wait(stop)
    say(f"collector: {collector}/clicks")
    say(f"audience page: {show.public_url or f'{collector}/'}")
    if token:
        say("the dashboards listen beyond this machine: only the token in their address opens them")
    query = f"?token={token}" if token else ""
    return Stage(page, query, collector, show.store, show.lake, collecting, programs)


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
    """Return the program of the dashboards; it answers when a kernel of the tracker is warm.

    The token goes by the environment: everyone on the machine can read the words of a command.
    """
    command = python("voila", ".", "--no-browser", f"--Voila.ip={show.host}", f"--port={port}")
    secret = {"JUPYTER_TOKEN": token} if token else {}
    log = show.log("voila")
    return Program(
        "voila",
        [*command, f"--Voila.auto_token={bool(token)}"],
        folder=show.dashboards,
        log=log,
        environment=show.told(CLICKKIT_COLLECTOR_URL=collector, **secret),
        answers=lambda: (
            _WARM in log.read_text(errors="replace") and answers_http(f"{page}voila/static/voila.js")
        ),
    )


def _audience(show: Show, stage: Stage, phones: int) -> Program:
    return Program(
        "audience",
        python("clickkit.cli", "audience", "--phones", str(phones), "--collector", stage.collector),
        folder=show.dashboards,
        log=show.log("audience"),
        environment=show.told(),
        answers=lambda: True,
    )


def _port(
    name: str, wanted: int, say: Say, *, host: str = "127.0.0.1", must: bool = False, taken: int = 0
) -> int:
    port = free_port(wanted, host=host, taken=[taken])
    if port != wanted and must:
        raise SettingsError(
            f"port {wanted} of the {name} is taken, and the public URL leads there: end what listens on it"
        )
    if port != wanted:
        say(f"{name}: port {wanted} is taken, {port} is used instead")
    return port


def _near(host: str) -> str:
    """Return the host by which this machine itself reaches what listens on `host`."""
    return _ANY_HOST.get(host, host)
