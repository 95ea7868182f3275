"""Each variant beside its control: one SELECT over outcomes, the sums that comparisons are made of."""

from collections.abc import Collection, Mapping

import numpy as np
from duckdb import DuckDBPyRelation

from clickkit.analysis.question import ask, column
from clickkit.analysis.tables import Columns, columns
from clickkit.errors import SettingsError

RATES = {"conversions": "count(*) filter (where converted)"}
COUNTED_RATES = {"visitors": "sum(visitors)", "conversions": "sum(conversions)"}
MEANS = {"known": "count(value)", "mean": "avg(value)", "variance": "var_samp(value)"}
HISTORY = {
    "known_before": "count(value_before)",
    "mean_before": "avg(value_before)",
    "variance_before": "var_samp(value_before)",
    "covariance": "covar_samp(value, value_before)",
}
_COUNTED = """
select
    {segment} as segment,
    cast(variant as varchar) as variant,
    {measured}
from outcomes
where variant is not null
group by 1, 2
order by 1 nulls last, 2
"""


_WRONG = """
select variant, visitors, conversions
from outcomes
where variant is not null and (conversions between 0 and visitors) is not true
limit 1
"""


def count_groups(
    outcomes: DuckDBPyRelation, measures: Mapping[str, str], segment: str | None = None
) -> Columns:
    """Return `segment, variant, visitors` and the `measures` (name to SQL), a row a segment and variant.

    Without `segment`, the name of a column of outcomes, all visitors are one. It raises SettingsError
    when a value is unknown where it is measured.
    """
    asked = {"visitors": "count(*)"} | dict(measures)
    sql = _COUNTED.format(
        segment="null" if segment is None else column(segment),
        measured=", ".join(f"{measure} as {name}" for name, measure in asked.items()),
    )
    groups = columns(ask(outcomes, sql, name="outcomes"), ("segment", "variant"))
    for known, named in (("known", "value"), ("known_before", "value_before")):
        lacking = int((groups["visitors"] - groups.get(known, groups["visitors"])).sum())
        check_known(named, lacking)
    return groups


def count_rates(outcomes: DuckDBPyRelation, segment: str | None = None) -> Columns:
    """Return `segment, variant, visitors, conversions`, a row a segment and variant.

    Outcomes with the columns `visitors` and `conversions`, and without `converted`, are counted already.

    Raises:
        SettingsError: of those, a number is null or below 0, or conversions are more than visitors.
    """
    names = set(getattr(outcomes, "columns", ()))
    if "converted" in names or not names >= {"visitors", "conversions"}:
        return count_groups(outcomes, RATES, segment)
    for variant, visitors, conversions in ask(outcomes, _WRONG, name="outcomes").fetchall():
        raise SettingsError(
            f"variant {variant} has {visitors} visitors and {conversions} conversions: these are no counts"
        )
    return count_groups(outcomes, COUNTED_RATES, segment)


def pair(groups: Columns, control: str) -> Columns:
    """Return each variant beside the control of its segment: for each `name` also a `control_name`.

    A segment without the control has no row. `control` is the name of the control.

    Raises:
        SettingsError: nobody is in the control, or only there.
    """
    variants, segments = list(groups["variant"]), list(groups["segment"])
    check_control(set(variants), control)
    at = {segments[place]: place for place, variant in enumerate(variants) if variant == control}
    own = [place for place, name in enumerate(variants) if name != control and segments[place] in at]
    if not own:
        raise SettingsError(f"no segment has visitors in {control!r} and in another variant: choose another")
    other = [at[segments[place]] for place in own]
    numbers = [name for name in groups if name not in ("segment", "variant")]
    return {
        "segment": groups["segment"][own],
        "variant": groups["variant"][own],
        "control": np.full(len(own), control, object),
        **{name: groups[name][own] for name in numbers},
        **{f"control_{name}": groups[name][other] for name in numbers},
    }


def check_control(variants: Collection[str], control: str) -> None:
    """Refuse a control in which nobody is, or beside which there is nobody."""
    if not variants:
        raise SettingsError("nobody is in any variant: check the experiment's name, and its days")
    if control not in variants:
        raise SettingsError(
            f"nobody is in the control {control!r}: choose from {', '.join(sorted(variants))}"
        )
    if len(variants) == 1:
        raise SettingsError(f"all visitors are in the control {control!r}: there is nothing to compare")


def check_known(column: str, lacking: int) -> None:
    """Refuse values that are null."""
    if lacking:
        raise SettingsError(f"{column} of {lacking:,} visitors is null: say what it was, 0 perhaps")
