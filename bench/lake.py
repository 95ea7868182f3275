"""Measure a question about one day of a long lake: the bytes read, and the time beside raw DuckDB's."""

import argparse
import datetime as dt
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from bench.servers import PROJECT
from clickkit import connect, export, read_lake, simulate
from clickkit.event import SCHEMA
from clickkit.lake.files import Files, open_files, publish
from clickkit.lake.layout import MANIFEST, encode_manifest, manifest_of, part_name, partition
from clickkit.lake.part import write_part

_FIRST = dt.date(2026, 1, 1)
_ROUNDS = 15
_SQL = """
select button, count(*) as clicks, count(distinct visitor_id) as visitors from {} group by all order by 2, 1
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a lake, ask one of its days, and print what was asked for and what was reached."""
    parser = argparse.ArgumentParser(prog="python -m bench.lake", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--days", type=int, default=365, help="days of the lake (365)")
    parser.add_argument("--rows", type=int, default=10_000_000, help="its rows (10,000,000)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=PROJECT / "data", prefix="bench-") as name:
        for line in _measure(Path(name), options.days, options.rows):
            print(line, flush=True)


def _measure(folder: Path, days: int, rows: int) -> Iterator[str]:
    lake = folder / "lake"
    _write_lake(lake, _one_day(folder, rows // days), days)
    paths = sorted(lake.rglob("*.parquet"))
    size = sum(path.stat().st_size for path in paths)
    yield f"lake: {days} days, {rows // days * days:,} rows, {size / 1e6:,.0f} MB"
    day = _FIRST + dt.timedelta(days=days // 2)
    path = lake / partition(day) / part_name(0)

    def ours() -> list[tuple[object, ...]]:
        return read_lake(lake, day, day).query("events", _SQL.format("events")).fetchall()

    def raw() -> list[tuple[object, ...]]:
        return duckdb.connect().sql(_SQL.format(f"read_parquet('{path}')")).fetchall()

    if ours() != raw():
        raise RuntimeError("the two answers differ")
    before = _bytes_read()
    ours()
    read = _bytes_read() - before
    yield f"  one day: {path.stat().st_size:,} bytes in the lake, {read:,} bytes read"
    took = [(_seconds(ours), _seconds(raw)) for _ in range(_ROUNDS)]
    here, there = (statistics.median(seconds) for seconds in zip(*took, strict=True))
    yield f"  read_lake {here * 1000:.1f} ms, raw DuckDB on the file {there * 1000:.1f} ms"
    yield f"  {'bytes read / bytes of the day':<44}  asked  ≤ 1.00   reached {read / path.stat().st_size:.2f}"
    yield f"  {'read_lake / raw DuckDB':<44}  asked  ≤ 3.00   reached {here / there:.2f}"


def _one_day(folder: Path, rows: int) -> pa.Table:
    """Return simulated clicks of the first day."""
    store, count, seed = connect(f"sqlite:///{folder}/clicks.db"), 0, 1
    while count < rows:
        events = list(simulate(_FIRST, _FIRST, visitors=2_000, seed=seed))[: rows - count]
        count, seed = count + store.put(events), seed + 1
    export(store, folder / "first", _FIRST, _FIRST)
    store.close()
    return read_lake(folder / "first").project(", ".join(SCHEMA.names)).to_arrow_table().cast(SCHEMA)


def _write_lake(lake: Path, first: pa.Table, days: int) -> None:
    """Write the same clicks again on every day, as an export would have written them."""
    files = open_files(lake)
    place = SCHEMA.get_field_index("timestamp")
    for number in range(days):
        later = pa.scalar(dt.timedelta(days=number), pa.duration("us"))
        moved = first.set_column(place, SCHEMA.field("timestamp"), pc.add(first["timestamp"], later))
        publish_day(files, _FIRST + dt.timedelta(days=number), moved)


def publish_day(files: Files, day: dt.date, events: pa.Table) -> None:
    """Write one day of a lake as an export would have written it."""
    folder = partition(day)
    with files.replace(f"{folder}/{part_name(0)}", None) as file:
        part = write_part(part_name(0), events.combine_chunks().to_batches(), SCHEMA, file)
    publish(files, f"{folder}/{MANIFEST}", encode_manifest(manifest_of(day, [part], SCHEMA)))


def _bytes_read() -> int:
    """Return how many bytes this process has read by system calls (Linux)."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("rchar:")).split()[1])


def _seconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
