"""From the lake to a relation."""

import os
from collections.abc import Sequence

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from clickkit.errors import LakeError
from clickkit.lake.files import Files, open_files, parts_by_day
from clickkit.lake.layout import ROOT, Day, as_day, days_between, partition
from clickkit.lake.local_files import LocalFiles
from clickkit.lake.schemas import one_schema

_READ_PARTS = """
select
    * exclude (part_path),
    cast(regexp_extract(part_path, '/year=(\\d+)/month=\\d+/day=\\d+/[^/]+$', 1) as int) as year,
    cast(regexp_extract(part_path, '/month=(\\d+)/day=\\d+/[^/]+$', 1) as int) as month,
    cast(regexp_extract(part_path, '/day=(\\d+)/[^/]+$', 1) as int) as day
from read_parquet(?, union_by_name = true, hive_partitioning = false, filename = 'part_path')
"""
_PARTITION_COLUMNS = pa.schema([("year", pa.int32()), ("month", pa.int32()), ("day", pa.int32())])


def read_lake(
    lake: str | os.PathLike[str],
    since: Day | None = None,
    until: Day | None = None,
    *,
    columns: Sequence[str] | None = None,
) -> duckdb.DuckDBPyRelation:
    """Return the events of a lake as a lazy DuckDB relation, times in UTC.

    Only the partitions from `since` to `until` (UTC days, both included; None: as far as the lake
    goes) are touched. The columns are those of `event.SCHEMA` and `year`, `month`, `day`; with `columns`
    only the named ones, in that order, and no others are read. A column that an older partition lacks is
    null there. `.df()` and `.to_arrow_table()` turn the relation into pandas and Arrow, `.arrow()` into
    a reader of Arrow's batches; `.query("events", sql)` asks it in SQL.

    Raises:
        LakeError: there is no such lake, it has nothing in that range, a part is damaged or has a column
            of another type, or a column does not exist.
        SettingsError: a day or the lake's URL cannot be understood.
    """
    files = open_files(lake)
    parts = _parts(files, since, until)
    schema = one_schema(files, parts)
    names = _names(files, schema, columns)
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    try:
        events = _open(connection, files, [files.locate(path) for path in parts], schema)
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise LakeError(
            f"lake {files.url} cannot be read: {error}; export the day of a damaged part again"
        ) from error
    return events.project(", ".join(f'"{name}"' for name in names)) if names else events


def _names(files: Files, schema: pa.Schema, columns: Sequence[str] | None) -> list[str] | None:
    """Return the columns that are wanted, each once; None: all."""
    if columns is None:
        return None
    there = [*schema.names, *_PARTITION_COLUMNS.names]
    unknown = [name for name in columns if name not in there]
    if unknown or not columns:
        asked = f"no column {', '.join(unknown)}" if unknown else "columns, but none was named"
        raise LakeError(f"lake {files.url} has {asked}: choose from {', '.join(there)}")
    return list(dict.fromkeys(columns))


def _open(
    connection: duckdb.DuckDBPyConnection, files: Files, paths: list[str], schema: pa.Schema
) -> duckdb.DuckDBPyRelation:
    if isinstance(files, LocalFiles):
        return connection.sql(_READ_PARTS, params=[paths])
    return connection.from_arrow(
        ds.dataset(
            paths,
            pa.schema([*schema, *_PARTITION_COLUMNS]),
            filesystem=files.filesystem,
            format="parquet",
            partitioning=ds.partitioning(_PARTITION_COLUMNS, flavor="hive"),
            partition_base_dir=files.locate(ROOT),
        )
    )


def _parts(files: Files, since: Day | None, until: Day | None) -> list[str]:
    """Return the Parquet files of the days asked for, listing only those days when both are given."""
    if since is not None and until is not None:
        found = [path for day in days_between(since, until) for path in files.parts(partition(day))]
        if found:
            return found
    everything = parts_by_day(files)
    first = as_day(since) if since is not None else min(everything)
    last = as_day(until) if until is not None else max(everything)
    parts = [path for day, paths in everything.items() if first <= day <= last for path in paths]
    if not parts:
        asked = [f"{word} {day}" for word, day in (("since", since), ("until", until)) if day is not None]
        raise LakeError(
            f"lake {files.url} has nothing {' '.join(asked)}: it holds {min(everything)} to {max(everything)}"
        )
    return parts
