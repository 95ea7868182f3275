"""Events as relations, without a store between."""

import csv
import datetime as dt
from contextlib import contextmanager

import duckdb
import msgspec
import pyarrow as pa
import pytest
from scipy import stats

from clickkit.event import SCHEMA, to_item


@contextmanager
def connected():
    """Open a connection in UTC, as `read_lake` sets it."""
    with duckdb.connect() as opened:
        opened.execute("set TimeZone = 'UTC'")
        yield opened


@pytest.fixture
def connection():
    """Return a connection of its own."""
    with connected() as opened:
        yield opened


def relation_of(events, connection):
    """Make a relation of events."""
    return connection.from_arrow(pa.Table.from_pylist([_row(event) for event in events], schema=SCHEMA))


@pytest.fixture
def relate(connection):
    """Return a function that makes a relation of events."""
    return lambda events: relation_of(events, connection)


@pytest.fixture(scope="module")
def relate_once():
    """Return a function that makes a relation of events for a whole module."""
    with connected() as opened:
        yield lambda events: relation_of(events, opened)


@pytest.fixture(scope="session")
def expect_covered():
    """Return a function that fails unless an analysis finds what was planted, within its own intervals.

    `ask` takes events (or outcomes) and a confidence, and returns low, planted and high of each interval;
    None is a limit that is not there. All visitors are asked at 99.99 %, where each of the intervals must
    hold: they are the narrowest, and find a bias. Then 16 independent samples of them, by the last digit of
    the visitor, are asked at 95 %, which proves the width: of their k intervals at least the 0.1 % quantile
    of the binomial distribution (k, 0.95) must hold. So of about 500 right analyses one fails.
    """

    def expect_covered(events, ask):
        everybody = list(ask(events, 0.9999))
        assert everybody
        assert not missed(everybody)
        samples = [events.filter(f"visitor_id like '%{digit}'") for digit in "0123456789abcdef"]
        found = [interval for sample in samples for interval in ask(sample, 0.95)]
        assert len(found) == 16 * len(everybody)
        allowed = len(found) - stats.binom.ppf(0.001, len(found), 0.95)
        assert len(missed(found)) <= allowed, (len(found), allowed, missed(found))

    return expect_covered


def missed(intervals):
    """Return the intervals that do not hold what was planted."""
    return [
        (low, planted, high)
        for low, planted, high in intervals
        if (low is not None and planted < low) or (high is not None and planted > high)
    ]


def _row(event):
    """Return an event as a row of the lake."""
    row = msgspec.structs.asdict(event)
    for name in ("device", "location", "screen"):
        row[name] = row[name] and msgspec.structs.asdict(row[name])
    item = to_item(event)
    return row | {name: item.get(name) for name in ("variants", "properties")}


@pytest.fixture
def visit(make_event):
    """Return a function that makes an event of a visitor, so many seconds after 2026-11-23 (a Monday)."""
    made = iter(range(10**6))

    def visit(visitor, seconds, **fields):
        moment = dt.datetime(2026, 11, 23, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
        return make_event(f"{next(made):06}", **{"visitor_id": visitor, "timestamp": moment} | fields)

    return visit


@pytest.fixture
def msweb(connection, shared):
    """Return msweb's page visits as views, one a second, each visitor one session, in the file's order."""
    titles, visits, visitor = {}, [], None
    with (shared / "web" / "msweb" / "anonymous-msweb.data").open(newline="") as lines:
        for kind, number, *rest in csv.reader(lines):
            if kind == "A":
                titles[number] = rest[2]
            elif kind == "C":
                visitor, sequence = number, 0
            elif kind == "V":
                visits.append((visitor, sequence, titles[number]))
                sequence += 1
    count = len(visits)
    visitors, sequences, pages = zip(*visits, strict=True)
    start = dt.datetime(1998, 2, 9, tzinfo=dt.UTC)
    columns = {name: pa.nulls(count, SCHEMA.field(name).type) for name in SCHEMA.names}
    columns |= {
        "id": pa.array([f"{visitor}-{sequence}" for visitor, sequence, _ in visits]),
        "event": pa.array(["view"] * count),
        "visitor_id": pa.array(visitors),
        "session_id": pa.array(visitors),
        "sequence": pa.array(sequences, pa.int64()),
        "page_url": pa.array([f"http://www.microsoft.com{page}" for page in pages]),
        "timestamp": pa.array(
            [start + dt.timedelta(seconds=sequence) for sequence in sequences], SCHEMA.field("timestamp").type
        ),
    }
    return connection.from_arrow(pa.table(columns, schema=SCHEMA))
