"""The limit of open files, in a process of its own."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource
from clickkit.file_limit import raise_file_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 500))
print(raise_file_limit({wanted}), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(("wanted", "allowed"), [(50, 100), (300, 300), (9999, 500)])
def test_it_is_raised_as_far_as_the_process_may(wanted, allowed):
    """Never lowered, and no further than the hard limit."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(wanted=wanted)], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == [str(allowed)] * 2
