"""From the lake to a relation, and to every other engine."""

import datetime as dt
import io
import shutil

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from clickkit import LakeError, export, read_lake, simulate
from clickkit.event import SCHEMA
from clickkit.lake.files import open_files, publish

FIRST, LAST = dt.date(2026, 11, 20), dt.date(2026, 11, 22)
TEXT_SEQUENCE = SCHEMA.set(SCHEMA.get_field_index("sequence"), pa.field("sequence", pa.string()))
MIDDLE = "clicks/year=2026/month=11/day=21/part-00.parquet"


@pytest.fixture
def filled(sqlite_store, lake):
    """Return a lake of three days and its rows per day."""
    sqlite_store.put(list(simulate(FIRST, LAST, visitors=20)))
    return lake, {one.day: one.rows for one in export(sqlite_store, lake, FIRST, LAST)}


def rows_per_day(events):
    """Count by the partition columns."""
    sql = "select year, month, day, count(*) from events group by all order by all"
    return {
        dt.date(year, month, day): rows for year, month, day, rows in events.query("events", sql).fetchall()
    }


def test_a_range_has_its_days_only(filled):
    """Both ends are included; an open end goes as far as the lake."""
    lake, rows = filled

    assert rows_per_day(read_lake(lake)) == rows
    assert rows_per_day(read_lake(lake, FIRST, "2026-11-21")) == {
        day: rows[day] for day in (FIRST, dt.date(2026, 11, 21))
    }
    assert rows_per_day(read_lake(lake, since=LAST)) == {LAST: rows[LAST]}
    assert rows_per_day(read_lake(lake, until=FIRST)) == {FIRST: rows[FIRST]}
    assert rows_per_day(read_lake(lake, "2026-01-01", FIRST)) == {FIRST: rows[FIRST]}


def test_only_the_partitions_asked_for_are_touched(sqlite_store, tmp_path):
    """A damaged partition outside the range does not matter: nobody opens it."""
    sqlite_store.put(list(simulate(FIRST, LAST, visitors=20)))
    export(sqlite_store, tmp_path, FIRST, LAST)
    (tmp_path / "clicks/year=2026/month=11/day=20/part-00.parquet").write_bytes(b"damaged")

    assert read_lake(tmp_path, "2026-11-21", LAST).count("id").fetchall()[0][0] > 0


def test_columns_are_those_of_the_event_and_the_partition(filled):
    """One name per field, from the browser to SQL."""
    events = read_lake(filled[0])

    assert set(events.columns) == {*SCHEMA.names, "year", "month", "day"}
    assert {
        str(kind) for name, kind in zip(events.columns, events.types, strict=True) if name in ("year", "day")
    } == {"INTEGER"}
    ((stamp,),) = events.query("events", "select min(timestamp) from events").fetchall()
    assert stamp.utcoffset() == dt.timedelta(0)


def test_structs_are_read_with_a_dot(filled):
    """DuckDB reads `device.browser`."""
    sql = "select count(*) from events where device.browser is not null and properties->>'simulated' = 'true'"

    assert read_lake(filled[0]).query("events", sql).fetchall() == [(sum(filled[1].values()),)]


def test_the_relation_turns_into_pandas_and_arrow(filled):
    """Analysts take what they prefer."""
    lake, rows = filled
    events = read_lake(lake, LAST, LAST)

    assert len(events.df()) == rows[LAST]
    assert events.to_arrow_table().num_rows == rows[LAST]
    assert sum(batch.num_rows for batch in events.arrow()) == rows[LAST]


def test_every_engine_reads_partition_columns_and_the_same_count(sqlite_store, tmp_path):
    """A lake that any engine reads."""
    sqlite_store.put(list(simulate(FIRST, LAST, visitors=20)))
    total = sum(one.rows for one in export(sqlite_store, tmp_path, FIRST, LAST))
    clicks = tmp_path / "clicks"

    with_pandas = pd.read_parquet(clicks)
    with_pyarrow = pq.read_table(clicks)
    with_dataset = ds.dataset(clicks, partitioning="hive").to_table()
    with duckdb.connect() as connection:
        with_duckdb = connection.sql(
            f"select year, month, day from read_parquet('{clicks}/**/*.parquet', hive_partitioning = true)"
        ).to_arrow_table()

    assert [len(with_pandas), *(table.num_rows for table in (with_pyarrow, with_dataset, with_duckdb))] == [
        total
    ] * 4
    assert set(with_pandas["day"].astype(int)) == {20, 21, 22}
    for table in (with_pyarrow, with_dataset, with_duckdb):
        assert {int(day) for day in table["day"].to_pylist()} == {20, 21, 22}
        assert {int(month) for month in table["month"].to_pylist()} == {11}


def test_a_missing_lake_and_an_empty_range_are_told_apart(filled, tmp_path):
    """Each has its own message, with what to do."""
    with pytest.raises(LakeError, match="no lake at .*nowhere"):
        read_lake(tmp_path / "nowhere")
    with pytest.raises(
        LakeError, match="nothing since 2026-01-01 until 2026-01-02: it holds 2026-11-20 to 2026-11-22"
    ):
        read_lake(filled[0], "2026-01-01", "2026-01-02")
    with pytest.raises(LakeError, match="nothing since 2026-11-23: it holds"):
        read_lake(filled[0], "2026-11-23")


