"""Spark in a process of this machine, installed beside the other packages when it is first asked for."""

import contextlib
import datetime as dt
import importlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.servers import PROJECT
from deploy.beside import install

_QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=256m"  # for short questions
_CONFIGURATION = {
    "spark.driver.extraJavaOptions": _QUICK,
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "3g",
    "spark.log.level": "OFF",
    "spark.sql.codegen.wholeStage": "false",
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
    (packages,) = install("spark", PROJECT / "bench" / "spark.lock").glob("lib/python*/site-packages")
    sys.path.append(str(packages))
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
