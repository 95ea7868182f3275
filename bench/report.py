"""What a bench of the collector found, as a table, as answers to what was asked, and as JSON."""

from collections.abc import Iterator, Sequence

import msgspec

from bench.measurement import Cell, Memory
from bench.subjects import CEILING, CEILING_ON_OURS, EXPRESS, EXPRESS_STUB, SQLITE, STUB

_NOTES = (
    "Everything ran on one machine, which others may have used too: ratios mean more than figures.",
    "p50 and p99 are of answers with status 200; cpu is the server's processor time, without its store's.",
    "peak RSS is the process's, over the whole run. Express takes one click a request.",
)


class Answer(msgspec.Struct, frozen=True):
    """One thing that was asked for, and what was reached."""

    what: str
    asked: str
    reached: float
    unit: str = ""


class Report(msgspec.Struct, frozen=True):
    """Everything that one run found."""

    cells: list[Cell]
    memory: Memory
    acknowledged: int
    stored: int

    def answers(self) -> list[Answer]:
        """Return what was asked for beside what was reached."""
        ours, ceiling = self._cell(SQLITE, 1), self._cell(CEILING, 1)
        return [
            Answer("single clicks, 64 connections: ours / ceiling", "≥ 0.60", _ratio(ours, ceiling)),
            Answer(
                "the same, the ceiling served as ours is",
                "nothing",
                _ratio(ours, self._cell(CEILING_ON_OURS, 1)),
            ),
            Answer(
                "single clicks, 64 connections: ours / Express", "≥ 15", _ratio(ours, self._cell(EXPRESS, 1))
            ),
            Answer(
                "the same, both on the stub: ours / Express",
                "nothing",
                _ratio(self._cell(STUB, 1), self._cell(EXPRESS_STUB, 1)),
            ),
            Answer(
                "batches of 50, 64 connections: ours",
                "≥ 60,000",
                self._cell(SQLITE, 50).clicks_per_second,
                "clicks/s",
            ),
            Answer("single clicks, 64 connections: ours, p99", "< 50", ours.p99_ms, "ms"),
            Answer(f"peak memory over {self.memory.clicks:,} clicks", "< 250", self.memory.peak_mib, "MiB"),
            Answer("acknowledged clicks that the store lacks", "0", max(0, self.acknowledged - self.stored)),
            Answer("load generator at the ceiling, share of a core", "< 1", ceiling.load_cpu),
        ]

    def _cell(self, subject: str, batch: int) -> Cell:
        return next(
            cell
            for cell in self.cells
            if (cell.subject, cell.connections, cell.batch) == (subject, 64, batch)
        )


def lines(report: Report) -> Iterator[str]:
    """Yield the report as lines to read."""
    yield from _table(report.cells)
    yield ""
    yield f"Medians of {report.cells[0].rounds} short rounds that took turns."
    yield from _NOTES
    yield ""
    memory = report.memory
    yield (
        f"{memory.clicks:,} clicks in batches of 50 to {SQLITE}: {memory.clicks_per_second:,.0f} clicks/s, "
        f"{memory.errors} errors; RSS {memory.start_mib:.0f} MiB at the start, "
        f"{memory.middle_mib:.0f} in the middle, {memory.end_mib:.0f} at the end"
    )
    yield f"{SQLITE}: {report.acknowledged:,} clicks acknowledged, {report.stored:,} in the store"
    yield ""
    for answer in report.answers():
        reached = f"{_short(answer.reached)} {answer.unit}".rstrip()
        yield f"{answer.what:<50} asked {answer.asked:>8}   reached {reached}"


def to_json(report: Report) -> bytes:
    """Return the report and its answers as indented JSON."""
    whole = msgspec.to_builtins(report) | {"answers": msgspec.to_builtins(report.answers())}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"


def _table(cells: Sequence[Cell]) -> Iterator[str]:
    yield (
        f"{'':<18} {'conn.':>5} {'batch':>5} {'requests/s':>10} {'clicks/s':>9} {'p50 ms':>8} {'p99 ms':>8} "
        f"{'errors':>6} {'cpu µs/click':>12} {'peak RSS MiB':>12}"
    )
    for cell in cells:
        yield (
            f"{cell.subject:<18} {cell.connections:>5} {cell.batch:>5} {cell.requests_per_second:>10,.0f} "
            f"{cell.clicks_per_second:>9,.0f} {cell.p50_ms:>8.1f} {cell.p99_ms:>8.1f} {cell.errors:>6} "
            f"{cell.cpu_us_per_click:>12.1f} {cell.peak_rss_mib:>12.0f}"
        )


def _ratio(ours: Cell, theirs: Cell) -> float:
    return (
        ours.requests_per_second / theirs.requests_per_second if theirs.requests_per_second else float("nan")
    )


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 100 else f"{value:,.0f}"
