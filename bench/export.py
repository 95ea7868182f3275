"""Measure the export against other ways of doing the same work, all in one run.

DynamoDB: the usual Lambda (boto3's Table.scan, pandas, to_parquet), awswrangler, and clickkit's export read
the same canned pages from one loopback server. SQLite: pandas.read_sql and to_parquet, and clickkit's export.
"""

import argparse
import contextlib
import datetime as dt
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from bench.dynamodb_pages import Page
from bench.servers import PROJECT, clean_environment, free_port, running, uvicorn_command
from clickkit import Event, connect, simulate
from clickkit.event import SHARDS, partition_key, shard_of
from clickkit.storage.attributes import to_attributes

_DAY = dt.date(2026, 11, 20)
_PAGE_ITEMS = 1_150  # about 1 MB of JSON
_SIMULATED_VISITORS = 4_000
_KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "eu-north-1"}


class Took(msgspec.Struct, frozen=True):
    """What one way took."""

    seconds: float
    peak_mib: float
    parquet_bytes: int


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the bench and print what was asked for and what was reached."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.export", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--items", type=int, default=200_000, help="items in DynamoDB (200,000)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="events in SQLite (1,000,000)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=PROJECT / "data", prefix="bench-") as name:
        folder = Path(name)
        python = _python_with_awswrangler()
        for line in _from_dynamodb(folder, options.items, python):
            print(line, flush=True)
        for line in _from_sqlite(folder, options.rows):
            print(line, flush=True)


def _from_dynamodb(folder: Path, items: int, wrangler: str) -> Iterator[str]:
    count, size = _write_pages(folder / "pages", items)
    yield f"DynamoDB: {count:,} items of one day, {size / count:,.0f} bytes of DynamoDB's JSON each"
    port = free_port()
    environment = {"PAGES": str(folder / "pages")}
    with running(
        uvicorn_command("bench.dynamodb_pages:app", port), folder / "server", port, environment
    ) as server:
        usual = _run(sys.executable, "boto3", server.url, folder)
        yield _line("boto3 Table.scan + pandas", usual)
        other = _run(wrangler, "awswrangler", server.url, folder)
        yield _line("awswrangler", other)
        ours = _run(sys.executable, "ours", server.url, folder)
        yield _line("ours", ours)
    yield _asked("the usual Lambda / ours", "≥ 20", usual.seconds / ours.seconds)
    yield _asked("awswrangler / ours", "≥ 15", other.seconds / ours.seconds)
    least = min(usual.peak_mib, other.peak_mib)
    yield _asked("peak memory: ours / the smaller of the two", "≤ 0.33", ours.peak_mib / least)
    smaller = min(usual.parquet_bytes, other.parquet_bytes)
    yield _asked("Parquet: ours / the smaller of the two", "≤ 1.00", ours.parquet_bytes / smaller)


def _from_sqlite(folder: Path, rows: int) -> Iterator[str]:
    database = folder / "clicks.db"
    store = connect(f"sqlite:///{database}")
    count = 0
    for events in _clicks(rows):
        count += store.put(events)
    store.close()
    database.with_suffix(".columns").write_text(json.dumps(_columns()))
    yield f"SQLite: {count:,} events of one day"
    pandas = _run(sys.executable, "pandas", str(database), folder)
    yield _line("pandas.read_sql + to_parquet", pandas)
    ours = _run(sys.executable, "ours-sqlite", str(database), folder)
    yield _line("ours", ours)
    yield _asked("pandas / ours", "≥ 4", pandas.seconds / ours.seconds)


def _clicks(number: int) -> Iterator[list[Event]]:
    """Yield simulated clicks of one day, in lists, by seeds that follow each other."""
    made, seed = 0, 1
    while made < number:
        events = list(simulate(_DAY, _DAY, visitors=_SIMULATED_VISITORS, seed=seed))[: number - made]
        yield events
        made, seed = made + len(events), seed + 1


def _write_pages(path: Path, items: int) -> tuple[int, int]:
    """Write the pages that the server answers with, and return the items and their bytes."""
    shards: list[list[tuple[str, bytes]]] = [[] for _ in range(SHARDS)]
    for events in _clicks(items):
        for event in events:
            item = msgspec.json.encode(to_attributes(event))
            shards[shard_of(event.id)].append((event.key[1], item))
    with path.open("wb") as file:
        for shard, content in enumerate(shards):
            content.sort()
            for page in _pages(partition_key(_DAY, shard), content):
                file.write(msgspec.json.encode(page) + b"\n")
    return sum(map(len, shards)), sum(len(item) for content in shards for _, item in content)


def _pages(pk: str, content: list[tuple[str, bytes]]) -> Iterator[Page]:
    for start in range(0, len(content), _PAGE_ITEMS):
        part = content[start : start + _PAGE_ITEMS]
        last = {"pk": {"S": pk}, "sk": {"S": part[-1][0]}}
        yield Page(pk, msgspec.Raw(b"[" + b",".join(item for _, item in part) + b"]"), len(part), last)


def _columns() -> list[str]:
    """Return the paths of an item's values, as SQLite's JSON functions name them."""
    plain = [
        "id",
        "event",
        "button",
        "timestamp",
        "pageUrl",
        "visitorId",
        "sessionId",
        "sequence",
        "receivedAt",
    ]
    device = [
        f"device.{name}" for name in ("type", "platform", "platformVersion", "browser", "browserVersion")
    ]
    place = [f"location.{name}" for name in ("city", "country", "countryCode", "latitude", "longitude")]
    return [*plain, *device, *place, "screen.width", "screen.height", "language", "timezone", "properties"]


def _run(python: str, way: str, source: str, folder: Path) -> Took:
    command = [python, "-m", "bench.exporters", way, source, str(folder / way)]
    environment = clean_environment() | _KEYS
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{way} failed: {done.stderr[-2000:]}")
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Took)


def _python_with_awswrangler() -> str:
    """Return the interpreter of an environment of its own: awswrangler pins versions that we do not."""
    folder = PROJECT / "data" / "bench-awswrangler"
    python = folder / "bin" / "python"
    if not python.exists():
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", str(folder)], check=True)
        subprocess.run(
            [*uv, "pip", "install", "--quiet", "--python", str(python), "awswrangler>=3.17"], check=True
        )
    return str(python)


def _line(name: str, took: Took) -> str:
    size = took.parquet_bytes / 1e6
    return f"  {name:<32} {took.seconds:>8.2f} s   peak {took.peak_mib:>7,.0f} MiB   Parquet {size:>7.1f} MB"


def _asked(what: str, asked: str, reached: float) -> str:
    return f"  {what:<45} asked {asked:>7}   reached {reached:.2f}"


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
