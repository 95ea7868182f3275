"""One visitor taken out of a day of a lake; all other rows, and all other days, keep their bytes."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clickkit.errors import ChangedError, LakeError
from clickkit.lake.digest import day_digest
from clickkit.lake.files import Files
from clickkit.lake.layout import MANIFEST, Part, decode_manifest, encode_manifest, manifest_of, partition
from clickkit.lake.part import ROW_GROUP_ROWS, write_part
from clickkit.lake.receipts import ErasedDay
from clickkit.lake.schemas import one_schema

_ATTEMPTS = 5
_VISITOR = "visitor_id"
_PIECE_BYTES = 1 << 20


def count_rows(files: Files, day: dt.date, visitor_id: str) -> int:
    """Return how many rows of a day are a visitor's.

    Raises:
        LakeError: a part is damaged or cannot be read.
    """
    return sum(_count(files, path, visitor_id) for path in files.parts(partition(day)))


def erase_rows(files: Files, day: dt.date, visitor_id: str, note: Callable[[ErasedDay], Any]) -> None:
    """Rewrite the parts of a day that have rows of a visitor without these; a part may be left empty.

    `note` hears what is about to be done, before it is. The manifest goes first: when a run is killed behind
    it, the parts still have the visitor, so the next run finds them and finishes. Each file takes its place
    only if it was not changed meanwhile, else the day is begun again: an export at the same time loses no
    click.

    Raises:
        LakeError: a part or the manifest is damaged or cannot be read, or the lake cannot be written.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return _erase_once(files, day, visitor_id, note)
        except ChangedError:
            continue
    return _erase_once(files, day, visitor_id, note)


def _erase_once(files: Files, day: dt.date, visitor_id: str, note: Callable[[ErasedDay], Any]) -> None:
    folder = partition(day)
    path = f"{folder}/{MANIFEST}"
    version, paths = files.version(path), files.parts(folder)
    theirs = [part for part in paths if _count(files, part, visitor_id)]
    if not theirs:
        return
    parts: list[tuple[Part, Part]] = []
    with ExitStack() as publishing:
        for part in paths:
            expected = files.version(part)
            old = new = _describe(files, part)
            if part in theirs:
                file = publishing.enter_context(files.replace(part, expected))
                new = _write_others(files, part, visitor_id, file)
            parts.append((old, new))
        parts = _described(files, path, parts)
        schema = one_schema(files, paths)
        before, after = (manifest_of(day, list(side), schema) for side in zip(*parts, strict=True))
        note(ErasedDay(before.rows, after.rows, day_digest(before), day_digest(after)))
        with files.replace(path, version) as file:
            file.write(encode_manifest(after))


def _described(files: Files, manifest: str, parts: Sequence[tuple[Part, Part]]) -> list[tuple[Part, Part]]:
    """Return those parts that the manifest names; without a manifest all of them."""
    content = files.read(manifest)
    if content is None:
        return list(parts)
    named = {part.name for part in decode_manifest(content, manifest).parts}
    return [(old, new) for old, new in parts if old.name in named]


def _describe(files: Files, path: str) -> Part:
    """Return what a manifest should say of a part."""
    with _opened(files, path) as file:
        digest, size = hashlib.sha256(), 0
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
            size += len(piece)
        file.seek(0)
        rows = pq.ParquetFile(file).metadata.num_rows
    return Part(path.rpartition("/")[2], rows, size, digest.hexdigest())


def _count(files: Files, path: str, visitor_id: str) -> int:
    """Return how many rows of a part are a visitor's, reading that one column."""
    with _opened(files, path) as file:
        parquet = pq.ParquetFile(file)
        if _VISITOR not in parquet.schema_arrow.names:
            return 0
        batches = parquet.iter_batches(columns=[_VISITOR])
        return sum(pc.sum(pc.equal(batch[_VISITOR], visitor_id)).as_py() or 0 for batch in batches)


def _write_others(files: Files, path: str, visitor_id: str, into: IO[bytes]) -> Part:
    """Write a part anew without a visitor: the bytes that an export of the other rows would have written."""
    with _opened(files, path) as file:
        parquet = pq.ParquetFile(file)
        schema = parquet.schema_arrow.remove_metadata()
        batches = (
            pa.RecordBatch.from_arrays(_others(batch, visitor_id).columns, schema=schema)
            for batch in parquet.iter_batches(batch_size=ROW_GROUP_ROWS)
        )
        return write_part(path.rpartition("/")[2], batches, schema, into)


def _others(batch: pa.RecordBatch, visitor_id: str) -> pa.RecordBatch:
    theirs = pc.fill_null(pc.equal(batch[_VISITOR], visitor_id), False)
    return batch.filter(pc.invert(theirs))


@contextmanager
def _opened(files: Files, path: str) -> Iterator[pa.NativeFile]:
    """Open a part; one that was changed while it was read is no damaged one."""
    version = files.version(path)
    try:
        if (file := files.open(path)) is None:
            raise ChangedError(f"{files.url}/{path} went away: run it again")
        with file:
            yield file
    except (pa.ArrowException, OSError) as error:
        if files.version(path) != version:
            raise ChangedError(f"{files.url}/{path} was changed meanwhile: run it again") from error
        raise LakeError(
            f"{files.url}/{path} is damaged, or cannot be read or written anew: {error}; export the day of a "
            "damaged part again, then forget again"
        ) from error
