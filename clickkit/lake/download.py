"""Events as one file to take away: CSV or Parquet, made piece by piece, so that no file is ever held."""

import io
from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

_PARTITION_COLUMNS = ("year", "month", "day")
_CSV_ROWS = 16_384
_PARQUET_ROWS = 65_536
_FORMULA = r"^[=+\-@\t\r\n''＝＋－＠]"  # noqa: RUF001 (a spreadsheet takes the wide ones, too)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def parquet_pieces(events: duckdb.DuckDBPyRelation) -> Iterator[bytes]:
    """Yield a Parquet file of events: the columns of the lake's parts, compressed by zstd."""
    batches = events.project(", ".join(map(_quoted, _columns(events)))).to_arrow_reader(_PARQUET_ROWS)
    piece = _Piece()
    with pq.ParquetWriter(piece, batches.schema, compression="zstd") as writer:
        for table in _gather(batches, _PARQUET_ROWS):
            writer.write_table(table)
            yield piece.take()
    yield piece.take()


def csv_pieces(events: duckdb.DuckDBPyRelation) -> Iterator[bytes]:
    """Yield a CSV file of events, UTF-8 with the mark by which spreadsheets know it.

    A struct is a column for each of its fields, `device.browser`; times are ISO 8601 in UTC; an absent value
    is an empty cell without quotes. Text that begins with = + - @, a tab, a line break or ' has a ' put in
    front, so that no spreadsheet takes it for a formula; taking one ' off gives it back.
    """
    schema = events.limit(0).to_arrow_table().schema
    cells = [cell for name in _columns(events) for cell in _cells(schema.field(name), _quoted(name), name)]
    batches = events.project(", ".join(cells)).to_arrow_reader(_CSV_ROWS)
    piece = _Piece()
    piece.write(_BYTE_ORDER_MARK)
    with pa.csv.CSVWriter(piece, batches.schema) as writer:
        for table in _gather(batches, _CSV_ROWS):
            writer.write_table(table)
            yield piece.take()
    yield piece.take()


def _gather(batches: pa.RecordBatchReader, rows: int) -> Iterator[pa.Table]:
    """Yield the batches in tables of some rows or more: the reader cuts them at the end of every part."""
    gathered: list[pa.RecordBatch] = []
    for batch in batches:
        gathered.append(batch)
        if sum(one.num_rows for one in gathered) >= rows:
            yield pa.Table.from_batches(gathered)
            gathered = []
    if gathered:
        yield pa.Table.from_batches(gathered)


def _columns(events: duckdb.DuckDBPyRelation) -> list[str]:
    """Return the columns but those of the partition, which `timestamp` says already."""
    return [name for name in events.columns if name not in _PARTITION_COLUMNS]


def _cells(field: pa.Field, value: str, name: str) -> Iterator[str]:
    """Yield the SQL of a column's cells: one, or those of each field of a struct."""
    if pa.types.is_struct(field.type):
        for inner in field.type:
            key = inner.name.replace("'", "''")
            yield from _cells(inner, f"struct_extract({value}, '{key}')", f"{name}.{inner.name}")
    elif pa.types.is_timestamp(field.type):
        yield f"strftime({value}, '%Y-%m-%dT%H:%M:%S.%fZ') as {_quoted(name)}"
    elif (
        pa.types.is_boolean(field.type) or pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
    ):
        yield f"{value} as {_quoted(name)}"
    else:
        text = f"cast({value} as varchar)"
        harmless = f"case when regexp_matches({text}, '{_FORMULA}') then concat('''', {text}) else {text} end"
        yield f"{harmless} as {_quoted(name)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class _Piece(io.RawIOBase):
    """A file that is written to, and whose content is taken away between two writes."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def write(self, content: "bytes | memoryview") -> int:  # type: ignore[override]
        taken = bytes(content)
        self._written.append(taken)
        self._position += len(taken)
        return len(taken)

    def tell(self) -> int:
        return self._position

    def take(self) -> bytes:
        """Return what was written since the last call."""
        taken, self._written = b"".join(self._written), []
        return taken
