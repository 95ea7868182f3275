"""Ask every question of Spark on this machine and of DuckDB: the same numbers, and how long each took."""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.asked import all_questions, difference
from bench.lake import publish_day
from bench.local_spark import local_spark, rows_of
from bench.servers import PROJECT
from clickkit import connect, export, read_lake, statement
from clickkit.capture.file_import import import_file, parse_ndjson
from clickkit.event import SCHEMA
from clickkit.lake.files import open_files
from clickkit.storage.store import Store

SAMPLE = PROJECT / "data" / "sample.ndjson"
FIRST, LAST = "2026-10-26", "2026-11-22"

_EVENTS = 1_000_000
_COPIES = """
select
    events.* exclude (year, month, day) replace (
        id || '-' || copy as id,
        visitor_id || '-' || copy as visitor_id,
        session_id || '-' || copy as session_id,
        timestamp + to_microseconds(copy) as timestamp,
        duration_ms * (1 + copy / 1000) as duration_ms
    )
from events
cross join range({copies}) as copies(copy)
where make_date(year, month, day) = '{day}'
order by timestamp, id
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a lake, ask every question of both, and print what was asked for and what was reached."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.engines", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--events", type=int, default=_EVENTS, help=f"events in the lake ({_EVENTS:,})")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=PROJECT / "data", prefix="bench-") as name:
        for line in compare(Path(name), options.events):
            print(line, flush=True)


def compare(folder: Path, events: int) -> Iterator[str]:
    """Write a lake of at least so many events, and yield what is printed of each question."""
    sample, lake = folder / "sample", folder / "lake"
    write_sample(sample).close()
    written = write_copies(sample, lake, events)
    yield f"lake: {written:,} events; seconds of DuckDB and of Spark, local[2]"
    same = asked = 0
    with local_spark(folder) as spark:
        spark.read.parquet(str(lake / "clicks")).createOrReplaceTempView("events")
        for name, metric in all_questions():
            began = time.perf_counter()
            here = metric(read_lake(lake)).fetchall()
            between = time.perf_counter()
            there = rows_of(spark.sql(statement(metric, "spark")))
            took = between - began, time.perf_counter() - between
            differs = difference(there, here)
            asked, same = asked + 1, same + (differs is None)
            yield f"  {name:<34} {took[0]:6.2f} {took[1]:6.2f}   {differs or f'same {len(here):,} rows'}"
    yield f"the same on both: asked {asked} of {asked}, reached {same}"


def write_sample(lake: Path) -> Store:
    """Export the sample of the notebooks, four weeks of a shop, and return the store that it came from."""
    store = connect(f"sqlite:///{lake.parent / 'sample.db'}")
    import_file(SAMPLE, parse_ndjson, store, reject=print)
    export(store, lake, FIRST, LAST)
    return store


def write_copies(sample: Path, lake: Path, events: int) -> int:
    """Write copies of a sample's events, with ids of their own, until they are so many; return how many."""
    found, files = read_lake(sample), open_files(lake)
    ((rows,),) = found.count("id").fetchall()
    copies = -(-events // rows)
    days = found.query(
        "events", "select distinct make_date(year, month, day) as day from events order by day"
    )
    for (day,) in days.fetchall():
        copied = found.query("events", _COPIES.format(copies=copies, day=day))
        publish_day(files, day, copied.to_arrow_table().cast(SCHEMA))
    return rows * copies


if __name__ == "__main__":
    main()
