"""Ways to bring a table into Parquet, each run as a process: `python -m bench.exporters WAY ENDPOINT FOLDER`.

It prints the seconds, the peak of its memory and the rows and bytes of what it wrote, as JSON.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path


def _boto3(endpoint: str, folder: Path) -> None:
    """The usual Lambda: Table.scan through boto3's resource, pandas, to_parquet."""
    import boto3  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    table = boto3.resource("dynamodb", endpoint_url=endpoint, region_name="eu-north-1").Table("clicks")
    page = table.scan()
    items = page["Items"]
    while "LastEvaluatedKey" in page:
        page = table.scan(ExclusiveStartKey=page["LastEvaluatedKey"])
        items += page["Items"]
    pd.DataFrame(items).to_parquet(folder / "clicks.parquet")


def _awswrangler(endpoint: str, folder: Path) -> None:
    """awswrangler's read_items, to_parquet."""
    import awswrangler as wr  # noqa: PLC0415
    import boto3  # noqa: PLC0415

    wr.config.dynamodb_endpoint_url = endpoint
    session = boto3.Session(region_name="eu-north-1")
    frame = wr.dynamodb.read_items("clicks", allow_full_scan=True, boto3_session=session)
    frame.to_parquet(folder / "clicks.parquet")


def _ours(endpoint: str, folder: Path) -> None:
    """clickkit's export of the day."""
    from clickkit import connect, export  # noqa: PLC0415

    store = connect(f"dynamodb://clicks?endpoint={endpoint}&region=eu-north-1")
    export(store, folder, "2026-11-20", "2026-11-20")


def _pandas(database: str, folder: Path) -> None:
    """pandas.read_sql of the same columns from SQLite, to_parquet."""
    import sqlite3  # noqa: PLC0415

    import pandas as pd  # noqa: PLC0415

    names = json.loads((Path(database).with_suffix(".columns")).read_text())
    columns = ", ".join(f"item->>'$.{path}' as \"{path}\"" for path in names)
    connection = sqlite3.connect(database)
    frame = pd.read_sql(f"select {columns} from events order by 4, 1", connection)
    frame.to_parquet(folder / "clicks.parquet")


def _ours_sqlite(database: str, folder: Path) -> None:
    """clickkit's export of the day from SQLite."""
    from clickkit import connect, export  # noqa: PLC0415

    export(connect(f"sqlite:///{database}"), folder, "2026-11-20", "2026-11-20")


WAYS: dict[str, Callable[[str, Path], None]] = {
    "boto3": _boto3,
    "awswrangler": _awswrangler,
    "ours": _ours,
    "pandas": _pandas,
    "ours-sqlite": _ours_sqlite,
}


def main() -> None:
    """Run one way and say what it took."""
    way, source, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    folder.mkdir()
    began = time.perf_counter()
    WAYS[way](source, folder)
    seconds = time.perf_counter() - began
    status = Path("/proc/self/status").read_text()  # getrusage counts what the parent had before exec, too
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    size = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
    print(json.dumps({"seconds": seconds, "peak_mib": peak, "parquet_bytes": size}))


if __name__ == "__main__":
    main()
