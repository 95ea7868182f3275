"""Experiments that come as a plain table of one row a user: the outcomes, and what is wrong with them.

Conditions and expressions are SQL over the table's columns; one called group is `"group"`, in double quotes.
"""

from collections.abc import Mapping

from duckdb import DuckDBPyRelation

from clickkit.analysis.experiments import Several, expressions, identifiers, is_kept, report_of
from clickkit.analysis.question import ask, text
from clickkit.errors import SettingsError

_NOTHING = "null"
_CLEAN = """
with chosen as (
    select
        cast({visitor} as varchar) as visitor_id,
        cast({variant} as varchar) as variant,
        cast({at} as timestamp) as exposed_at,
        cast({converted} as boolean) as converted,
        cast({value} as double) as value,
        cast({value_before} as double) as value_before{expressions}
    from users
    where {matches}
),
numbered as (
    select
        visitor_id, variant, exposed_at, converted, value, value_before{segments},
        row_number() over (partition by visitor_id order by exposed_at, converted, value) as nth,
        min(variant) over (partition by visitor_id) as least_variant,
        max(variant) over (partition by visitor_id) as greatest_variant
    from chosen
    where visitor_id is not null and variant is not null
)
select visitor_id, variant, exposed_at, converted, value, value_before{segments}
from numbered
where nth = 1 and {kept}
order by exposed_at, visitor_id
"""
_CHECKED = """
with chosen as (
    select
        cast({visitor} as varchar) as visitor_id,
        cast({variant} as varchar) as variant,
        {matches} as matches
    from users
),
counted as (
    select
        visitor_id,
        matches,
        variant is null as is_nowhere,
        count(*) as found,
        count(distinct variant) as variants
    from chosen
    group by visitor_id, matches, variant is null
),
problems as (
    select
        case
            when not matches then 'another page'
            when visitor_id is null or is_nowhere then 'no visitor or variant'
            when variants > 1 then 'several variants'
            else 'repeated'
        end as problem,
        found,
        visitor_id
    from counted
    where not matches or visitor_id is null or is_nowhere or found > 1
)
{report}
"""


def clean_assignments(
    table: DuckDBPyRelation,
    *,
    visitor: str,
    variant: str,
    converted: str,
    value: str | None = None,
    value_before: str = _NOTHING,
    at: str = _NOTHING,
    shown: str = _NOTHING,
    pages: Mapping[str, str] | None = None,
    several: Several = "exclude",
    segments: Mapping[str, str] | None = None,
) -> DuckDBPyRelation:
    """Return the outcomes of a table, with the columns of `experiments.outcomes`, one row a user.

    `at` is the time of the exposure, `shown` the page that the user really got: rows where it is not what
    `pages` (variant to page) says are left out. Of a user with several rows the first by `at` is kept,
    then the one with the smaller outcome. `check_table` counts all of these. Without `value` it is 1 or
    0, as `converted` is.

    Raises:
        SettingsError: an argument that cannot be understood, or `several="first"` without `at`.
    """
    if several == "first" and at == _NOTHING:
        raise SettingsError("several='first' without a time: say in at= which column has it")
    named = segments or {}
    sql = _CLEAN.format(
        visitor=visitor,
        variant=variant,
        at=at,
        converted=converted,
        value=value or f"cast({converted} as boolean)",
        value_before=value_before,
        matches=_matches(variant, shown, pages),
        kept=is_kept(several),
        expressions=expressions(named),
        segments=identifiers(named),
    )
    return ask(table, sql, name="users")


def check_table(
    table: DuckDBPyRelation,
    *,
    visitor: str,
    variant: str,
    shown: str = _NOTHING,
    pages: Mapping[str, str] | None = None,
) -> DuckDBPyRelation:
    """Return what is wrong with a table of one row a user: `problem, rows, visitors, example`.

    There is a row for each problem, also when nothing has it; `example` is the id of one visitor. The
    problems are another page (`shown` is not what `pages` says of the variant) and, among all other
    rows, several variants, repeated (several rows in one variant), and no visitor or variant.
    """
    report = report_of("another page", "several variants", "repeated", "no visitor or variant")
    sql = _CHECKED.format(
        visitor=visitor, variant=variant, matches=_matches(variant, shown, pages), report=report
    )
    return ask(table, sql, name="users")


def _matches(variant: str, shown: str, pages: Mapping[str, str] | None) -> str:
    """Return the SQL condition that a row got the page of its variant; a row without variant passes."""
    if (shown == _NOTHING) != (not pages):
        raise SettingsError(f"shown={shown!r} and pages={pages!r} belong together: write both, or none")
    if not pages:
        return "true"
    whens = " ".join(
        f"when {text(name)} then cast({shown} as varchar) is not distinct from {text(page)}"
        for name, page in pages.items()
    )
    return f"case cast({variant} as varchar) {whens} else {variant} is null end"
