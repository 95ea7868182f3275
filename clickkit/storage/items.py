"""Stored items, as lines of JSON, into Arrow."""

import pyarrow as pa
import pyarrow.json

from clickkit.event import ITEM_SCHEMA, SCHEMA

JSON_MEMORY = pa.system_memory_pool()
"""Where JSON is parsed: Arrow's usual pool keeps what many short-lived columns left, twice their size."""

_BLOCK_BYTES = 1 << 20
_options = pyarrow.json.ParseOptions(explicit_schema=ITEM_SCHEMA, unexpected_field_behavior="ignore")


def items_to_batch(lines: bytes) -> pa.RecordBatch:
    """Parse stored items, given as lines of JSON, into one Arrow record batch of `SCHEMA`."""
    if not lines:
        return pa.RecordBatch.from_pylist([], SCHEMA)
    read_options = pyarrow.json.ReadOptions(block_size=min(len(lines) + 1, _BLOCK_BYTES))
    table = pyarrow.json.read_json(pa.BufferReader(lines), read_options, _options, JSON_MEMORY)
    table = table.combine_chunks()
    columns = [_renamed(table.column(i).chunk(0), field.type) for i, field in enumerate(SCHEMA)]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def _renamed(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Give a struct array the field names of `kind`; leave every other array as it is."""
    if not pa.types.is_struct(kind):
        return array
    return pa.StructArray.from_arrays(array.flatten(), fields=list(kind), mask=array.is_null())
