"""Events taken away in one file are those of the lake."""

import csv
import datetime as dt
import io

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from clickkit import Location, Screen, export, read_lake, simulate
from clickkit.event import SCHEMA
from clickkit.lake.download import csv_pieces, parquet_pieces

DAY = dt.date(2026, 11, 22)
FORMULAS = ["=1+1", "+1", "-1", "@sum(a)", "\t=1", "\r=1", "\n=1", "'=1", "＝1"]  # noqa: RUF001
HARMLESS = ["a=1", 'say "hi", all', "two\nlines", "Ærø 你好 🎉 \u202eabc", "null", "", " =1"]


@pytest.fixture
def lake_of(sqlite_store, tmp_path):
    """Return a function that makes a lake of events and reads it."""

    def lake_of(events):
        sqlite_store.put(events)
        export(sqlite_store, tmp_path / "lake", DAY - dt.timedelta(2), DAY)
        return read_lake(tmp_path / "lake")

    return lake_of


def rows_of(content):
    """Return the rows of a CSV file as dicts, read by Python's own reader."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_parquet_is_the_lake(lake_of):
    """The columns, types, rows and order of the parts, and none of the partition's columns."""
    events = lake_of(list(simulate(DAY - dt.timedelta(2), DAY, visitors=20)))

    taken = pq.read_table(io.BytesIO(b"".join(parquet_pieces(events))))

    assert taken.schema == SCHEMA
    assert taken == events.project(", ".join(SCHEMA.names)).to_arrow_table()


def test_csv_has_a_cell_for_every_field(lake_of, make_event):
    """Structs are flattened with dots, times are ISO 8601 in UTC, and what is absent is empty."""
    zone = dt.timezone(dt.timedelta(hours=5, minutes=30))
    (row,) = rows_of(
        b"".join(
            csv_pieces(
                lake_of(
                    [
                        make_event(
                            timestamp=dt.datetime(2026, 11, 22, 10, 30, 0, 120_000, tzinfo=zone),
                            location=Location(
                                city="São Paulo", country="Brazil", latitude=-23.5, longitude=-46.6
                            ),
                            screen=Screen(width=390, height=844),
                            sequence=7,
                            variants={"price": "b"},
                        )
                    ]
                )
            )
        )
    )

    structs = ("device", "location", "screen")
    flat = [[f"{f.name}.{inner.name}" for inner in f.type] if f.name in structs else [f.name] for f in SCHEMA]
    assert list(row) == [name for names in flat for name in names]
    assert row["timestamp"] == "2026-11-22T05:00:00.120000Z"
    assert (row["location.city"], row["location.longitude"]) == ("São Paulo", "-46.6")
    assert (row["screen.width"], row["sequence"], row["variants"]) == ("390", "7", '{"price":"b"}')
    assert row["device.browser"] == "Mobile Safari"
    assert row["device.is_bot"] == row["referrer"] == row["sent_at"] == ""


def test_no_text_is_a_formula_and_each_comes_back(lake_of, make_event):
    """Taking one ' off the front gives back what the lake has; other text is as it was."""
    texts = FORMULAS + HARMLESS
    events = lake_of([make_event(f"{n:02d}", button="b", referrer=text) for n, text in enumerate(texts)])

    rows = {row["id"]: row["referrer"] for row in rows_of(b"".join(csv_pieces(events)))}

    assert [rows[f"{n:02d}"] for n in range(len(texts))] == [f"'{text}" for text in FORMULAS] + HARMLESS


def test_every_reader_takes_the_csv(lake_of, make_event, tmp_path):
    """DuckDB, pyarrow and Python's reader see the same cells; absent and empty text differ."""
    events = lake_of([make_event("1", referrer="", language="a\nb"), make_event("2", referrer=None)])
    path = tmp_path / "taken.csv"
    path.write_bytes(b"".join(csv_pieces(events)))

    options = pa.csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False)
    table = pa.csv.read_csv(
        path, parse_options=pa.csv.ParseOptions(newlines_in_values=True), convert_options=options
    )
    with duckdb.connect() as connection:
        ids = connection.read_csv(str(path), header=True).project("id, language").fetchall()

    assert table.select(["id", "referrer"]).to_pylist() == [
        {"id": 1, "referrer": ""},
        {"id": 2, "referrer": None},
    ]
    assert [(str(number), language) for number, language in ids] == [("1", "a\nb"), ("2", None)]


@pytest.mark.parametrize("pieces_of", [csv_pieces, parquet_pieces])
def test_a_file_is_made_piece_by_piece(lake_of, pieces_of):
    """The first piece is there before the last row was read, and small lakes are one piece."""
    events = lake_of(list(simulate(DAY, DAY, visitors=50)))
    many = events.query("events", "select events.* from events, range(1000) order by events.timestamp")

    whole, cut = list(pieces_of(events)), [len(piece) for piece in pieces_of(many)]

    assert len(whole) == 2
    assert len(cut) > 2
    assert max(cut) < 0.5 * sum(cut)


def test_a_column_of_the_lake_alone_goes_along(lake_of, make_event):
    """A lake outlives the versions of its schema."""
    more = lake_of([make_event()]).project("*, ['=x'] as tags, {'=a': 1} as \"odd 'one\"")

    (row,) = rows_of(b"".join(csv_pieces(more)))

    assert (row["tags"], row["odd 'one.=a"]) == ("['=x']", "1")
    assert pq.read_table(io.BytesIO(b"".join(parquet_pieces(more))))["tags"].to_pylist() == [["=x"]]
