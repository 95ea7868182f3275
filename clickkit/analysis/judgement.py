"""A judgement of forecasts: how good probabilities were, and whether a plain baseline was better."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from duckdb import DuckDBPyRelation
from scipy.stats import norm, rankdata

from clickkit.analysis.question import ask, check_share
from clickkit.analysis.tables import table
from clickkit.analysis.wilson import wilson
from clickkit.errors import SettingsError

LEAST_OUTCOMES = 10
"""Of each outcome: with fewer, no interval below can be trusted."""

_FORECASTS = ("model", "rule", "base_rate")
_LEAST_CHANCE = 1e-6  # a forecast of 0 or 1 that is wrong costs this much, not infinity
_MOST_DRAWN_AT_ONCE = 1_000_000

Numbers = npt.NDArray[np.float64]


class Score(msgspec.Struct, frozen=True):
    """How good the probabilities of one forecast were, each number with its interval (low, high).

    `brier`: mean squared error, 0 is perfect (Brier 1950). `log_loss`: mean -ln of the probability given
    to what happened, probabilities cut to 1e-6. `auc`: the chance that of a true and a false outcome the true
    one had the higher probability, ties count half.
    """

    forecast: str
    brier: float
    brier_interval: tuple[float, float]
    log_loss: float
    log_loss_interval: tuple[float, float]
    auc: float
    auc_interval: tuple[float, float]


class Gain(msgspec.Struct, frozen=True):
    """By how much the model's Brier score is lower, so better, than that of a baseline; with its interval."""

    baseline: str
    gain: float
    interval: tuple[float, float]


class Judgement(msgspec.Struct, frozen=True):
    """The scores of model, rule and base rate, and the model's gains over base rate and rule.

    `verdict` says in words whether the model beats the better of the two, also when it does not.
    """

    scores: tuple[Score, ...]
    gains: tuple[Gain, ...]
    verdict: str


def scores(judgement: Judgement) -> DuckDBPyRelation:
    """Return the scores as rows, `measure, forecast, value, low, high`: Brier score, log loss and AUC.

    `forecast` is model, rule or base rate.
    """
    rows = [
        (measure, _words(one.forecast), *numbers)
        for measure, numbers_of in _MEASURES.items()
        for one in judgement.scores
        for numbers in [numbers_of(one)]
    ]
    names = ("measure", "forecast", "value", "low", "high")
    return table(dict(zip(names, zip(*rows, strict=True), strict=True)))


def gains(judgement: Judgement) -> DuckDBPyRelation:
    """Return the model's gains over its baselines as rows: `baseline, gain, low, high`."""
    rows = [(_words(one.baseline), one.gain, *one.interval) for one in judgement.gains]
    return table(dict(zip(("baseline", "gain", "low", "high"), zip(*rows, strict=True), strict=True)))


def _words(name: str) -> str:
    return name.replace("_", " ")


_MEASURES: dict[str, Callable[[Score], tuple[float, float, float]]] = {
    "Brier score": lambda one: (one.brier, *one.brier_interval),
    "log loss": lambda one: (one.log_loss, *one.log_loss_interval),
    "AUC": lambda one: (one.auc, *one.auc_interval),
}


def judge(
    forecasts: DuckDBPyRelation, *, confidence: float = 0.95, resamples: int = 1000, seed: int = 0
) -> Judgement:
    """Judge `model, rule, base_rate` (probabilities) by `outcome`: the forecasts of a `Prediction`.

    The intervals of Brier score, log loss and gain are percentiles of a paired bootstrap of the rows (Efron
    1979; Efron & Tibshirani 1993, 13), that of the AUC is DeLong's (DeLong, DeLong & Clarke-Pearson 1988, by
    ranks as Sun & Xu 2014). Rows count as independent; of one visitor's sessions that is only roughly so.
    The baseline is the better one on these very rows, which favours it.

    Raises:
        SettingsError: there are not both outcomes, the confidence is not between 0 and 1, or there are
            under 100 resamples.
    """
    check_share("confidence", confidence)
    if resamples < 100:
        raise SettingsError(f"resamples is {resamples}: give 100 or more, such as 1000")
    columns = forecasts.fetchnumpy()
    outcome = np.asarray(columns["outcome"], dtype=bool)
    if not 0 < outcome.sum() < len(outcome):
        raise SettingsError(f"all {len(outcome)} outcomes are the same: there is nothing to tell apart")
    chances = [np.asarray(columns[name], dtype=float) for name in _FORECASTS]
    squared = [(chance - outcome) ** 2 for chance in chances]
    surprises = [_log_losses(chance, outcome) for chance in chances]
    over = [squared[2] - squared[0], squared[1] - squared[0], squared[2] - squared[1]]
    losses = np.column_stack([*squared, *surprises, *over])
    intervals = _bootstrap(losses, confidence, resamples, seed)
    means = losses.mean(axis=0)
    scores = tuple(
        Score(
            name,
            float(means[i]),
            intervals[i],
            float(means[i + 3]),
            intervals[i + 3],
            *roc_auc(outcome, chances[i], confidence=confidence),
        )
        for i, name in enumerate(_FORECASTS)
    )
    gains = tuple(Gain(name, float(means[i]), intervals[i]) for i, name in ((6, "base_rate"), (7, "rule")))
    rarer = int(min(outcome.sum(), len(outcome) - outcome.sum()))
    rule = Gain("rule", float(means[6] - means[7]), intervals[8])  # what the rule gains over the base rate
    verdict = _verdict(min(gains, key=lambda gain: gain.gain), rule, rarer, confidence)
    return Judgement(scores, gains, verdict)


