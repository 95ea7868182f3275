"""The schemas of a lake's parts held against each other: one that fits them all, or an error."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

from clickkit.errors import LakeError
from clickkit.event import SCHEMA
from clickkit.lake.files import Files

_READERS = 16


def one_schema(files: Files, parts: Sequence[str]) -> pa.Schema:
    """Return the schema of the parts together, read from their last bytes; a column, or a field of a
    struct, may be new in some.

    Raises:
        LakeError: a part is damaged, or one of its columns has another type than the event's field or,
            of a column that is no field, than in the parts before it.
    """
    read = partial(_schema, files, files.filesystem)
    kinds: dict[str, pa.DataType] = {}
    with ThreadPoolExecutor(_READERS) as executor:
        for path, schema in zip(parts, executor.map(read, parts), strict=True):
            for field in schema:
                known = kinds.get(field.name, field.type)
                wanted = SCHEMA.field(field.name).type if field.name in SCHEMA.names else known
                both = _together(known, field.type)
                if both is None or _together(wanted, field.type) is None:
                    raise LakeError(
                        f"{files.url}/{path} has the column {field.name} as {field.type}, not {wanted}: "
                        "export its day again, or read the days before and after it apart"
                    )
                kinds[field.name] = both
    return pa.schema(list(kinds.items()))


def is_within(field: pa.Field, schema: pa.Schema) -> bool:
    """Tell whether a schema has all of a field: its name, and its type or a struct with more fields."""
    kind = schema.field(field.name).type if field.name in schema.names else None
    return kind is not None and _together(kind, field.type) == kind


def _together(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """Return the type that holds both, structs with the fields of either; None when there is none."""
    if one == other or not (pa.types.is_struct(one) and pa.types.is_struct(other)):
        return one if one == other else None
    kinds = {field.name: field.type for field in one}
    for field in other:
        both = _together(kinds.get(field.name, field.type), field.type)
        if both is None:
            return None
        kinds[field.name] = both
    return pa.struct(list(kinds.items()))


def _schema(files: Files, filesystem: pyarrow.fs.FileSystem, path: str) -> pa.Schema:
    try:
        return pq.read_schema(files.locate(path), filesystem=filesystem).remove_metadata()
    except (pa.ArrowException, OSError) as error:
        raise LakeError(
            f"{files.url}/{path} is damaged or cannot be read: {error}; "
            "export the day of a damaged part again"
        ) from error
