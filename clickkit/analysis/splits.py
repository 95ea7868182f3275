"""How visitors were split among the variants, held against the plan: look here before at any difference."""

from collections.abc import Collection, Mapping

import msgspec
import numpy as np
from duckdb import DuckDBPyRelation

from clickkit.analysis import significance
from clickkit.analysis.pairs import count_groups
from clickkit.analysis.question import check_share
from clickkit.analysis.tables import Columns, table
from clickkit.errors import SettingsError


class Split(msgspec.Struct, frozen=True):
    """The visitors of each variant beside the planned ones, and the test of both.

    `expected` has the variants in the order of the plan; `threshold` is what p must not be below.
    """

    visitors: dict[str, int]
    expected: dict[str, float]
    chi2: float
    p: float
    threshold: float

    @property
    def is_mismatch(self) -> bool:
        """Say whether the split is not as planned."""
        return self.p < self.threshold

    @property
    def warning(self) -> str | None:
        """Say in words what a mismatch means; None: there is none."""
        return warning_of(self.p, self.threshold)


def sample_ratio(
    outcomes: DuckDBPyRelation, *, planned: Mapping[str, float] | None = None, threshold: float = 0.01
) -> DuckDBPyRelation:
    """Return `variant, visitors, expected, chi2, p, is_mismatch, warning`, a row for each variant planned.

    `planned` maps each variant to its share (any numbers above 0; None: the same for every variant that
    is there). `chi2` and `p` are of the whole split, by Pearson's test of goodness of fit (1900), and
    `is_mismatch` says that p lies below `threshold`: visitors got lost, or were counted wrongly, in one
    variant more than in another (Fabijan et al. 2019). It is a test for one look; `sequential` has its own.

    Raises:
        SettingsError: nobody is there, a variant was not planned, or the threshold is no fraction.
    """
    split = split_of(count_groups(outcomes, {}), planned, threshold)
    size = len(split.expected)
    return table(
        {
            "variant": split.expected.keys(),
            "visitors": [split.visitors.get(variant, 0) for variant in split.expected],
            "expected": split.expected.values(),
            "chi2": [split.chi2] * size,
            "p": [split.p] * size,
            "is_mismatch": [split.is_mismatch] * size,
            "warning": [split.warning] * size,
        }
    )


def verdict(
    outcomes: DuckDBPyRelation, *, planned: Mapping[str, float] | None = None, threshold: float = 0.01
) -> str:
    """Say in one sentence whether visitors were split as planned; see `sample_ratio`."""
    split = split_of(count_groups(outcomes, {}), planned, threshold)
    if split.warning:
        return f"STOP: {split.warning}."
    return f"The split is as planned, as far as it can tell: p = {split.p:.2g}, not below {threshold:g}."


def split_of(groups: Columns, planned: Mapping[str, float] | None, threshold: float) -> Split:
    """Test the visitors of counted groups (`variant, visitors`) against the plan; see `sample_ratio`."""
    check_share("threshold", threshold)
    visitors: dict[str, int] = {}
    for variant, count in zip(groups["variant"], groups["visitors"], strict=True):
        visitors[variant] = visitors.get(variant, 0) + int(count)
    shares = shares_of(visitors, planned)
    counts = [visitors.get(variant, 0) for variant in shares]
    chi2, p = significance.goodness_of_fit(counts, list(shares.values()))
    expected = {variant: share * sum(counts) for variant, share in shares.items()}
    return Split(visitors, expected, float(chi2), float(p), threshold)


def shares_of(variants: Collection[str], planned: Mapping[str, float] | None) -> dict[str, float]:
    """Return the planned share of each variant, together 1."""
    if not variants:
        raise SettingsError("nobody is in this experiment: check its name, the days and what exposes")
    shares = dict(planned or dict.fromkeys(variants, 1.0))
    if unplanned := [variant for variant in variants if variant not in shares]:
        raise SettingsError(f"variant {unplanned[0]!r} has visitors and no share in planned={shares}: add it")
    if not all(share > 0 and np.isfinite(share) for share in shares.values()):
        raise SettingsError(f"no split planned={shares}: write a share above 0 for each variant")
    total = sum(shares.values())
    return {variant: share / total for variant, share in shares.items()}


def warning_of(p: float, threshold: float) -> str | None:
    """Say in words what a p-value of the split below the threshold means; None: it is not below."""
    if not p < threshold:
        return None
    return f"sample ratio mismatch (p = {p:.2g}): find out why before believing any difference"
