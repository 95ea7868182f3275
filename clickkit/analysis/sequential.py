"""Experiments watched day by day: tests that stay valid however often somebody looks, and stops.

All take the outcomes of `experiments` or `experiment_tables`, with `exposed_at`. A visitor counts once, on
the UTC day of the exposure, with what became of him: give `within_days` to `experiments.outcomes`, and
read a day when that many days have passed, so that an outcome that has been counted no longer changes.
"""

from collections.abc import Mapping

import numpy as np
from duckdb import DuckDBPyRelation
from numpy.typing import ArrayLike
from scipy import special

from clickkit.analysis import significance
from clickkit.analysis.intervals import Floats, Interval, floats
from clickkit.analysis.pairs import check_control, check_known
from clickkit.analysis.question import ask, check_share
from clickkit.analysis.splits import shares_of, warning_of
from clickkit.analysis.tables import Columns, columns, table
from clickkit.errors import SettingsError

_PRIOR_VISITORS = 100
_ROUNDING = 1e-12  # what remains of sums of squares of equal values
_DAILY = """
with daily as (
    select
        cast(exposed_at as date) as date,
        cast(variant as varchar) as variant,
        count(*) as visitors,
        count(*) - count({value}) as unknown,
        sum({value}) as total,
        sum({value} * {value}) as squares
    from outcomes
    where variant is not null and exposed_at is not null
    group by 1, 2
),
days as (select distinct date from daily),
variants as (select distinct variant from daily)
select
    days.date as date,
    variants.variant as variant,
    sum(coalesce(visitors, 0)) over so_far as visitors,
    sum(coalesce(unknown, 0)) over so_far as unknown,
    sum(coalesce(total, 0)) over so_far as total,
    sum(coalesce(squares, 0)) over so_far as squares
from days
cross join variants
left join daily on daily.date = days.date and daily.variant = variants.variant
window so_far as (partition by variants.variant order by days.date)
order by days.date, variants.variant
"""

_UNTIMED = "select count(*) from outcomes where variant is not null and exposed_at is null"


def rates_by_day(
    outcomes: DuckDBPyRelation,
    *,
    control: str,
    planned: Mapping[str, float] | None = None,
    planned_visitors: float = 10_000,
    confidence: float = 0.95,
    threshold: float = 0.01,
) -> DuckDBPyRelation:
    """Return all that is known at the end of each day about conversion rates, one row a day and variant.

    `date, variant, control, visitors, control_visitors, rate, control_rate` (so far); `difference, low,
    high`: intervals that hold for all days together (see `mixture`); `p`: always valid, and never rising
    from day to day; `p_adjusted`: Holm's for several variants; `srm_p`: always valid too (see
    `split_mixture`); `warning`. `planned_visitors`, of a variant and its control together, is where the
    interval is tightest; the error rate holds with any, if it was chosen before looking.

    Raises:
        SettingsError: nobody is in the control, or an argument cannot be understood.
    """
    value = "cast(cast(coalesce(converted, false) as integer) as double)"
    found = _by_day(outcomes, value, control, planned, planned_visitors, confidence, threshold)
    return table({name.replace("mean", "rate"): values for name, values in found.items()})


def means_by_day(
    outcomes: DuckDBPyRelation,
    *,
    control: str,
    planned: Mapping[str, float] | None = None,
    planned_visitors: float = 10_000,
    confidence: float = 0.95,
    threshold: float = 0.01,
) -> DuckDBPyRelation:
    """Return what `rates_by_day` does of the mean `value` a visitor, as `mean` and `control_mean`.

    Raises:
        SettingsError: nobody is in the control, or an argument cannot be understood.
    """
    return table(_by_day(outcomes, "value", control, planned, planned_visitors, confidence, threshold))


def mixture(
    difference: ArrayLike,
    variance: ArrayLike,
    visitors: ArrayLike,
    *,
    planned_visitors: float = 10_000,
    confidence: float = 0.95,
) -> tuple[Floats, Interval]:
    """Return p of no difference, and the interval, of a look that is one of any number of looks.

    The mixture sequential probability ratio test of a normal difference with estimated `variance` (of the
    difference): Johari, Pekelis, Walsh 2015 and 2022; its interval is the asymptotic confidence sequence
    of Waudby-Smith et al. 2024, tightest at `planned_visitors` (their equation for rho). Of p, the
    smallest so far counts. A variance that is 0 or unknown says nothing yet: p is 1, the interval nan.

    Raises:
        SettingsError: a confidence that is none, or no planned visitors.
    """
    if not (0 < confidence < 1 and planned_visitors > 0):
        raise SettingsError(
            f"no test of confidence {confidence} planned for {planned_visitors} visitors: write a fraction "
            "between 0 and 1, and a number above 0"
        )
    twice = -2 * np.log1p(-confidence)  # alpha is 1 - confidence
    growth = (twice + np.log1p(twice)) * floats(visitors) / planned_visitors
    difference, variance = floats(difference), floats(variance)
    known = variance > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        evidence = difference**2 / variance * growth / (1 + growth) / 2 - np.log1p(growth) / 2
        reach = np.sqrt(variance * (1 + growth) / growth * (twice + np.log1p(growth)))
    reach = np.where(known, reach, np.nan)
    p = np.where(known, np.exp(-np.maximum(evidence, 0)), 1)
    return p, Interval(difference - reach, difference + reach)


