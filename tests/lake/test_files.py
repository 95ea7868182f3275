"""The files of a lake, in a folder and in a real S3 bucket."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clickkit import LakeError, SettingsError
from clickkit.lake.files import open_files, publish


def test_what_was_published_is_read_and_listed(lake):
    """Only Parquet files count; names that begin with an underscore or a dot are not listed."""
    files = open_files(lake)
    for path in (
        "clicks/b.parquet",
        "clicks/a.parquet",
        "clicks/_x.parquet",
        "clicks/_manifest.json",
        "z.parquet",
    ):
        publish(files, path, b"1")
    publish(files, "clicks/a.parquet", b"2")

    assert files.read("clicks/a.parquet") == b"2"
    assert files.parts("clicks") == ["clicks/a.parquet", "clicks/b.parquet"]
    assert files.read("clicks/c.parquet") is None
    assert files.parts("nothing") == []


def test_a_reader_sees_the_old_or_the_new_file_whole(lake):
    """Publishing is one atomic step."""
    files = open_files(lake)
    contents = [bytes([n]) * 300_000 for n in (1, 2)]
    publish(files, "clicks/a.parquet", contents[0])
    seen, done = set(), threading.Event()

    def read():
        while not done.is_set():
            seen.add(files.read("clicks/a.parquet"))

    reader = threading.Thread(target=read)
    reader.start()
    for n in range(30):
        publish(files, "clicks/a.parquet", contents[n % 2])
    done.set()
    reader.join()

    assert seen <= set(contents)


def test_publishing_leaves_nothing_beside(tmp_path):
    """No temporary file stays, and others may read what was written."""
    publish(open_files(tmp_path), "clicks/a.parquet", b"1")

    (file,) = (tmp_path / "clicks").iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == ("a.parquet", 0o644)


def test_exports_side_by_side_do_not_take_a_new_file_for_a_leaving(tmp_path):
    """A file is the writer's own from the moment that it has its name."""
    files = open_files(tmp_path)
    paths = [f"clicks/{n}.parquet" for n in range(4)]

    def write(path):
        for n in range(100):
            publish(files, path, bytes([n]))

    with ThreadPoolExecutor(len(paths)) as threads:
        list(threads.map(write, paths))

    assert sorted(path.name for path in (tmp_path / "clicks").iterdir()) == [f"{n}.parquet" for n in range(4)]
    assert {files.read(path) for path in paths} == {bytes([99])}


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    """The message names the lake."""
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(LakeError, match="file"):
        publish(open_files(tmp_path / "file"), "clicks/a.parquet", b"1")


def test_a_file_in_place_of_the_folder_is_named_also_for_reading(tmp_path):
    """Nobody takes it for an empty lake."""
    (tmp_path / "file").touch()

    with pytest.raises(LakeError, match="is a file: name a folder"):
        open_files(tmp_path / "file").parts("clicks")


def test_a_missing_bucket_is_named(s3_endpoint):
    """The message names bucket and endpoint, never the secret."""
    files = open_files(f"s3://no-such-bucket/x?endpoint={s3_endpoint}&region=us-east-1")

    with pytest.raises(LakeError, match="no-such-bucket") as caught:
        files.parts("clicks")

    assert "clickkit-secret" not in str(caught.value)


def test_an_unreachable_endpoint_is_named():
    """An operator reads where it failed."""
    with pytest.raises(LakeError, match="127.0.0.1:9"):
        open_files("s3://b/x?endpoint=http://127.0.0.1:9&region=us-east-1").read("a")


@pytest.mark.parametrize(
    "url", ["", "gs://bucket/x", "s3://", "s3://bucket?acl=public", "s3:/bucket", "s3//bucket/x"]
)
def test_another_url_is_refused_with_the_forms_that_work(url):
    """A typing error is answered with an example."""
    with pytest.raises(SettingsError, match="s3://bucket/prefix"):
        open_files(url)


def test_a_folder_stays_the_same_when_the_program_moves(tmp_path, monkeypatch):
    """A relative folder is resolved once."""
    monkeypatch.chdir(tmp_path)

    assert open_files("lake").url == str(tmp_path / "lake")
    assert open_files(Path("lake")).url == str(tmp_path / "lake")


def test_where_folders_cannot_be_opened_publishing_works_all_the_same(tmp_path, monkeypatch):
    """Windows has no descriptor of a folder, and needs none."""
    files = open_files(tmp_path)

    def refuse(path, *arguments):
        raise PermissionError(f"{path} is a folder")

    with monkeypatch.context() as windows:
        windows.setattr(os, "name", "nt")
        windows.setattr(os, "open", refuse)
        publish(files, "clicks/a.parquet", b"1")

    assert files.read("clicks/a.parquet") == b"1"
