"""One part of a day, written over the one that is there."""

import subprocess
import sys

from clickkit import export

EXPORT = """
import sys
from clickkit import connect, export

(exported,) = export(connect(sys.argv[1]), sys.argv[2], "2026-11-22", "2026-11-22")
print(exported.rows, "pandas" in sys.modules)
"""


def test_a_day_is_exported_again_without_pandas(sqlite_store, lake, make_event, project):
    """Its import takes a second, which a Lambda pays with every start, and room that it has not."""
    sqlite_store.put([make_event("a")])
    export(sqlite_store, lake, "2026-11-22", "2026-11-22")
    sqlite_store.put([make_event("b")])

    done = subprocess.run(
        [sys.executable, "-c", EXPORT, sqlite_store.url, lake], cwd=project, capture_output=True, text=True
    )

    assert (done.stdout, done.stderr) == ("2 False\n", "")
