"""What is said to Trino is Trino's: there is none here to ask."""

import functools
import re
from collections import Counter

import pytest
import sqlglot
from sqlglot import exp

from bench.asked import all_questions
from clickkit import statement

QUESTIONS = dict(all_questions())

FUNCTIONS = set(
    re.findall(
        r"\w+",
        """
    abs array_agg array_sort avg bool_or cardinality ceil coalesce concat count date_diff date_trunc
    day_of_week dense_rank element_at exp first_value floor greatest hour json_extract_scalar lag lead
    least listagg ln lower max max_by min min_by nullif power rank regexp_extract regexp_like
    regexp_replace replace round row_number sequence split_part sqrt sum to_unixtime transform try
    url_decode
    """,
    )
)
"""Those that are used, each looked up in Trino's documentation, "Functions and operators"."""
WORDS = set(
    re.findall(
        r"\w+",
        """
    and as between by cast decimal distinct else filter from group having in is join not on or over row select
    then try_cast unnest values when where with
    """,
    )
)
"""Words of the grammar after which a bracket may stand, too."""


@functools.cache
def made_of(name):
    """Return the statement of a question."""
    return statement(QUESTIONS[name], "trino")


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_statement_can_be_parsed(name):
    """In sqlglot's Trino, to the same tree."""
    made = sqlglot.parse_one(made_of(name), dialect="trino")

    assert sqlglot.parse_one(made.sql("trino"), dialect="trino") == made


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_statement_uses_functions_that_trino_has(name):
    """Outside quotes, each word before a bracket is one of the list, or grammar."""
    plain = re.sub(r"'(?:[^']|'')*'|\"[^\"]*\"", "''", made_of(name)).lower()

    used = set(re.findall(r"\b([a-z_]+)\s*\(", plain)) - WORDS

    assert used <= FUNCTIONS


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_statement_has_nothing_that_trino_reads_otherwise(name):
    """It has no alias in GROUP BY and HAVING, reads 0.5 as a decimal, and has few functions over windows."""
    made = sqlglot.parse_one(made_of(name), dialect="trino")

    for select in made.find_all(exp.Select):
        for clause in ("group", "having"):
            for column in select.args[clause].find_all(exp.Column) if select.args.get(clause) else ():
                assert column.table, f"{column} in {clause}"
    for number in made.find_all(exp.Literal):
        assert number.is_string or "." not in number.this or "E" in number.this.upper()
    for window in made.find_all(exp.Window):
        inner = window.this.this if isinstance(window.this, exp.Filter) else window.this
        is_definition = isinstance(inner, exp.Identifier)
        assert is_definition or isinstance(inner, exp.AggFunc | exp.RowNumber | exp.DenseRank | exp.Rank), (
            inner
        )
    for cast in made.find_all(exp.Cast):
        assert "T" not in (cast.this.name if isinstance(cast.this, exp.Literal) else "")
    for joined in made.find_all(exp.DPipe, exp.Concat):
        parts = joined.flatten() if isinstance(joined, exp.DPipe) else joined.expressions
        for part in parts:
            assert _is_text(part), part


def _is_text(part):
    is_cast = isinstance(part, exp.Cast) and part.is_type("varchar")
    is_string = isinstance(part, exp.Literal) and part.is_string
    return is_cast or is_string or isinstance(part, exp.Column | exp.RegexpReplace | exp.Concat)


def test_every_function_on_the_list_is_used():
    """The list is no wish list."""
    texts = " ".join(made_of(name).lower() for name in QUESTIONS)

    assert {name for name in FUNCTIONS if not re.search(rf"\b{name}\s*\(", texts)} == set()


def count_reads(made):
    """Return how often a statement reads the events: a common table is read at each of its uses."""
    parsed = sqlglot.parse_one(made, dialect="trino")
    common = {table.alias: table for table in parsed.find_all(exp.CTE)}
    used = [(table.find_ancestor(exp.CTE), table.name) for table in parsed.find_all(exp.Table)]

    @functools.cache
    def times(part):
        return sum(times(common[name]) if name in common else 1 for where, name in used if where is part)

    return times(None)


def test_the_table_is_read_as_often_as_the_page_says(project):
    """Each read is paid, so docs/aws.md names every question with more than three."""
    _, said = (project / "docs" / "aws.md").read_text().split("Trino reads the table once for each use")
    often = Counter()
    for name in QUESTIONS:
        question = name.split()[0].split(".")[1]
        often[question] = max(often[question], count_reads(made_of(name)))
    often = {question: times for question, times in often.items() if times > 3}

    assert {name: int(re.search(rf"[`.]{name}`\D*(\d+)", said)[1]) for name in often} == often
