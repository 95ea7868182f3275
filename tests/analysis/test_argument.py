"""Arguments are checked before they stand in a SELECT."""

import pytest

from clickkit.analysis.argument import check_share, expression
from clickkit.errors import SettingsError


def test_an_expression_stands_in_brackets():
    """So that what is beside it cannot take it apart."""
    assert expression("a or b") == "(a or b)"
    assert expression(None) == "('all')"


@pytest.mark.parametrize("value", [0, 1, 95, float("nan")])
def test_a_share_lies_between_0_and_1(value):
    """The ends are no share of anything."""
    with pytest.raises(SettingsError, match=f"confidence is {value}"):
        check_share("confidence", value)
