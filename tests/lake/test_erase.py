"""One visitor taken out of one day of a lake."""

import datetime as dt
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clickkit import LakeError, export
from clickkit.event import SCHEMA
from clickkit.lake.erase import count_rows, erase_rows
from clickkit.lake.files import open_files, publish
from clickkit.lake.layout import MANIFEST, ROOT, decode_manifest, partition
from clickkit.lake.verify import verify_lake

DAY = dt.date(2026, 11, 22)
PART = f"{partition(DAY)}/part-00.parquet"
MANIFEST_PATH = f"{partition(DAY)}/{MANIFEST}"


@pytest.fixture
def exported(sqlite_store, lake, make_event):
    """Return a store, and the files of a lake with four clicks, two of them of the visitor v."""
    sqlite_store.put([make_event(f"e{n}", visitor_id=name) for n, name in enumerate(["v", "w", "v", None])])
    export(sqlite_store, lake, DAY, DAY)
    return sqlite_store, open_files(lake)


def visitors(files, path=PART):
    """Return the visitors of a part."""
    return pq.read_table(pa.BufferReader(files.read(path)))["visitor_id"].to_pylist()


def test_their_rows_go_and_what_was_done_is_said_before(exported):
    """The caller writes it down first, so that a crash leaves nothing unexplained."""
    _, files = exported
    heard = []

    erase_rows(files, DAY, "v", lambda erased: heard.append((erased, visitors(files))))

    ((erased, before),) = heard
    assert (erased.rows_before, erased.rows_after, before) == (4, 2, ["v", "w", "v", None])
    assert (visitors(files), verify_lake(files.url), count_rows(files, DAY, "v")) == (["w", None], [], 0)


def test_a_day_without_them_is_not_touched(exported):
    """Nobody hears of it."""
    _, files = exported
    version = files.version(PART)

    erase_rows(files, DAY, "nobody", lambda erased: pytest.fail("nothing was to be done"))
    erase_rows(files, DAY + dt.timedelta(days=1), "v", lambda erased: pytest.fail("there is no such day"))

    assert files.version(PART) == version


def test_an_export_that_is_quicker_loses_no_click(exported, make_event):
    """The day is begun again with what the export wrote."""
    store, files = exported
    heard = []

    def note(erased):
        heard.append(erased.rows_before)
        if len(heard) == 1:
            store.put([make_event("late", visitor_id="late")])
            export(store, files.url, DAY, DAY)

    erase_rows(files, DAY, "v", note)

    assert heard == [4, 5]
    assert (visitors(files), verify_lake(files.url)) == (["w", None, "late"], [])


def test_a_stale_or_missing_manifest_is_put_right(exported, make_event):
    """An export that was killed between part and manifest left it so."""
    _, files = exported
    stale, others = files.read(MANIFEST_PATH), pq.read_table(pa.BufferReader(files.read(PART)))
    more = io.BytesIO()
    pq.write_table(pa.concat_tables([others, others.slice(1, 1)]), more)
    publish(files, PART, more.getvalue())

    erase_rows(files, DAY, "w", lambda erased: None)

    assert files.read(MANIFEST_PATH) != stale
    assert (visitors(files), verify_lake(files.url)) == (["v", "v", None], [])


def test_a_part_of_an_older_schema_keeps_it(exported):
    """Columns that it lacks, or has in addition, are none of the erasure's business."""
    _, files = exported
    table = pq.read_table(pa.BufferReader(files.read(PART)))
    older = table.drop_columns(["timezone"]).append_column("campaign", pa.array(["a", "b", "c", "d"]))
    content = io.BytesIO()
    pq.write_table(older, content)
    publish(files, PART, content.getvalue())

    erase_rows(files, DAY, "v", lambda erased: None)

    left = pq.read_table(pa.BufferReader(files.read(PART)))
    assert left["campaign"].to_pylist() == ["b", "d"]
    columns = decode_manifest(files.read(MANIFEST_PATH), "").columns
    assert list(columns) == left.schema.names == older.schema.names


def test_a_part_that_no_manifest_names_is_searched_and_stays_an_orphan(exported):
    """Readers see it, so it may not keep them; to adopt it would hide what is wrong."""
    _, files = exported
    orphan = PART.replace("00", "07")
    publish(files, orphan, files.read(PART))

    erase_rows(files, DAY, "v", lambda erased: None)

    assert visitors(files, orphan) == ["w", None]
    assert verify_lake(files.url) == [f"{orphan} is not in the manifest"]


def test_a_damaged_part_is_named(exported):
    """Nothing is written."""
    _, files = exported
    publish(files, PART, b"PAR1 and nothing else")

    with pytest.raises(
        LakeError, match=r"part-00.parquet is damaged, or .*; export the day of a damaged part"
    ):
        erase_rows(files, DAY, "v", lambda erased: None)


def test_a_day_of_many_row_groups_has_the_bytes_of_an_export(sqlite_store, lake, tmp_path, make_event):
    """However the rows that stay are spread over the old groups."""
    start = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    events = [
        make_event(
            f"{n}",
            timestamp=start + dt.timedelta(milliseconds=n),
            visitor_id="v" if n % 3 == 0 or n < 70_000 else f"{n % 1000}",
        )
        for n in range(150_000)
    ]
    files, schema = open_files(lake), SCHEMA
    sqlite_store.put(events)
    export(sqlite_store, lake, DAY, DAY)
    sqlite_store.remove([event.key for event in events if event.visitor_id == "v"])

    erase_rows(files, DAY, "v", lambda erased: None)

    erased = files.read(PART)
    export(sqlite_store, tmp_path / "alone", DAY, DAY)
    assert erased == open_files(tmp_path / "alone").read(PART)
    assert pq.read_schema(pa.BufferReader(erased)).equals(schema)
    assert files.names(ROOT)[-1] == PART
