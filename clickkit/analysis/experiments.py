"""Who was in which variant of an experiment, and what became of them: each function is one SELECT.

`outcomes` makes of events what `comparisons` and `sequential` take; `experiment_tables` makes the same
of a plain table. Conditions and expressions are SQL over the columns of events.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from duckdb import DuckDBPyRelation

from clickkit.analysis.question import ask, column, elapsed, text
from clickkit.errors import SettingsError

Several = Literal["exclude", "first"]
"""What becomes of a visitor who was in several variants: left out, or kept in the first."""

EXPOSURE = "event = 'exposure'"
_OWN = {"visitor_id", "variant", "exposed_at", "converted", "value", "value_before"}
_BETWEEN = {"exposed_session_id", "exposed_sequence", "nth", "least_variant", "greatest_variant"}
_OF_GOALS = {"goal_visitor_id", "session_id", "sequence", "happened_at", "amount", "is_after"}
_TAKEN = _OWN | _BETWEEN | _OF_GOALS
_ASSIGNED = """
exposures as (
    select
        visitor_id,
        {variant} as variant,
        timestamp as exposed_at,
        session_id as exposed_session_id,
        sequence as exposed_sequence{expressions},
        row_number() over (partition by visitor_id order by timestamp, sequence, id) as nth,
        min({variant}) over (partition by visitor_id) as least_variant,
        max({variant}) over (partition by visitor_id) as greatest_variant
    from events
    where ({exposed}) and visitor_id is not null and {variant} is not null
),
assigned as (
    select visitor_id, variant, exposed_at, exposed_session_id, exposed_sequence{segments}
    from exposures
    where nth = 1 and {kept}
)
"""
_DAY = 86_400_000_000  # microseconds
_OUTCOMES = """
with {assigned},
goals as (
    select
        visitor_id as goal_visitor_id,
        session_id,
        sequence,
        timestamp as happened_at,
        cast({value} as double) as amount
    from events
    where ({goal}) and visitor_id is not null
),
dated as (
    select
        visitor_id,
        variant,
        exposed_at{segments},
        happened_at,
        amount,
        case
            when session_id = exposed_session_id and sequence is not null and exposed_sequence is not null
            then sequence > exposed_sequence
            else happened_at > exposed_at
        end as is_after
    from assigned
    left join goals on goal_visitor_id = visitor_id
)
select
    visitor_id,
    variant,
    exposed_at,
    count(*) filter (where is_after{end}) > 0 as converted,
    coalesce(sum(amount) filter (where is_after{end}), 0) as value,
    coalesce(
        sum(amount) filter (
            where not is_after
                and happened_at < exposed_at
                and {before}
        ),
        0
    ) as value_before{segments}
