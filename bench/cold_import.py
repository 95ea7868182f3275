"""Measure how long a new process needs to import the export's handler from the built package, unpacked.

Nothing is compiled, as on Lambda: the package has no .pyc, and none can be written beside it. Before a cold
run the files are dropped from memory, as far as the system lets them go. What the processor does of it is
shown beside it: on a machine that is busy the rest is waiting.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.servers import PROJECT
from deploy import lambda_runtime, lambda_zip

_PROGRAM = """
import time
began = time.perf_counter(), time.process_time()
import clickkit.lambda_handler
print(time.perf_counter() - began[0], time.process_time() - began[1])
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the package for this machine, and print what was asked for and what was reached."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.cold_import", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--runs", type=int, default=9, help="processes, cold and warm each (9)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=PROJECT / "data", prefix="bench-") as name:
        for line in measure(Path(name), options.runs):
            print(line)


def measure(folder: Path, runs: int) -> Iterator[str]:
    """Yield the sizes of the package and the seconds of its import, cold and warm."""
    package, runtime = folder / "package", folder / "runtime"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    zipped, unzipped = lambda_zip.build(folder / "lambda.zip", python=version, platform=None)
    with zipfile.ZipFile(folder / "lambda.zip") as built:
        built.extractall(package)
    runtime.mkdir()
    lambda_runtime.fill(runtime)
    os.sync()  # only what is on the disk can be dropped
    yield f"Python {version}, {zipped:,} bytes zipped, {unzipped:,} unzipped, {runs} processes each"
    command = lambda_runtime.command(_PROGRAM, package, runtime)
    cold = []
    for _ in range(runs):
        _drop(folder)
        cold.append(_seconds(command))
    warm = [_seconds(command) for _ in range(runs)]
    yield _line("files in memory", warm)
    yield _line("files dropped from memory", cold)
    yield f"  cold import, s (median)   asked < 1   reached {statistics.median(one[0] for one in cold):.2f}"


def _drop(folder: Path) -> None:
    if not hasattr(os, "posix_fadvise"):  # macOS
        return
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _seconds(command: Sequence[str]) -> tuple[float, float]:
    """Return the seconds of an import in a new process, by the clock and of the processor."""
    done = subprocess.run(command, env={}, capture_output=True, text=True, check=True)
    clock, processor = map(float, done.stdout.split())
    return clock, processor


def _line(what: str, seconds: Sequence[tuple[float, float]]) -> str:
    clock, processor = zip(*seconds, strict=True)
    least, middle, most = min(clock), statistics.median(clock), max(clock)
    return (
        f"  {what:<27} first {clock[0]:.2f} s, least {least:.2f}, median {middle:.2f}, most {most:.2f}; "
        f"processor {statistics.median(processor):.2f}"
    )


if __name__ == "__main__":
    main()
