"""A lake of many events in sessions of five, made in DuckDB: a minute for ten million."""

import datetime as dt
from pathlib import Path

import duckdb
import pyarrow as pa

from bench.lake import publish_day
from clickkit.event import SCHEMA
from clickkit.lake.files import open_files

FIRST = dt.date(2026, 10, 26)  # a Monday
DAYS = 28

_PER_SESSION = 5
_SESSIONS_PER_VISITOR = 5

# Each session is its visitor's, begins at a moment of the day, and pauses up to five minutes between events.
_SQL = """
select
    format('{{:032x}}', hash(session, place)) as id,
    case when place = 0 then 'view' else 'click' end as event,
    case
        when place = 0 then null
        when hash(session, place, 'button') % 10 < 4 then 'Product'
        when hash(session, place, 'button') % 10 < 6 then 'Cart'
        when hash(session, place, 'button') % 10 < 7 then 'Pay'
        else 'Other ' || (hash(session, place, 'button') % 20)
    end as button,
    timestamptz '{day} 00:00:00+00'
        + to_milliseconds(cast(hash(session, 'start') % 84_000_000 as bigint))
        + to_milliseconds(cast(place * (hash(session, 'pause') % 300_000 + 1) as bigint)) as timestamp,
    'v' || (hash(session, 'visitor') % {visitors}) as visitor_id,
    's' || session as session_id,
    place + 1 as sequence,
    'https://shop.example/' || (hash(session, place, 'page') % 50) as page_url
from range({first}, {last}) as sessions(session)
cross join range({per_session}) as places(place)
order by timestamp, id
"""


def write_sessions(lake: Path, rows: int) -> int:
    """Write a lake of about so many events over four weeks; return how many they are."""
    files, per_day = open_files(lake), rows // _PER_SESSION // DAYS
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for number in range(DAYS):
            day = FIRST + dt.timedelta(days=number)
            sql = _SQL.format(
                day=day,
                visitors=max(1, rows // _PER_SESSION // _SESSIONS_PER_VISITOR),
                first=number * per_day,
                last=(number + 1) * per_day,
                per_session=_PER_SESSION,
            )
            publish_day(files, day, _whole(connection.sql(sql).to_arrow_table()))
    return per_day * _PER_SESSION * DAYS


def _whole(made: pa.Table) -> pa.Table:
    """Return the events with all columns of the schema, null where nothing was made."""
    columns = [
        made[field.name].cast(field.type)
        if field.name in made.column_names
        else pa.nulls(len(made), field.type)
        for field in SCHEMA
    ]
    return pa.table(columns, schema=SCHEMA)
