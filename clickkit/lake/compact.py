"""A lake of many parts, copied into one with as few as are wanted."""

import datetime as dt
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pyarrow as pa
import pyarrow.parquet as pq

from clickkit.errors import LakeError
from clickkit.event import SCHEMA
from clickkit.lake.files import Files, open_files, parts_by_day, publish
from clickkit.lake.layout import MANIFEST, ROOT, encode_manifest, manifest_of, part_name, partition
from clickkit.lake.part import write_part
from clickkit.lake.receipts import RECEIPTS
from clickkit.lake.schemas import is_within, one_schema
from clickkit.merge import merge_sorted


def compact(lake: str | os.PathLike[str], target: str | os.PathLike[str]) -> int:
    """Copy every day of a lake into a new one, each as one part sorted by time; return the rows.

    The lake itself stays as it is: a reader of it could otherwise see a day twice for a moment. The copy has
    the bytes that an export with one part would have written. Receipts of erasures are copied as they are.

    Raises:
        LakeError: there is no such lake, a part is damaged or has a column that events do not have, or the
            target has something already.
    """
    source, into = open_files(lake), open_files(target)
    days = parts_by_day(source)
    if into.parts(ROOT):
        raise LakeError(f"{into.url} has partitions already: name a new folder")
    for field in one_schema(source, [path for paths in days.values() for path in paths]):
        if not is_within(field, SCHEMA):
            raise LakeError(
                f"lake {source.url} has the column {field.name} as {field.type}, which events do not have: "
                "a copy would lose it"
            )
    rows = sum(_copy_day(source, into, day, paths) for day, paths in days.items())
    for path in source.names(RECEIPTS):
        publish(into, path, source.read(path) or b"")
    return rows


def _copy_day(source: Files, into: Files, day: dt.date, paths: list[str]) -> int:
    folder = partition(day)
    with ExitStack() as stack:
        streams = [_batches(source, path, stack) for path in paths]
        executor = stack.enter_context(ThreadPoolExecutor(len(streams)))
        file = stack.enter_context(into.replace(f"{folder}/{part_name(0)}", None))
        part = write_part(part_name(0), merge_sorted(streams, executor), SCHEMA, file)
    publish(into, f"{folder}/{MANIFEST}", encode_manifest(manifest_of(day, [part], SCHEMA)))
    return part.rows


def _batches(source: Files, path: str, stack: ExitStack) -> Iterator[pa.RecordBatch]:
    """Yield a part's rows with all columns of an event, null where the part has none."""
    try:
        if (file := source.open(path)) is None:
            raise LakeError(f"{source.url}/{path} went away: run it again")
        parquet = stack.enter_context(pq.ParquetFile(stack.enter_context(file)))
        for batch in parquet.iter_batches():
            rows = batch.to_struct_array().cast(pa.struct(list(SCHEMA)))
            yield pa.RecordBatch.from_struct_array(rows).cast(SCHEMA)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise LakeError(f"{source.url}/{path} cannot be copied: {error}") from error
