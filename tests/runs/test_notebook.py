"""A notebook read as plain values."""

from clickkit.runs.notebook import parameters_of, title_of


def cell(source, *tags, kind="code"):
    """Return a cell."""
    return {"cell_type": kind, "source": source, "metadata": {"tags": list(tags)}, "outputs": []}


def test_parameters_are_the_literals_of_their_cells_and_the_injected_ones_win():
    """What is computed is none."""
    cells = [
        cell(["a = 1\n", "b: str = 'x'\n", "c = len(b)"], "parameters"),
        cell("a = -2  # given", "injected-parameters"),
        cell("d = 3"),
    ]

    assert parameters_of({"cells": cells}) == {"a": -2, "b": "x"}


def test_the_title_is_the_first_heading():
    """Papermill puts a note above it when a run fails."""
    cells = [cell("<span>failed</span>", kind="markdown"), cell("# Who clicks?\nMore", kind="markdown")]

    assert title_of({"cells": cells}) == "Who clicks?"
    assert title_of({"cells": []}) == ""
