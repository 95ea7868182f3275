"""Spark in a process of this machine, installed beside the other packages when it is first asked for."""

import contextlib
import datetime as dt
import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.servers import PROJECT
from clickkit.folder import locked_folder

_LOCK = PROJECT / "bench" / "spark.lock"
_FOLDER = PROJECT / ".venv" / "spark"
_CONFIGURATION = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "3g",
    "spark.log.level": "OFF",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


@contextlib.contextmanager
def local_spark(folder: Path) -> Iterator[Any]:
    """Start Spark on two cores, its files in a folder, and end it afterwards.

    Raises:
        RuntimeError: there is no Java, or Spark cannot be installed.
    """
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise RuntimeError(
            "Spark needs Java 17 or newer: on Debian and Ubuntu, apt install openjdk-17-jre-headless"
        )
    _install()
    sys.path.append(str(_FOLDER / "packages"))
    session = importlib.import_module("pyspark.sql").SparkSession
    builder = session.builder.master("local[2]").config("spark.local.dir", str(folder))
    for name, value in _CONFIGURATION.items():
        builder = builder.config(name, value)
    spark = builder.config("spark.sql.warehouse.dir", str(folder / "warehouse")).getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()


def rows_of(frame: Any) -> list[Sequence[Any]]:
    """Return a frame's rows, moments in UTC: Spark gives them by this machine's clock, without a zone."""
    return [
        [value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value for value in row]
        for row in frame.collect()
    ]


def _install() -> None:
    ready = _FOLDER / ".ready"
    _FOLDER.mkdir(exist_ok=True)
    with locked_folder(_FOLDER):  # a test of another worker may install it, too
        if ready.exists() and ready.stat().st_mtime >= _LOCK.stat().st_mtime:
            return
        command = [Path(sys.executable).with_name("uv"), "pip", "install", "--quiet", "--require-hashes"]
        done = subprocess.run(
            [*command, "--target", _FOLDER / "packages", "-r", _LOCK], capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"Spark cannot be installed: {done.stderr.strip()[-300:]}")
        ready.touch()
