"""What is said to Trino is Trino's: there is none here to ask."""

import re

import pytest
import sqlglot
from sqlglot import exp

from bench.asked import all_questions
from clickkit import statement

QUESTIONS = dict(all_questions())
FUNCTIONS = set(
    """
    abs array_agg array_sort avg bool_or cardinality ceil coalesce concat count date_diff date_trunc day_of_week
    dense_rank element_at exp first_value floor greatest hour json_extract_scalar lag lead least listagg ln lower max
    max_by min min_by nullif power rank regexp_extract regexp_like regexp_replace replace round row_number sequence
    split_part sqrt sum to_unixtime transform try url_decode
    """.split()
)
"""Functions of Trino that our statements use, each looked up in Trino's documentation, "Functions and operators"."""
WORDS = {
    "cast",
    "try_cast",
    "decimal",
    "filter",
    "unnest",
    "row",
    "in",
    "over",
    "values",
    "as",
    "and",
    "or",
    "not",
}
WORDS |= {"group", "by", "on", "when", "then", "else", "where", "from", "select", "between", "having", "is"}
"""Words of the grammar after which a bracket may stand, too."""


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_statement_is_read_by_trinos_grammar(name):
    """sqlglot reads what it wrote, to the same text."""
    made = statement(QUESTIONS[name], "trino")

    assert sqlglot.parse_one(made, dialect="trino").sql("trino", pretty=True) == made


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_statement_uses_functions_that_trino_has(name):
    """Outside quotes, each word before a bracket is one of the list, or grammar."""
    plain = re.sub(r"'(?:[^']|'')*'|\"[^\"]*\"", "''", statement(QUESTIONS[name], "trino")).lower()

    used = set(re.findall(r"\b([a-z_]+)\s*\(", plain)) - WORDS

    assert used <= FUNCTIONS


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_statement_has_nothing_that_trino_reads_otherwise(name):
    """No alias in GROUP BY or HAVING, no decimal fraction, no whole numbers joined to text."""
    made = sqlglot.parse_one(statement(QUESTIONS[name], "trino"), dialect="trino")

    for select in made.find_all(exp.Select):
        for clause in ("group", "having"):
            for column in select.args[clause].find_all(exp.Column) if select.args.get(clause) else ():
                assert column.table, f"{column} in {clause}"
    fractions = [one.this for one in made.find_all(exp.Literal) if not one.is_string and "." in one.this]
    assert all("E" in number.upper() for number in fractions)
    for joined in made.find_all(exp.DPipe, exp.Concat):
        assert not any(isinstance(part, exp.Round) for part in joined.iter_expressions())


def test_every_function_on_the_list_is_used():
    """The list is no wish list."""
    texts = " ".join(statement(metric, "trino").lower() for metric in QUESTIONS.values())

    assert {name for name in FUNCTIONS if not re.search(rf"\b{name}\s*\(", texts)} == set()
