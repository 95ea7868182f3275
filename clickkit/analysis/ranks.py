"""Ranks: which of the sorted values are a percentile and its limits, as SQL."""

from collections.abc import Sequence
from decimal import Decimal

from clickkit.analysis.question import check_share
from clickkit.errors import SettingsError


def ranks(percentiles: Sequence[float], *, confidence: float) -> str:
    """Return the common table `ranks` of a SELECT: which places of the sorted values are asked for.

    It needs a table `placed` with the `segment` of each value, and has `segment, observations, percentile,
    place, low_place, high_place, coverage`; a null place is before the first. What they are says
    `performance.percentiles`.

    The binomial distribution is summed from ratios of its neighbours, P(k) / P(k - 1) = (n - k + 1) / k ·
    p / (1 - p), over 8 standard deviations and 12 more on either side: what is beyond is under 1e-12.
    Percentiles are decimals, so that n · p is exact and 0.07 of 100 values is the 7th.

    Raises:
        SettingsError: a percentile or the confidence is not between 0 and 1, or there is none.
    """
    tail = (1 - check_share("confidence", confidence)) / 2
    shares = {Decimal(str(check_share("a percentile", share))) for share in percentiles}
    if not shares:
        raise SettingsError("no percentiles were named: give some, such as [0.5, 0.95]")
    rows = ", ".join(f"({share:f})" for share in sorted(shares))
    return f"""
        sizes as (
            select segment, count(*) as observations
            from placed
            group by segment
        ),
        asked as (
            select
                segment,
                observations,
                percentile,
                8 * sqrt(observations * percentile * (1 - percentile)) + 12 as reach
            from sizes
            cross join (values {rows}) as wanted(percentile)
        ),
        ends as (
            select
                segment,
                observations,
                percentile,
                cast(greatest(floor(observations * percentile - reach), 0) as bigint) as lowest,
                cast(least(ceil(observations * percentile + reach), observations) as bigint) as highest
            from asked
        ),
        counts as (
            select segment, observations, percentile, lowest + 1000 * thousand + one as below
            from ends
            cross join unnest(generate_series(0, (highest - lowest) // 1000)) as thousands(thousand)
            cross join unnest(generate_series(0, 999)) as ones(one)
            where lowest + 1000 * thousand + one <= highest
        ),
        {_BINOMIAL},
        ranks as (
            select
                segment,
                observations,
                percentile,
                cast(ceil(observations * percentile) as bigint) as place,
                max(below) filter (where chance <= {tail!r}) + 1 as low_place,
                min(below) filter (where chance >= 1 - {tail!r}) + 1 as high_place,
                min(chance) filter (where chance >= 1 - {tail!r})
                    - coalesce(max(chance) filter (where chance <= {tail!r}), 0) as coverage
            from binomial
            group by segment, observations, percentile
        )
    """


_BINOMIAL = """
        ratios as (
            select
                segment,
                observations,
                percentile,
                below,
                case
                    when lag(below) over same is null then 0.0
                    else ln((observations - below + 1) / below * (percentile / (1 - percentile)))
                end as ratio
            from counts
            window same as (partition by segment, percentile order by below)
        ),
        logarithms as (
            select
                segment,
                observations,
                percentile,
                below,
                sum(ratio) over (partition by segment, percentile order by below) as logarithm
            from ratios
        ),
        weights as (
            select
                segment,
                observations,
                percentile,
                below,
                exp(logarithm - max(logarithm) over (partition by segment, percentile)) as weight
            from logarithms
        ),
        binomial as (
            select
                segment,
                observations,
                percentile,
                below,
                least(
                    sum(weight) over (partition by segment, percentile order by below)
                        / sum(weight) over (partition by segment, percentile),
                    1.0
                ) as chance
            from weights
        )"""
