"""Export a day for every line of input, each time in a process of its own, which a test may kill.

It prints that process's id, then how it ended (see `os.waitpid`).
"""

import os
import sys
import traceback

from clickkit import connect
from clickkit.lake.export import export


def main(store, lake, day):
    """Export until the input ends."""
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            status = 1
            try:
                export(connect(store), lake, day, day)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        print(child, flush=True)
        print(os.waitpid(child, 0)[1], flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
