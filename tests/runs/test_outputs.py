"""Outputs are compared by their bytes, without what changes by itself."""

import pytest

from clickkit.runs.outputs import differing_cells


def run_of(*outputs):
    """Return a notebook of one cell with these outputs."""
    cell = {
        "cell_type": "code",
        "id": "a",
        "execution_count": 4,
        "source": "answer",
        "outputs": list(outputs),
    }
    return {"cells": [cell], "metadata": {}}


def result(**data):
    """Return a result; underscores in kinds stand for slashes."""
    shown = {kind.replace("_", "/"): content for kind, content in data.items()}
    return {"output_type": "execute_result", "metadata": {}, "execution_count": 1, "data": shown}


def printed(text, name="stdout"):
    """Return printed text."""
    return {"output_type": "stream", "name": name, "text": text}


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ([result(text_plain="<f at 0x7f00aa>")], [result(text_plain="<f at 0x7f11bb>")]),
        ([result(text_plain=["a\n", "b"])], [result(text_plain="a\nb")]),
        ([printed("a"), printed("b")], [printed("ab")]),
        ([printed("Wall time: 12 ms\n")], [printed("Wall time: 13 ms\n")]),
        (
            [printed(" 50%|██  | 1/2 [00:01<00:01]\r100%|████| 2/2 [00:02<00:00]", "stderr")],
            [printed("100%|████| 2/2 [00:03<00:00]", "stderr")],
        ),
        ([result(text_html='<td id="T_1a2b3_row0">')], [result(text_html='<td id="T_9f8e7_row0">')]),
        (
            [{"output_type": "execute_result", "metadata": {"clickkit": {}}, "data": {"text/plain": "then"}}],
            [{"output_type": "execute_result", "metadata": {"clickkit": {}}, "data": {"text/plain": "now"}}],
        ),
    ],
    ids=["address", "lines", "pieces", "time", "progress", "styled", "record"],
)
def test_what_changes_by_itself_is_no_difference(then, now):
    """Addresses, durations that were printed, and how a text was cut into pieces."""
    assert differing_cells(run_of(*then), run_of(*now)) == []


def test_a_duration_in_a_result_is_the_answer():
    """p95 went from 12 to 13 ms: the first lines that differ are shown."""
    then, now = run_of(result(text_plain="p95\n12 ms")), run_of(result(text_plain="p95\n13 ms"))

    assert differing_cells(then, now) == ["cell [4] answer gives another text/plain:\n-12 ms\n+13 ms"]


def test_long_lines_are_shown_from_where_they_differ():
    """Else both would look the same."""
    then, now = (run_of(result(text_plain=f"{'x' * 200}{word}")) for word in ("desktop", "mobile"))

    (found,) = differing_cells(then, now)

    assert found.endswith(f":\n-…{'x' * 20}desktop\n+…{'x' * 20}mobile")


def test_a_picture_and_a_missing_output_are_named():
    """A picture cannot be shown as lines."""
    before = run_of(result(image_png="AAAA"))

    assert differing_cells(before, run_of(result(image_png="AAAB"))) == [
        "cell [4] answer draws another picture (image/png)"
    ]
    assert differing_cells(before, run_of()) == ["cell [4] answer shows nothing, not image/png"]
