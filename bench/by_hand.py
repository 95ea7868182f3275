"""The same answers in SQL as a careful analyst writes it for DuckDB, straight at the files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

COUNT = """
select cast(timestamp as date) as date, button, count(*) as clicks, count(distinct visitor_id) as visitors
from read_parquet($files)
where event = 'click'
group by all
order by date, clicks desc, button
"""

SESSIONS = """
with started as (
    select
        visitor_id, timestamp, event,
        timestamp > lag(timestamp) over visits + interval 30 minutes is not false as is_new
    from read_parquet($files)
    where visitor_id is not null
    window visits as (partition by visitor_id order by timestamp)
),
runs as (
    select
        visitor_id, timestamp, event,
        max(case when is_new then timestamp end) over (partition by visitor_id order by timestamp) as run
    from started
),
sessions as (
    select
        visitor_id,
        epoch(max(timestamp) - min(timestamp)) as seconds,
        count(*) as events,
        count(*) filter (where event = 'click') as clicks,
        count(*) filter (where event = 'view') as views
    from runs
    group by visitor_id, run, (epoch_us(timestamp) - epoch_us(run)) // 86_400_000_000
)
select
    count(*), count(distinct visitor_id), count(*) / count(distinct visitor_id),
    median(seconds), avg(seconds), avg(events), avg(clicks), avg(views),
    avg(case when clicks = 0 and views <= 1 then 1 else 0 end)
from sessions
"""

FUNNEL = """
with steps as (
    select
        visitor_id, button, timestamp,
        row_number() over (
            partition by visitor_id order by session_start, session_id, sequence, timestamp, id
        ) as place
    from (
        select
            visitor_id, button, timestamp, session_id, sequence, id,
            min(timestamp) over (partition by visitor_id, session_id) as session_start
        from read_parquet($files)
        where event = 'click' and button in ('Product', 'Cart', 'Pay') and visitor_id is not null
    )
),
product as (
    select
        visitor_id, button, timestamp, place,
        max(case when button = 'Product' then timestamp end) over (
            partition by visitor_id order by place rows between unbounded preceding and 1 preceding
        ) as began
    from steps
),
cart as (
    select
        visitor_id, button, timestamp, place,
        case when button = 'Cart' then began end as at_cart,
        max(case when button = 'Cart' then began end) over (
            partition by visitor_id order by place rows between unbounded preceding and 1 preceding
        ) as began_cart
    from product
    where began is not null
),
visitors as (
    select
        epoch(min_by(timestamp - at_cart, place) filter (where at_cart is not null)) as to_cart,
        epoch(
            min_by(timestamp - began_cart, place) filter (where button = 'Pay' and began_cart is not null)
        ) as to_pay
    from cart
    group by visitor_id
)
select 'product', (select count(distinct visitor_id) from steps where button = 'Product'), null
union all select 'cart', count(to_cart), median(to_cart) from visitors
union all select 'pay', count(to_pay), median(to_pay) from visitors
"""

RETENTION = """
with visits as (
    select distinct visitor_id, cast(date_trunc('week', timestamp) as date) as week
    from read_parquet($files)
    where visitor_id is not null
),
firsts as (
    select visitor_id, week, min(week) over (partition by visitor_id) as cohort
    from visits
),
active as (
    select cohort, (week - cohort) // 7 as period, count(*) as active
    from firsts
    group by all
)
select
    cohort, period, first_value(active) over weeks as visitors, active,
    active / first_value(active) over weeks as share
from active
window weeks as (partition by cohort order by period)
order by cohort, period
"""


def ask(sql: str, files: Sequence[Path]) -> list[tuple[Any, ...]]:
    """Return the rows of an answer, on a connection of its own, times in UTC."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        return connection.execute(sql, {"files": [str(file) for file in files]}).fetchall()
