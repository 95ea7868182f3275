"""A lake of many parts, copied into one with as few as are wanted."""

import datetime as dt
import os
from concurrent.futures import ThreadPoolExecutor

import pyarrow.parquet as pq

from clickkit.errors import LakeError
from clickkit.event import SCHEMA
from clickkit.lake.files import Files, open_files, parts_by_day, publish
from clickkit.lake.layout import MANIFEST, ROOT, Manifest, encode_manifest, part_name, partition
from clickkit.lake.part import write_part
from clickkit.merge import merge_sorted


def compact(lake: str | os.PathLike[str], target: str | os.PathLike[str]) -> int:
    """Copy every day of a lake into a new one, each as one part sorted by time; return the rows.

    The lake itself stays as it is: a reader of it could otherwise see a day twice for a moment. The copy has
    the bytes that an export with one part would have written.

    Raises:
        LakeError: there is no such lake, or the target has something already.
    """
    source, into = open_files(lake), open_files(target)
    days = parts_by_day(source)
    if into.parts(ROOT):
        raise LakeError(f"{into.url} has partitions already: name a new folder")
    return sum(_copy_day(source, into, day, paths) for day, paths in days.items())


def _copy_day(source: Files, into: Files, day: dt.date, paths: list[str]) -> int:
    folder = partition(day)
    opened = [file for path in paths if (file := source.open(path)) is not None]
    streams = [pq.ParquetFile(file).iter_batches() for file in opened]
    path = f"{folder}/{part_name(0)}"
    with ThreadPoolExecutor(len(streams)) as executor, into.replace(path, None) as file:
        batches = (batch.cast(SCHEMA) for batch in merge_sorted(streams, executor))
        part = write_part(part_name(0), batches, SCHEMA, file)
    columns = {field.name: str(field.type) for field in SCHEMA}
    publish(into, f"{folder}/{MANIFEST}", encode_manifest(Manifest(day, part.rows, [part], columns)))
    return part.rows
