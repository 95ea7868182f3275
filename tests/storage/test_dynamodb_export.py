"""DynamoDB's own export to S3 gives the same lake as the table."""

import base64
import datetime as dt
import gzip
import hashlib
import json
import random
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import boto3
import pytest

from clickkit import LakeError, SettingsError, StoreError, connect, export, simulate
from clickkit.lake.files import open_files
from clickkit.storage.attributes import to_attributes
from clickkit.storage.dynamodb_export import DynamoDBExport

FIRST, LAST = dt.date(2026, 11, 20), dt.date(2026, 11, 22)
PREFIX = "nightly/AWSDynamoDB/01693685827463-2d8752fd"


def write_export(folder, events, changed=None, **summary):
    """Write events as ExportTableToPointInTime does: three data files in the order of no key, one empty."""
    (folder / "data").mkdir(parents=True)
    shuffled = random.Random(1).sample(events, len(events))
    manifest = []
    for number, some in enumerate([shuffled[::2], shuffled[1::2], []]):
        lines = "".join(json.dumps({"Item": to_attributes(event) | (changed or {})}) + "\n" for event in some)
        content = gzip.compress(lines.encode())
        name = f"data/{number}xyz.json.gz"
        (folder / name).write_bytes(content)
        digest = base64.b64encode(hashlib.md5(content).digest()).decode()
        entry = {"itemCount": len(some), "md5Checksum": digest, "etag": "0-1"}
        manifest.append(json.dumps(entry | {"dataFileS3Key": f"{PREFIX}/{name}"}))
    (folder / "manifest-files.json").write_text("\n".join(manifest) + "\n")
    said = {"version": "2020-06-30", "exportType": "FULL_EXPORT", "outputFormat": "DYNAMODB_JSON"}
    said |= {"itemCount": len(events), "s3SseKmsKeyId": None} | summary
    (folder / "manifest-summary.json").write_text(json.dumps(said))


@pytest.fixture(scope="module")
def events():
    """Return three days of events."""
    return list(simulate(FIRST, LAST, visitors=20))


@pytest.fixture(params=["folder", "s3"])
def exported(request, tmp_path, events):
    """Return the URL of an export of these events, in a folder and in a bucket."""
    folder = tmp_path / "export"
    write_export(folder, events)
    if request.param == "folder":
        return str(folder)
    endpoint = request.getfixturevalue("s3_endpoint")
    bucket = request.getfixturevalue("s3_lake").split("/")[2]
    client = boto3.Session().client("s3", endpoint_url=endpoint, region_name="us-east-1")
    for path in folder.rglob("*.*"):
        client.upload_file(str(path), bucket, f"{PREFIX}/{path.relative_to(folder).as_posix()}")
    return f"s3://{bucket}/{PREFIX}?endpoint={endpoint}&region=us-east-1"


def test_it_gives_the_same_bytes_as_the_table(exported, events, dynamodb_url, tmp_path):
    """Whichever way is taken, the lake is the same, manifests included."""
    with closing(connect(dynamodb_url)) as table:
        table.put(events)
        export(table, tmp_path / "queried", FIRST, LAST)
    with closing(DynamoDBExport(exported)) as source:
        days = export(source, tmp_path / "lake", source.days[0], source.days[-1])

    there, here = open_files(tmp_path / "queried"), open_files(tmp_path / "lake")
    assert [(one.day, one.rows) for one in days] == [
        (day, sum(event.day == day for event in events)) for day in (FIRST, dt.date(2026, 11, 21), LAST)
    ]
    for path in there.parts("clicks"):
        manifest = path.replace("part-00.parquet", "_manifest.json")
        assert here.read(path) == there.read(path)
        assert here.read(manifest) == there.read(manifest)


def test_only_the_days_wanted_are_kept(exported, events):
    """The disk holds what is asked for, not a table of years; the scan goes on behind a key."""
    day = dt.date(2026, 11, 21)
    with closing(DynamoDBExport(exported, since=day, until=day)) as source:
        ids = [row for batch in source.scan(day) for row in batch["id"]]
        keys = sorted(event.key for event in events if event.day == day and event.key[0].endswith("#03"))
        rest = [row for batch in source.scan(day, 3, after=keys[0][1]) for row in batch["id"]]
        assert (source.days, list(source.scan(LAST, 0))) == ([day], [])

    assert sorted(id_.as_py() for id_ in ids) == sorted(event.id for event in events if event.day == day)
    assert len(rest) == len(keys) - 1 > 0


def test_an_older_export_does_not_take_clicks_away(tmp_path, events, sqlite_store):
    """A table goes on after its export; the lake that has more is left as it is."""
    write_export(tmp_path / "export", events[:-1])
    sqlite_store.put(events)
    export(sqlite_store, tmp_path / "lake", FIRST, LAST)

    with (
        closing(DynamoDBExport(str(tmp_path / "export"))) as source,
        pytest.raises(LakeError, match="has 1 clicks that .*export does not have"),
    ):
        export(source, tmp_path / "lake", LAST, LAST)


