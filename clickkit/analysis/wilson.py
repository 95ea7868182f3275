"""The interval of a share, computed in the SELECT that counts it."""

from statistics import NormalDist

from clickkit.analysis.question import check_share


def wilson(successes: str, trials: str, confidence: float) -> tuple[str, str]:
    """Return the SQL of both ends of the interval of a share; null when there were no trials.

    The score interval without continuity correction, with k successes of n trials and z the normal
    quantile of `confidence`: (k + z²/2 ± z √(k (n - k) / n + z²/4)) / (n + z²).
    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22, 209-212.

    Raises:
        SettingsError: the confidence does not lie between 0 and 1.
    """
    z = NormalDist().inv_cdf((1 + check_share("confidence", confidence)) / 2)
    k, n = f"cast({successes} as double)", f"cast({trials} as double)"
    middle = f"{k} + {z * z / 2}"
    half = f"{z} * sqrt({k} * ({n} - {k}) / {n} + {z * z / 4})"
    low = f"({middle} - {half}) / ({n} + {z * z})"
    high = f"({middle} + {half}) / ({n} + {z * z})"
    return (
        f"case when {n} > 0 then case when {k} = 0 then 0.0 else {low} end end",
        f"case when {n} > 0 then case when {k} = {n} then 1.0 else {high} end end",
    )
