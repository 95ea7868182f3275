"""What a run was made with."""

import hashlib
import subprocess

from clickkit.runs.versions import find_versions


def test_the_lock_is_the_nearest_one_upwards(tmp_path):
    """That of the project which the notebook belongs to."""
    (tmp_path / "requirements.lock").write_text("a==1\n")
    (tmp_path / "notebooks").mkdir()

    found = find_versions(tmp_path / "notebooks")

    assert found.lock == hashlib.sha256(b"a==1\n").hexdigest()


def test_without_one_it_is_that_of_clickkit(tmp_path, project):
    """So is the commit, when clickkit is a working copy."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, capture_output=True, text=True)

    found = find_versions(tmp_path)

    assert found.lock == hashlib.sha256((project / "requirements.lock").read_bytes()).hexdigest()
    assert found.commit == (head.stdout.strip() or None)
    assert len(found.source) == 64
    assert {"duckdb", "pyarrow", "pandas"} <= found.packages.keys()
    assert "pytest" not in found.packages