def calibration(
    forecasts: DuckDBPyRelation, *, forecast: str = "model", bins: int = 10, confidence: float = 0.95
) -> DuckDBPyRelation:
    """Return `bin, forecast, total, happened, rate, low, high, is_within`: what was said, what happened.

    A bin (1 to `bins`) is a slice of the rows in the order of their probability, equal ones together;
    `forecast` is their mean probability, `rate` the share that happened, `low` and `high` Wilson's interval
    of it, as in `wilson.wilson`. Calibrated probabilities are within it in about `confidence` of the bins.

    Raises:
        SettingsError: `bins` is under 2, or `forecast` is none of model, rule and base_rate.
    """
    if bins < 2 or forecast not in _FORECASTS:
        raise SettingsError(f"no {bins} bins of {forecast!r}: give 2 or more, of {', '.join(_FORECASTS)}")
    low, high = wilson("happened", "total", confidence)
    return ask(
        forecasts,
        f"""
        with placed as (
            select
                {forecast} as chance,
                outcome,
                1 + floor({bins:d} * (rank() over (order by {forecast}) - 1) / count(*) over ()) as bin
            from events
        ),
        counted as (
            select
                cast(bin as integer) as bin,
                avg(chance) as forecast,
                count(*) as total,
                count(*) filter (where outcome) as happened
            from placed
            group by bin
        )
        select
            bin, forecast, total, happened, happened / total as rate, {low} as low, {high} as high,
            forecast between {low} and {high} as is_within
        from counted
        order by bin
        """,
    )


def roc_auc(
    outcome: npt.NDArray[np.bool_], chance: Numbers, *, confidence: float = 0.95
) -> tuple[float, tuple[float, float]]:
    """Return the area under the ROC curve and DeLong's interval (see `judge`), for both outcomes."""
    of_true, of_false = chance[outcome], chance[~outcome]
    true, false = len(of_true), len(of_false)
    together = rankdata(np.concatenate([of_true, of_false]))
    over_false = (together[:true] - rankdata(of_true)) / false
    under_true = 1 - (together[true:] - rankdata(of_false)) / true
    auc = float(over_false.mean())
    variance = _variance(over_false) / true + _variance(under_true) / false
    half = float(norm.ppf((1 + confidence) / 2)) * variance**0.5
    return auc, (max(auc - half, 0.0), min(auc + half, 1.0))


def _variance(values: Numbers) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.25  # of a share, the most that it can be


def _log_losses(chance: Numbers, outcome: npt.NDArray[np.bool_]) -> Any:
    given = np.clip(np.where(outcome, chance, 1 - chance), _LEAST_CHANCE, 1)
    return -np.log(given)


def _bootstrap(losses: Numbers, confidence: float, resamples: int, seed: int) -> list[tuple[float, float]]:
    """Return the interval of each column's mean; all columns share the resampled rows."""
    random, count = np.random.default_rng(seed), len(losses)
    at_once = max(1, min(resamples, _MOST_DRAWN_AT_ONCE // count))
    means = [
        _resample(losses, random.integers(count, size=(min(at_once, resamples - done), count)))
        for done in range(0, resamples, at_once)
    ]
    limits = np.quantile(np.concatenate(means), [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return [(float(low), float(high)) for low, high in limits.T]


def _resample(losses: Numbers, drawn: npt.NDArray[np.int64]) -> Any:
    """Return the means of the rows that were drawn, one row a draw: by how often each row was."""
    draws, count = drawn.shape
    places = drawn + np.arange(draws)[:, None] * count
    times = np.bincount(places.ravel(), minlength=draws * count).reshape(draws, count)
    return times @ losses / count


def _verdict(gain: Gain, rule: Gain, rarer: int, confidence: float) -> str:
    low, high = gain.interval
    known = {"rule": "the rule of one question", "base_rate": "the base rate"}[gain.baseline]
    numbers = f"({gain.gain:+.3f}, {confidence:.0%} interval {low:+.3f} to {high:+.3f})"
    if rarer < LEAST_OUTCOMES:
        return f"Too few to judge: {rarer} of the rarer outcome, and {LEAST_OUTCOMES} are needed."
    if low > 0:
        return f"The model beats {known}: its Brier score is better {numbers}."
    if high < 0:
        return f"Use {known}: the model's Brier score is worse {numbers}."
    advice = "use the latter"
    if gain.baseline == "rule" and rule.interval[0] <= 0:
        advice = "and the rule no better than the base rate: use that"
    return f"The model is no better than {known} as far as these rows can tell {numbers}: {advice}."
