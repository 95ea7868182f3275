"""Forget a visitor for every line of input, each time in a process of its own that is killed at some step.

A line says store, lake, folder, visitor and the step: before the how manieth file takes its place or goes,
counted from 1. It prints how the process ended (see `os.waitpid`).
"""

import itertools
import os
import signal
import sys
import traceback

from clickkit import connect, forget


def main():
    """Forget until the input ends."""
    for line in sys.stdin:
        store, lake, folder, visitor, step = line.rstrip("\n").split("\t")
        child = os.fork()
        if not child:
            status = 1
            try:
                die_at(int(step))
                forget(connect(store), lake, visitor, folder=folder)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        print(os.waitpid(child, 0)[1], flush=True)


def die_at(step):
    """Kill this process before one of the calls that give a file its place, or remove it."""
    steps = itertools.count(1)

    def counting(call):
        def counted(*arguments, **options):
            if next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **options)

        return counted

    for name in ("replace", "unlink"):
        setattr(os, name, counting(getattr(os, name)))


if __name__ == "__main__":
    main()
