"""Receipts of erasure explain a day, also several one after the other."""

import datetime as dt

from clickkit.lake.digest import DayState
from clickkit.lake.receipts import ErasedDay, Receipt
from clickkit.runs.explanation import explain

DAY = dt.date(2026, 11, 21)


def erasure(number, before, after, rows=(10, 8), day=DAY):
    """Return a receipt of a day, by its digests before and after."""
    at = dt.datetime(2026, 11, 27, number, tzinfo=dt.UTC)
    days, path = {day: ErasedDay(*rows, before, after)}, f"_receipts/{number}.json"
    return Receipt(at, "erasure", days, store=0, spool=0, rejected=0, path=path)


def state(digest, rows):
    """Return the state of the day."""
    return DayState(DAY, rows, digest)


def test_one_erasure_after_the_other_explains_a_day():
    """Each begins with what the one before left."""
    receipts = [erasure(1, "a", "b", (10, 8)), erasure(2, "b", "c", (8, 7))]

    said = explain(DAY, state("a", 10), state("c", 7), receipts)

    assert said == (
        "explained by the receipts _receipts/1.json (erasure of 2026-11-27 01:00 UTC), "
        "_receipts/2.json (erasure of 2026-11-27 02:00 UTC): 3 rows erased"
    )


def test_a_run_between_two_erasures_is_explained_by_the_second():
    """What happened before the run is no explanation."""
    receipts = [erasure(1, "a", "b", (10, 8)), erasure(2, "b", "c", (8, 7))]

    said = explain(DAY, state("b", 8), state("c", 7), receipts)

    assert said.startswith("explained by the receipt _receipts/2.json")
    assert said.endswith("1 row erased")


def test_a_late_click_between_two_erasures_is_said():
    """The receipts explain it in part, and the rows of the rest are counted."""
    receipts = [erasure(1, "a", "b", (10, 8)), erasure(2, "late", "c", (9, 7))]

    said = explain(DAY, state("a", 10), state("c", 7), receipts)

    assert said.startswith("explained in part by the receipts _receipts/1.json")
    assert said.endswith("4 rows erased; +1 row by something else")


def test_a_late_click_after_an_erasure_is_said():
    """The erasure is still named."""
    said = explain(DAY, state("a", 10), state("late", 9), [erasure(1, "a", "b", (10, 8))])

    assert said.endswith("2 rows erased; +1 row by something else")


def test_a_day_that_was_erased_whole_is_explained():
    """No partition is left to have a digest."""
    said = explain(DAY, state("a", 10), None, [erasure(1, "a", None, (10, 0))])

    assert said.startswith("explained by the receipt _receipts/1.json")


def test_a_day_whose_only_part_is_left_without_rows_is_explained():
    """An erasure may keep the partition of a day that has no events any more."""
    said = explain(DAY, state("a", 10), state("empty", 0), [erasure(1, "a", "empty", (10, 0))])

    assert said.endswith("10 rows erased")


def test_what_no_receipt_tells_of_is_not_explained():
    """Neither by another day's nor by an older one."""
    receipts = [erasure(1, "a", "b", day=dt.date(2026, 11, 20)), erasure(2, "x", "y")]

    assert explain(DAY, state("a", 10), state("b", 8), receipts) == ""
