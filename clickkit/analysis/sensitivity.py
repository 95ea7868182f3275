"""How far the answer of an experiment is owed to the rules by which it was counted."""

from collections.abc import Mapping, Sequence
from typing import Any

from duckdb import DuckDBPyRelation

from clickkit.analysis import comparisons, experiments
from clickkit.analysis.experiments import EXPOSURE, Several
from clickkit.analysis.pairs import RATES
from clickkit.analysis.question import ask, columns, text, together
from clickkit.analysis.rules import ALTERNATIVES, apply_rules
from clickkit.analysis.tables import by_set, table
from clickkit.errors import SettingsError

_SEVERAL: tuple[Several, ...] = ("exclude", "first")
_COUNTED = f"""
select variant, count(*) as visitors, {RATES["conversions"]} as conversions
from outcomes
group by variant
"""


def counts(
    events: DuckDBPyRelation,
    *,
    experiment: str,
    goal: str,
    exposed: str = EXPOSURE,
    rules: Mapping[str, Mapping[str, Any]] = ALTERNATIVES,
    several: Sequence[Several] = _SEVERAL,
    within_days: int | None = None,
) -> DuckDBPyRelation:
    """Return what `experiments.outcomes` counts under each set of rules, one row a set and variant.

    `place` (1, 2, … of a set), `rules` (the names of the given ones, each with options of
    `rules.apply_rules`), `several` (exclude or first: what becomes of visitors in several variants),
    `variant, visitors, conversions`; the variant of a set that nobody is in is null. `events` are all that
    there are: the rules choose among them.

    Raises:
        SettingsError: there is nothing to compare, or what `experiments.outcomes` raises.
    """
    if not rules or not several:
        raise SettingsError("no rules to compare: give a set at least, as in {'all': {'bots': True}}")
    sets = []
    for name, options in rules.items():
        chosen = apply_rules(events, **options)
        for kept in several:
            outcomes = experiments.outcomes(
                chosen,
                experiment=experiment,
                goal=goal,
                exposed=exposed,
                several=kept,
                within_days=within_days,
            )
            labels = {"rules": text(name), "several": text(kept)}
            sets.append((labels, ask(outcomes, _COUNTED, name="outcomes")))
    counted = together(sets)
    return ask(counted, f"select {columns(counted)} from events order by place, variant")


def rates(
    counts: DuckDBPyRelation,
    *,
    control: str,
    planned: Mapping[str, float] | None = None,
    confidence: float = 0.95,
) -> DuckDBPyRelation:
    """Return what `comparisons.rates` says of each set of rules in `counts`, one row a set and variant.

    `rules, several`, and of the comparison `variant, visitors, control_visitors, rate, control_rate,
    difference, low, high, p, srm_p, warning`.

    An answer that needs one of these sets to hold is not an answer (Simonsohn, Simmons, Nelson 2020, on
    all reasonable specifications); and choosing the set by its p is no test.

    Raises:
        SettingsError: what `comparisons.rates` raises, of any set.
    """
    rows: list[dict[str, Any]] = []
    for (name, kept), own in by_set(counts, "rules, several"):
        try:
            found = comparisons.rates(own, control=control, planned=planned, confidence=confidence)
        except SettingsError as error:
            raise SettingsError(f"rules {name!r}, several {kept!r}: {error}") from error
        rows += [{"rules": name, "several": kept} | row for row in found.to_dicts()]
    return table({column: [row[column] for row in rows] for column in _COLUMNS})


_COLUMNS = (
    "rules",
    "several",
    "variant",
    "visitors",
    "control_visitors",
    "rate",
    "control_rate",
    "difference",
    "low",
    "high",
    "p",
    "srm_p",
    "warning",
)
