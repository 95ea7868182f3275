"""How far the answer of an experiment is owed to the rules by which it was counted."""

from collections.abc import Mapping, Sequence
from typing import Any

from duckdb import DuckDBPyRelation

from clickkit.analysis import comparisons, experiments
from clickkit.analysis.experiments import EXPOSURE, Several
from clickkit.analysis.rules import ALTERNATIVES, apply_rules
from clickkit.analysis.tables import table
from clickkit.errors import SettingsError

_SEVERAL: tuple[Several, ...] = ("exclude", "first")


def rates(
    events: DuckDBPyRelation,
    *,
    experiment: str,
    control: str,
    goal: str,
    exposed: str = EXPOSURE,
    planned: Mapping[str, float] | None = None,
    rules: Mapping[str, Mapping[str, Any]] = ALTERNATIVES,
    several: Sequence[Several] = _SEVERAL,
    within_days: int | None = None,
    confidence: float = 0.95,
) -> DuckDBPyRelation:
    """Return what `comparisons.rates` says under each set of rules, one row a set and variant.

    `rules` (the names of the given sets, each with options of `rules.apply_rules`), `several` (exclude or
    first: what becomes of visitors in several variants), and of the comparison `variant, visitors,
    control_visitors, rate, control_rate, difference, low, high, p, srm_p, warning`. `events` are all that
    there are: the rules choose among them.

    An answer that needs one of these sets to hold is not an answer (Simonsohn, Simmons, Nelson 2020, on
    all reasonable specifications); and choosing the set by its p is no test.

    Raises:
        SettingsError: there is nothing to compare, or what `experiments.outcomes` and `comparisons.rates`
            raise.
    """
    if not rules or not several:
        raise SettingsError("no rules to compare: give a set at least, as in {'all': {'bots': True}}")
    rows: list[dict[str, Any]] = []
    for name, options in rules.items():
        counted = apply_rules(events, **options)
        for kept in several:
            outcomes = experiments.outcomes(
                counted,
                experiment=experiment,
                goal=goal,
                exposed=exposed,
                several=kept,
                within_days=within_days,
            )
            found = comparisons.rates(outcomes, control=control, planned=planned, confidence=confidence)
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