def split_mixture(counts: ArrayLike, shares: ArrayLike) -> Floats:
    """Return p of a split being as planned, of a look that is one of any number; the last axis is the split.

    Lindon, Malek 2022: the Bayes factor of a multinomial against a Dirichlet prior around the planned
    shares, here as strong as 100 visitors. Of p, the smallest so far counts.
    """
    counts, shares = floats(counts), floats(shares)
    prior = _PRIOR_VISITORS * shares
    evidence = (
        (special.gammaln(prior + counts) - special.gammaln(prior) - counts * np.log(shares)).sum(-1)
        + special.gammaln(_PRIOR_VISITORS)
        - special.gammaln(_PRIOR_VISITORS + counts.sum(-1))
    )
    return floats(np.exp(-np.maximum(evidence, 0)))


def _by_day(
    outcomes: DuckDBPyRelation,
    value: str,
    control: str,
    planned: Mapping[str, float] | None,
    planned_visitors: float,
    confidence: float,
    threshold: float,
) -> Columns:
    check_share("threshold", threshold)
    if untimed := ask(outcomes, _UNTIMED, name="outcomes").fetchall()[0][0]:
        raise SettingsError(f"exposed_at of {untimed:,} visitors is null: say in at= which column has it")
    daily = columns(ask(outcomes, _DAILY.format(value=value), name="outcomes"), ("date", "variant"))
    variants = list(dict.fromkeys(daily["variant"]))
    shares = shares_of(variants, planned)
    check_control(variants, control)
    check_known(value, int(daily["unknown"][-len(variants) :].sum()))
    shape = (-1, len(variants))
    daily = {name: values.reshape(shape) for name, values in daily.items()}
    own = [place for place, variant in enumerate(variants) if variant != control]
    pairs = _paired(daily, own, [variants.index(control)] * len(own))
    p, interval = mixture(
        pairs["difference"],
        pairs.pop("variance"),
        pairs["visitors"] + pairs["control_visitors"],
        planned_visitors=planned_visitors,
        confidence=confidence,
    )
    p = np.minimum.accumulate(p)
    adjusted = [significance.corrected(row, "holm") for row in p]
    srm_p = np.repeat(_split_by_day(variants, daily["visitors"], shares), len(own))
    tested = {**pairs, "low": interval.low, "high": interval.high, "p": p, "p_adjusted": np.array(adjusted)}
    return {
        **{name: values.ravel() for name, values in tested.items()},
        "srm_p": srm_p,
        "warning": np.array([warning_of(found, threshold) for found in srm_p], object),
    }


def _paired(daily: Columns, own: list[int], other: list[int]) -> Columns:
    """Return each variant beside the control, so far: rows are days, columns variants."""
    visitors = daily["visitors"]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = daily["total"] / visitors
        spread = daily["squares"] - visitors * mean**2
        spread = np.where(spread > _ROUNDING * daily["squares"], spread, np.nan)  # of equal values: unknown
        variance = spread / (visitors - 1) / visitors
    return {
        "date": daily["date"][:, own],
        "variant": daily["variant"][:, own],
        "control": daily["variant"][:, other],
        "visitors": visitors[:, own].astype(int),
        "control_visitors": visitors[:, other].astype(int),
        "mean": mean[:, own],
        "control_mean": mean[:, other],
        "difference": mean[:, own] - mean[:, other],
        "variance": variance[:, own] + variance[:, other],
    }


def _split_by_day(variants: list[str], visitors: Floats, shares: Mapping[str, float]) -> Floats:
    """Return the smallest p of the split so far, for each day."""
    nobody = np.zeros(len(visitors))
    counts = [visitors[:, variants.index(name)] if name in variants else nobody for name in shares]
    return floats(np.minimum.accumulate(split_mixture(np.transpose(counts), list(shares.values()))))
