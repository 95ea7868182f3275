"""What the bench compares is the same answer."""

from bench.questions import QUESTIONS, measure


def test_clickkit_sql_by_hand_and_pandas_agree(tmp_path):
    """Every question is asked in three ways; a difference would end the bench."""
    lines = list(measure(tmp_path / "lake", 14_000, 1))

    assert lines[0].startswith("lake: 14,000 events, ")
    assert sum("the same" in line for line in lines) == len(QUESTIONS) == 4
