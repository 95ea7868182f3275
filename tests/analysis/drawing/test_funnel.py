"""A funnel says where people leave."""

import pandas as pd

from clickkit.analysis import charts


def test_steps_have_their_share_of_the_first_and_who_left():
    """In the order of the rows; a step of nobody has no next."""
    table = pd.DataFrame({"step": ["view", "cart", "paid", "again"], "entered": [200, 50, 0, 0]})

    drawn = charts.funnel(table, x="entered", y="step", title="From view to payment").svg()

    for text in (
        "1. view",
        "200 (100.0%)",
        "↓ 150 leave (75.0%)",
        "50 (25.0%)",
        "↓ 50 leave (100.0%)",
        "0 (0.0%)",
    ):
        assert f">{text}</text>" in drawn
    assert drawn.count("leave") == 2