def change(path, old, new):
    """Replace text in a file."""
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "manifest-summary.json").unlink(), "name the folder AWSDynamoDB/<export>"),
        (lambda folder: (folder / "data/1xyz.json.gz").unlink(), "cannot read data/1xyz.json.gz"),
        (lambda folder: (folder / "data/1xyz.json.gz").write_bytes(b"cut off"), "1xyz.json.gz has the MD5"),
        (
            lambda folder: change(folder / "manifest-summary.json", "DYNAMODB_JSON", "ION"),
            "is a FULL_EXPORT in ION, no DYNAMODB_JSON",
        ),
        (
            lambda folder: change(folder / "manifest-summary.json", "FULL", "INCREMENTAL"),
            "is a INCREMENTAL_EXPORT",
        ),
        (
            lambda folder: change(folder / "manifest-files.json", '"itemCount": 0', '"itemCount": 1'),
            r"its data files hold \d+ items, not \d+",
        ),
        (
            lambda folder: change(folder / "manifest-files.json", "itemCount", "items"),
            "manifest-files.json is not that of a clickkit table: .*itemCount",
        ),
        (
            lambda folder: change(folder / "manifest-files.json", "1xyz", "0xyz"),
            "has the MD5",
        ),
    ],
)
def test_an_incomplete_or_damaged_export_is_refused(tmp_path, events, damage, message):
    """Before anything reaches the lake; the message says what is wrong."""
    write_export(tmp_path / "export", events)
    damage(tmp_path / "export")

    with pytest.raises(StoreError, match=message):
        DynamoDBExport(str(tmp_path / "export"))


def test_a_data_file_with_too_few_items_is_refused(tmp_path, events):
    """The checksum of a file says nothing of what it should have held."""
    folder = tmp_path / "export"
    write_export(folder, events)
    lines = [json.loads(line) for line in (folder / "manifest-files.json").read_text().splitlines()]
    lines[0]["itemCount"] += 1
    lines[1]["itemCount"] -= 1
    (folder / "manifest-files.json").write_text("\n".join(map(json.dumps, lines)))

    with pytest.raises(StoreError, match=r"data/0xyz.json.gz has \d+ items, not \d+"):
        DynamoDBExport(str(folder))


def test_another_program_s_table_is_refused(tmp_path, events):
    """Its items have other keys."""
    write_export(tmp_path / "export", events)
    folder = tmp_path / "export"
    content = gzip.compress(b'{"Item":{"Id":{"N":"1"}}}\n')
    (folder / "data/0xyz.json.gz").write_bytes(content)
    entry = {"itemCount": 1, "md5Checksum": base64.b64encode(hashlib.md5(content).digest()).decode()}
    (folder / "manifest-files.json").write_text(json.dumps(entry | {"dataFileS3Key": "x/data/0xyz.json.gz"}))
    change(folder / "manifest-summary.json", f'"itemCount": {len(events)}', '"itemCount": 1')

    with pytest.raises(StoreError, match="0xyz.json.gz is not that of a clickkit table: .*pk"):
        DynamoDBExport(str(folder))


def test_the_command_exports_every_day_or_those_asked_for(tmp_path, make_event):
    """A missing export is one clear line."""
    events = [make_event("a", timestamp=dt.datetime(2026, 11, day, tzinfo=dt.UTC)) for day in (3, 5)]
    write_export(tmp_path / "dump", events)

    def run(folder, *arguments):
        program = str(Path(sys.executable).with_name("clickkit"))
        command = [program, "export", "--from-dynamodb-export", folder, "--until", "2026-11-22", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    every = run("dump", "--lake", "all")
    one = run("dump", "--lake", "some", "--since", "2026-11-04")
    missing = run("nowhere", "--lake", "all")

    assert "2 rows in 2 partitions of " in every.stdout
    assert "1 rows in 1 partition of " in one.stdout
    assert missing.returncode == 1
    assert missing.stderr.startswith("error: cannot read manifest-summary.json of the export at ")


def test_a_url_of_another_kind_is_refused():
    """With the two forms there are."""
    for url in ("", "https://example.com/", "s3://", "s3://bucket/x?colour=red"):
        with pytest.raises(SettingsError, match="names no export: write a folder, or"):
            DynamoDBExport(url)


@pytest.mark.parametrize("key", ["user#1", "2026-13-45#00", "2026-order-77"])
def test_keys_that_are_not_ours_are_refused(tmp_path, events, key):
    """A table of another program may have pk and sk, too."""
    write_export(tmp_path / "export", events[:1], changed={"pk": {"S": key}})

    with pytest.raises(StoreError, match=f"it has the key '{key}'"):
        DynamoDBExport(str(tmp_path / "export"))