from dated
group by visitor_id, variant, exposed_at{segments}
order by exposed_at, visitor_id
"""
_CHECKED = """
with named as (
    select visitor_id, {variant} as variant, coalesce(({exposed}), false) as is_exposed
    from events
    where {variant} is not null
),
visitors as (
    select
        visitor_id,
        count(*) as named,
        count(distinct variant) as variants,
        count(distinct variant) filter (where is_exposed) as seen,
        count(*) filter (where is_exposed) as exposures
    from named
    group by visitor_id
),
problems as (
    select
        case
            when visitor_id is null then 'no visitor'
            when seen > 1 then 'several variants'
            when seen = 0 then 'never exposed'
            else 'another variant later'
        end as problem,
        case when visitor_id is null then exposures else named end as found,
        visitor_id
    from visitors
    where (visitor_id is null and exposures > 0)
        or (visitor_id is not null and (seen <> 1 or variants > 1))
)
{report}
"""


def assignments(
    events: DuckDBPyRelation, *, experiment: str, exposed: str = EXPOSURE, several: Several = "exclude"
) -> DuckDBPyRelation:
    """Return one row a visitor who was exposed: `visitor_id, variant, exposed_at` (first time, UTC).

    An event counts when the condition `exposed` holds and its `variants` name the experiment. Events
    without a visitor's id cannot be assigned; `check_assignments` counts them, and visitors who were
    exposed to several variants.

    Raises:
        SettingsError: an argument that cannot be understood.
    """
    sql = f"""
        with {_assigned(experiment, exposed, several, {})}
        select visitor_id, variant, exposed_at
        from assigned
        order by exposed_at, visitor_id
        """
    return ask(events, sql)


def check_assignments(
    events: DuckDBPyRelation, *, experiment: str, exposed: str = EXPOSURE
) -> DuckDBPyRelation:
    """Return what is wrong with an experiment's events: `problem, rows, visitors, example`.

    There is a row for each problem, also when nothing has it; `rows` are the events of the `visitors`
    concerned that name the experiment, and `example` is the id of one visitor:

    - several variants: exposed to more than one; the argument `several` says whether they count;
    - another variant later: exposed to one, and other events name another; they count;
    - never exposed: events name a variant, but `exposed` never held; they do not count;
    - no visitor: exposed without a visitor's id; they do not count.
    """
    report = report_of("several variants", "another variant later", "never exposed", "no visitor")
    sql = _CHECKED.format(variant=_variant(experiment), exposed=exposed, report=report)
    return ask(events, sql)


def outcomes(
    events: DuckDBPyRelation,
    *,
    experiment: str,
    goal: str,
    value: str | None = None,
    exposed: str = EXPOSURE,
    several: Several = "exclude",
    within_days: int | None = None,
    before_days: int = 14,
    segments: Mapping[str, str] | None = None,
) -> DuckDBPyRelation:
    """Return what became of each visitor who was exposed, one row a visitor.

    `visitor_id, variant, exposed_at`; `converted` (boolean): the condition `goal` held on an event after
    the first exposure; `value` (float): the sum of the expression `value` over these events, else their
    number; `value_before`: the same over the `before_days` before the exposure, for CUPED; and a column
    for each of `segments` (name to expression), taken from the exposure itself, so that no variant can
    move a visitor from one to another. `within_days` ends the count that long after the exposure. Within
    a session, after means a higher `sequence`, else a later `timestamp`.

    Raises:
        SettingsError: an argument that cannot be understood.
    """
    named = segments or {}
    sql = _OUTCOMES.format(
        assigned=_assigned(experiment, exposed, several, named),
        goal=goal,
        value=value or "1",
        segments=identifiers(named),
        end="" if within_days is None else f" and {_within(within_days, 'exposed_at', 'happened_at')}",
        before=_within(before_days, "happened_at", "exposed_at"),
    )
    return ask(events, sql)


def _assigned(experiment: str, exposed: str, several: Several, segments: Mapping[str, str]) -> str:
    return _ASSIGNED.format(
        variant=_variant(experiment),
        exposed=exposed,
        expressions=expressions(segments),
        segments=identifiers(segments),
        kept=is_kept(several),
    )


def _variant(experiment: str) -> str:
    """Return the SQL of the variant that an event names for an experiment; null: none."""
    if not experiment or '"' in experiment or "\\" in experiment:
        raise SettingsError(f"no experiment {experiment!r}: write its name, without quotes or backslashes")
    return "variants->>" + text(f'$."{experiment}"')


def _within(days: int, earlier: str, later: str) -> str:
    if isinstance(days, bool) or not isinstance(days, int) or days < 0:
        raise SettingsError(f"no number of days {days!r}: write a whole number, 0 or more")
    return f"{elapsed(earlier, later)} <= {days * _DAY}"


def is_kept(several: Several) -> str:
    """Return the SQL condition that a visitor fulfils who counts, by the variants he was in."""
    if several not in get_args(Several):
        raise SettingsError(f"no rule {several!r} for visitors in several variants: write exclude or first")
    return "least_variant = greatest_variant" if several == "exclude" else "true"


def expressions(segments: Mapping[str, str]) -> str:
    """Return the SQL that computes segments, after other columns.

    Raises:
        SettingsError: a segment has a name that the SELECT uses itself.
    """
    if taken := [name for name in segments if name.lower() in _TAKEN]:
        raise SettingsError(f"no segment may be called {taken[0]!r}: that name is taken, choose another")
    return "".join(f", {sql} as {column(name)}" for name, sql in segments.items())


def identifiers(segments: Iterable[str]) -> str:
    """Return the SQL that names segments which were computed, after other columns."""
    return "".join(f", {column(name)}" for name in segments)


def report_of(*problems: str) -> str:
    """Return the SELECT that counts `problems` (problem, found, visitor_id), with a row for each name."""
    rows = ", ".join(f"({place}, {text(problem)})" for place, problem in enumerate(problems))
    return f"""
        select
            every.problem,
            cast(coalesce(sum(found), 0) as bigint) as rows,
            count(distinct visitor_id) as visitors,
            min(visitor_id) as example
        from (values {rows}) as every(place, problem)
        left join problems on problems.problem = every.problem
        group by every.place, every.problem
        order by every.place
        """
