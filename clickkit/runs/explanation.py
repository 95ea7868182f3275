"""What receipts of erasure explain of a day that is not what it was."""

import datetime as dt
from collections.abc import Sequence

from clickkit.lake.digest import DayState
from clickkit.lake.receipts import ErasedDay, Receipt

_Step = tuple[Receipt, ErasedDay]


def explain(day: dt.date, then: DayState, now: DayState | None, receipts: Sequence[Receipt]) -> str:
    """Say by which receipts a day came from what it was to what it is, one after the other; or nothing.

    An erasure begins with the digest that the one before left. What happened between two of them, such as
    a late click, is no erasure: then the receipts explain it in part.
    """
    steps = [(receipt, receipt.days[day]) for receipt in receipts if day in receipt.days]
    forth = _from(then.digest, None if now is None else now.digest, steps)
    if forth and _ends_at(forth[-1][1], now):
        return f"explained by {_named(forth)}"
    left = [step for step in steps if step not in forth]
    back = _back_to(now, left)
    known = [*forth, *back]
    if not known:
        return ""
    rows = (now.rows if now else 0) - then.rows + _erased(known)
    rest = f"{rows:+,} row{'' if abs(rows) == 1 else 's'} by something else" if rows else "something else too"
    return f"explained in part by {_named(known)}; {rest}"


def _from(digest: str, end: str | None, steps: Sequence[_Step]) -> list[_Step]:
    """Follow erasures forwards, each at most once, up to the digest that the day has now."""
    chain: list[_Step] = []
    for step in steps:
        if digest == end:
            break
        if step[1].digest_before == digest:
            chain.append(step)
            digest = step[1].digest_after or ""
    return chain


def _back_to(now: DayState | None, steps: Sequence[_Step]) -> list[_Step]:
    """Follow erasures backwards from what the day is now."""
    chain: list[_Step] = []
    for step in reversed(steps):
        begins = chain[0][1].digest_before if chain else None
        if (step[1].digest_after == begins) if chain else _ends_at(step[1], now):
            chain.insert(0, step)
    return chain


def _ends_at(step: ErasedDay, now: DayState | None) -> bool:
    """Tell whether an erasure left a day as it is now; a day without events is gone."""
    return step.rows_after == 0 if now is None else step.digest_after == now.digest


def _erased(steps: Sequence[_Step]) -> int:
    return sum(step.rows_before - step.rows_after for _, step in steps)


def _named(steps: Sequence[_Step]) -> str:
    kind = "the receipt" if len(steps) == 1 else "the receipts"
    names = ", ".join(
        f"{receipt.path} ({receipt.reason} of {receipt.at:%Y-%m-%d %H:%M} UTC)" for receipt, _ in steps
    )
    count = _erased(steps)
    return f"{kind} {names}: {count:,} row{'' if count == 1 else 's'} erased"