@pytest.mark.parametrize("damage", ["cut off", "a few bytes cut off", "not Parquet", "empty"])
def test_a_damaged_part_is_named(filled, damage):
    """The message names the file and how to mend it, before any question is asked."""
    files = open_files(filled[0])
    whole = files.read(MIDDLE)
    damaged = {"cut off": whole[:1000], "a few bytes cut off": whole[:-3], "not Parquet": b"id,button\n" * 99}
    publish(files, MIDDLE, damaged.get(damage, b""))

    with pytest.raises(LakeError, match="day=21/part-00.parquet.*export the day of a damaged part again"):
        read_lake(filled[0], FIRST, LAST)


def rewrite(lake, change):
    """Replace the part of the day in the middle by a changed table."""
    files, changed = open_files(lake), io.BytesIO()
    pq.write_table(change(pq.read_table(pa.BufferReader(files.read(MIDDLE)))), changed)
    publish(files, MIDDLE, changed.getvalue())


def test_only_the_columns_asked_for_are_there(filled):
    """In the order asked for, the partition's among them; nothing else is read."""
    lake, rows = filled

    events = read_lake(lake, LAST, LAST, columns=["day", "button", "timestamp"])

    assert events.columns == ["day", "button", "timestamp"]
    assert events.count("*").fetchall() == [(rows[LAST],)]
    assert events.df()["day"].unique().tolist() == [22]
    assert "page_url" not in events.explain()


def test_an_unknown_column_is_named_with_those_there_are(filled):
    """A mistyped name is mended at a glance."""
    with pytest.raises(LakeError, match="has no column pageUrl: choose from id, event, .*page_url.*, day$"):
        read_lake(filled[0], columns=["id", "pageUrl"])
    with pytest.raises(LakeError, match="none was named: choose from id, "):
        read_lake(filled[0], columns=[])


def test_a_column_that_a_partition_lacks_is_null_there(filled):
    """A lake outlives the versions of its schema: columns of its own, and fields of the event."""
    lake, rows = filled
    rewrite(lake, lambda table: table.drop_columns(["language"]).append_column("campaign", table["id"]))

    events = read_lake(lake)

    sql = "select day, count(*), count(language), count(campaign) from events group by all order by all"
    (_, _, spoken, none), (_, count, silent, named), (_, _, again, _) = events.query("events", sql).fetchall()
    assert (count, named, silent, none) == (rows[dt.date(2026, 11, 21)], count, 0, 0)
    assert spoken > 0 < again
    assert read_lake(lake, columns=["campaign"]).count("campaign").fetchall() == [(count,)]


@pytest.mark.parametrize(
    ("struct", "lacking", "known"),
    [("device", {"browser"}, "type"), ("location", {"region", "source"}, "country")],
)
def test_a_field_that_a_partition_lacks_in_its_structs_is_null_there(filled, struct, lacking, known):
    """Device and location learn new words; old partitions do not know them."""
    lake, _ = filled
    before = f"select day, count({struct}.{known}) from events group by all order by all"
    expected = read_lake(lake).query("events", before).fetchall()
    kept = [field for field in SCHEMA.field(struct).type if field.name not in lacking]
    shrunk = SCHEMA.set(SCHEMA.get_field_index(struct), pa.field(struct, pa.struct(kept)))
    rewrite(lake, lambda table: table.cast(shrunk))

    events = read_lake(lake)

    assert events.types == read_lake(lake, LAST).types
    assert events.query("events", before).fetchall() == expected
    for name in lacking:
        sql = f"select count({struct}.{name}) from events where day = 21"
        assert events.query("events", sql).fetchall() == [(0,)]


def test_a_column_of_another_type_is_refused(filled):
    """Engines would turn every number into text, silently; the message names file and column."""
    rewrite(filled[0], lambda table: table.cast(TEXT_SEQUENCE))

    with pytest.raises(LakeError, match="day=21/part-00.parquet has the column sequence as string, not i"):
        read_lake(filled[0])
    assert rows_per_day(read_lake(filled[0], LAST)) == {LAST: filled[1][LAST]}


def test_a_day_may_be_removed_by_hand(sqlite_store, tmp_path):
    """The files are the truth; there is no list of partitions beside them."""
    sqlite_store.put(list(simulate(FIRST, LAST, visitors=20)))
    export(sqlite_store, tmp_path, FIRST, LAST)
    shutil.rmtree(tmp_path / "clicks/year=2026/month=11/day=21")

    assert set(rows_per_day(read_lake(tmp_path, FIRST, LAST))) == {FIRST, LAST}


@pytest.mark.parametrize("above", ["day=5", "env=prod", "button=zz"])
def test_the_folders_above_a_lake_are_no_columns(sqlite_store, tmp_path, above):
    """Only its own partitions are."""
    sqlite_store.put(list(simulate(FIRST, LAST, visitors=5)))
    export(sqlite_store, tmp_path / above / "lake", FIRST, LAST)
    events = read_lake(tmp_path / above / "lake")

    assert events.columns == [*SCHEMA.names, "year", "month", "day"]
    assert list(rows_per_day(events)) == [FIRST, dt.date(2026, 11, 21), LAST]
    assert ("zz",) not in events.query("events", "select distinct button from events").fetchall()
