"""What is measured: the ceiling, the collector on each of its stores, and the Express service."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import msgspec

from bench.servers import (
    PROJECT,
    Server,
    clean_environment,
    free_port,
    node_command,
    running,
    uvicorn_command,
)

CEILING = "ceiling"
CEILING_ON_OURS = "ceiling, our server"
SQLITE = "ours, SQLite"
STUB = "ours, stub"
DYNALITE = "ours, dynalite"
EXPRESS = "Express, dynalite"
EXPRESS_STUB = "Express, stub"

DATABASE = Path("sqlite") / "clicks.db"
_REGION = "eu-north-1"
_KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


class Subject(msgspec.Struct, frozen=True):
    """One service under load; `takes_batches` when one request may carry many clicks."""

    name: str
    server: Server
    takes_batches: bool = True


def start_all(stack: ExitStack, folder: Path) -> list[Subject]:
    """Start every service, each with a store of its own; the stack ends them."""
    stub = _start_asgi(stack, "bench.dynamodb_stub:app", folder / "stub")
    return [
        Subject(CEILING, _start_asgi(stack, "bench.ceiling:app", folder / "ceiling")),
        Subject(CEILING_ON_OURS, _start_ceiling(stack, folder / "ceiling-on-ours")),
        Subject(SQLITE, start_ours(stack, folder / "sqlite", f"sqlite:///{folder / DATABASE}")),
        Subject(STUB, start_ours(stack, folder / "ours-stub", _store_url(stub))),
        Subject(
            DYNALITE, start_ours(stack, folder / "ours", _store_url(start_dynalite(stack, folder / "a")))
        ),
        Subject(
            EXPRESS, _start_express(stack, folder / "express", start_dynalite(stack, folder / "b")), False
        ),
        Subject(EXPRESS_STUB, _start_express(stack, folder / "express-stub", stub), False),
    ]


def start_ours(stack: ExitStack, folder: Path, store_url: str) -> Server:
    """Start `clickkit serve` on a store, in a folder of its own."""
    port = free_port()
    command = [sys.executable, "-m", "clickkit.cli", "serve", "--store", store_url, "--port", str(port)]
    return stack.enter_context(running(command, folder, port, _KEYS))


def _start_ceiling(stack: ExitStack, folder: Path) -> Server:
    port = free_port()
    command = [sys.executable, "-m", "bench.ceiling", "--port", str(port)]
    return stack.enter_context(running(command, folder, port))


def _start_asgi(stack: ExitStack, app: str, folder: Path) -> Server:
    port = free_port()
    return stack.enter_context(running(uvicorn_command(app, port), folder, port))


def start_dynalite(stack: ExitStack, folder: Path) -> Server:
    """Start dynalite, in memory, with the table that a store needs."""
    port = free_port()
    script = PROJECT / "deploy" / "node" / "node_modules" / "dynalite" / "cli.js"
    command = [*node_command(script), "--host", "127.0.0.1", "--port", str(port), "--createTableMs", "10"]
    server = stack.enter_context(running(command, folder, port))
    table = [sys.executable, "-m", "clickkit.cli", "table", "create", "--store", _store_url(server)]
    subprocess.run(table, env=clean_environment() | _KEYS, stdout=subprocess.DEVNULL, check=True)
    return server


def _start_express(stack: ExitStack, folder: Path, dynamodb: Server) -> Server:
    port = free_port()
    command = node_command(PROJECT / "bench" / "express" / "server.js")
    environment = {"PORT": str(port), "ENDPOINT": dynamodb.url}
    return stack.enter_context(running(command, folder, port, environment))


def _store_url(dynamodb: Server) -> str:
    return f"dynamodb://clicks?endpoint={dynamodb.url}&region={_REGION}"
