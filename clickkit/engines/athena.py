"""Athena: the same questions over a lake in S3, for which AWS asks a price per byte that it reads."""

import contextlib
import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import duckdb
import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError
from duckdb import DuckDBPyRelation

from clickkit.analysis.question import column
from clickkit.aws.told import told
from clickkit.aws_session import aws_session
from clickkit.engines.statement import Metric, statement
from clickkit.errors import DeploymentError

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_TYPES = {
    "bigint": "bigint",
    "integer": "integer",
    "double": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamptz",
    "timestamp with time zone": "timestamptz",
}
"""DuckDB's types for Athena's, where a text will not do. Athena's timestamps are in UTC."""


class Athena:
    """The database and the work group that `clickkit deploy STACK` makes."""

    def __init__(self, stack: str = "clickkit", *, region: str | None = None) -> None:
        self.stack = stack
        with told("Athena cannot be asked"):
            self._client = aws_session(region=region).client("athena")

    def ask(
        self,
        metric: Metric,
        *,
        since: dt.date | None = None,
        until: dt.date | None = None,
        say: Callable[[str], Any] | None = None,
    ) -> DuckDBPyRelation:
        """Ask what a metric asks, and return the answer as a relation here, as the metric does.

        `metric`, `since` and `until` are as in `statement`; `say` is told how much was read. Interrupted, it
        stops the question there, too. Athena cuts times to milliseconds; a struct, such as `device`, comes
        as text. Trino reads the table once for each use of it in the statement, and each is paid: a funnel of
        three steps reads it 15 times.

        Raises:
            DeploymentError: Athena cannot be reached, refuses the question, or failed at it.
            SettingsError: the metric cannot be asked so: see `statement`.
        """
        sql = statement(metric, "trino", table=f'"{self.stack}".events', since=since, until=until)
        with told(f"Athena refuses the question, or there is no stack {self.stack} in this region"):
            question = self._client.start_query_execution(
                QueryString=sql, QueryExecutionContext={"Database": self.stack}, WorkGroup=self.stack
            )["QueryExecutionId"]
            try:
                done = self._wait(question)
            except BaseException:
                with contextlib.suppress(BotoCoreError, ClientError):
                    self._client.stop_query_execution(QueryExecutionId=question)
                raise
            read = done.get("Statistics", {})
            if say is not None:
                seconds = read.get("TotalExecutionTimeInMillis", 0) / 1000
                say(f"Athena read {read.get('DataScannedInBytes', 0) / 1e6:,.1f} MB in {seconds:.1f} s")
            return self._answer(question)

    def _wait(self, question: str) -> Mapping[str, Any]:
        """Wait until a question has ended well, ever longer between looks."""
        pause = _FIRST_PAUSE
        while True:
            execution = self._client.get_query_execution(QueryExecutionId=question)["QueryExecution"]
            state = execution["Status"]["State"]
            if state == "SUCCEEDED":
                return dict(execution)
            if state in ("FAILED", "CANCELLED"):
                reason = execution["Status"].get("StateChangeReason", "no reason was given")
                raise DeploymentError(f"Athena has {state.lower()} the question {question}: {reason}")
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _answer(self, question: str) -> DuckDBPyRelation:
        """Return the rows of a question, each column with its type."""
        pages = self._client.get_paginator("get_query_results").paginate(QueryExecutionId=question)
        kinds: dict[str, str] = {}
        rows: list[list[str | None]] = []
        for page in pages:
            if not kinds:
                kinds = {
                    one["Name"]: one["Type"] for one in page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
                }
            rows.extend(
                [cell.get("VarCharValue") for cell in row["Data"]] for row in page["ResultSet"]["Rows"]
            )
        _header, *values = rows
        columns = zip(*values, strict=True) if values else ((),) * len(kinds)
        texts = pa.table([pa.array(cells, pa.string()) for cells in columns], names=list(kinds))
        connection = duckdb.connect()
        connection.execute("set TimeZone = 'UTC'")
        return connection.from_arrow(texts).project(", ".join(_typed(kinds)))


def _typed(kinds: Mapping[str, str]) -> Iterator[str]:
    for name, kind in kinds.items():
        text = "double" if kind == "decimal" else "varchar"
        yield f"cast({column(name)} as {_TYPES.get(kind, text)}) as {column(name)}"
