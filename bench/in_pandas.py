"""The same answers in pandas, as a careful analyst writes them, without Python loops.

`read` returns the events as a frame with at least the columns that it is given.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd

Rows = list[tuple[Any, ...]]
Read = Callable[[list[str]], pd.DataFrame]


def count(read: Read) -> Rows:
    """Count clicks and visitors by day and button."""
    events = read(["event", "button", "timestamp", "visitor_id"])
    clicks = events[events["event"] == "click"]
    groups = clicks.assign(date=clicks["timestamp"].dt.floor("D")).groupby(["date", "button"], dropna=False)
    counted = groups["visitor_id"].agg(clicks="size", visitors="nunique").reset_index()
    ordered = counted.sort_values(["date", "clicks", "button"], ascending=[True, False, True])
    ordered["date"] = ordered["date"].dt.date
    return _rows(ordered)


def sessions(read: Read) -> Rows:
    """Sum up sessions of no gap over 30 minutes, 24 hours at most."""
    events = read(["event", "timestamp", "visitor_id"]).dropna(subset=["visitor_id"])
    events = events.sort_values(["visitor_id", "timestamp"])
    gap = events.groupby("visitor_id")["timestamp"].diff()
    run = (gap.isna() | (gap > pd.Timedelta(minutes=30))).cumsum()
    began = events.groupby(run)["timestamp"].transform("first")
    events["block"] = (events["timestamp"] - began) // pd.Timedelta(hours=24)
    events["run"] = run
    events["is_click"], events["is_view"] = events["event"] == "click", events["event"] == "view"
    found = events.groupby(["run", "block"]).agg(
        visitor_id=("visitor_id", "first"),
        begin=("timestamp", "min"),
        end=("timestamp", "max"),
        events=("event", "size"),
        clicks=("is_click", "sum"),
        views=("is_view", "sum"),
    )
    seconds = (found["end"] - found["begin"]).dt.total_seconds()
    visitors = found["visitor_id"].nunique()
    bounces = ((found["clicks"] == 0) & (found["views"] <= 1)).mean()
    means = [found[name].mean() for name in ("events", "clicks", "views")]
    return [(len(found), visitors, len(found) / visitors, seconds.median(), seconds.mean(), *means, bounces)]


def funnel(read: Read) -> Rows:
    """Follow visitors through three steps, by sequence within a session and sessions by their first step."""
    columns = ["event", "button", "timestamp", "visitor_id", "session_id", "sequence", "id"]
    events = read(columns).dropna(subset=["visitor_id"])
    steps = events[(events["event"] == "click") & events["button"].isin(["Product", "Cart", "Pay"])].copy()
    of_session = steps.groupby(["visitor_id", "session_id"])["timestamp"]
    steps["session_start"] = of_session.transform("min")
    order = ["visitor_id", "session_start", "session_id", "sequence", "timestamp", "id"]
    steps = steps.sort_values(order)
    begun = steps["timestamp"].where(steps["button"] == "Product")
    at_cart = _latest(begun, steps["visitor_id"]).where(steps["button"] == "Cart")
    at_pay = _latest(at_cart, steps["visitor_id"]).where(steps["button"] == "Pay")
    rows: Rows = [("product", steps.loc[steps["button"] == "Product", "visitor_id"].nunique(), None)]
    for name, reached in (("cart", at_cart), ("pay", at_pay)):
        took = (steps["timestamp"] - reached).dt.total_seconds().groupby(steps["visitor_id"]).first().dropna()
        rows.append((name, len(took), took.median()))
    return rows


def retention(read: Read) -> Rows:
    """Count who comes back by the week of the first visit."""
    events = read(["timestamp", "visitor_id"]).dropna(subset=["visitor_id"])
    day = events["timestamp"].dt.tz_localize(None).dt.floor("D")
    events["week"] = day - pd.to_timedelta(day.dt.day_of_week, unit="D")
    visits = events[["visitor_id", "week"]].drop_duplicates()
    visits["cohort"] = visits.groupby("visitor_id")["week"].transform("min")
    visits["period"] = (visits["week"] - visits["cohort"]).dt.days // 7
    active = visits.groupby(["cohort", "period"]).size().rename("active").reset_index()
    active["visitors"] = active.groupby("cohort")["active"].transform("first")
    active["share"] = active["active"] / active["visitors"]
    active["cohort"] = active["cohort"].dt.date
    return _rows(active[["cohort", "period", "visitors", "active", "share"]])


def _latest(moments: pd.Series, visitors: pd.Series) -> pd.Series:
    """Return each visitor's latest moment so far."""
    so_far = moments.groupby(visitors).cummax()
    return so_far.groupby(visitors).ffill()


def _rows(frame: pd.DataFrame) -> Rows:
    return list(frame.itertuples(index=False, name=None))
