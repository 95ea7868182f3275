"""The doctor says what is wrong and how to mend it."""

from clickkit import export
from clickkit.doctor import examine


def texts(findings, *, good):
    """Return the texts of the good or of the bad findings."""
    return " | ".join(finding.text for finding in findings if finding.good is good)


def test_a_healthy_project(sqlite_store, make_event, tmp_path, project):
    """Nothing that is needed is missing."""
    sqlite_store.put([make_event()])
    export(sqlite_store, tmp_path / "lake", "2026-11-22", "2026-11-22")

    findings = list(examine(project, sqlite_store.url, str(tmp_path / "lake")))

    assert [finding for finding in findings if finding.needed and not finding.good] == []
    assert "day=22/part-00.parquet" in texts(findings, good=True)


def test_unreachable_stores_and_lakes_are_named(tmp_path, project):
    """An operator sees at once which part is away."""
    store = "dynamodb://clicks?endpoint=http://127.0.0.1:9&region=eu-north-1"
    lake = "s3://bucket/x?endpoint=http://127.0.0.1:9&region=eu-north-1"

    findings = list(examine(project, store, lake))

    assert store in texts(findings, good=False)
    assert lake in texts(findings, good=False)


def test_an_empty_lake_is_a_note_and_no_fault(sqlite_store, make_event, tmp_path):
    """A newcomer has exported nothing yet."""
    sqlite_store.put([make_event()])

    findings = list(examine(tmp_path, sqlite_store.url, str(tmp_path / "lake")))

    assert all(finding.good for finding in findings if finding.needed)
    assert "is empty: fill it with clickkit export" in texts(findings, good=False)
    assert "is not the project folder" in texts(findings, good=False)
