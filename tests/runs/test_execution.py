"""A notebook is run by papermill, and a mistake costs no file."""

import nbformat
import pytest

from clickkit import SettingsError
from clickkit.errors import RunError
from clickkit.runs.execution import execute


def test_a_run_never_takes_the_place_of_its_notebook(make_notebook, tmp_path):
    """The question is worth more than an answer."""
    nbformat.write(make_notebook("1"), tmp_path / "ask.ipynb")

    with pytest.raises(SettingsError, match="is the notebook itself"):
        execute(tmp_path / "ask.ipynb", tmp_path / "." / "ask.ipynb", {})

    assert (tmp_path / "ask.ipynb").exists()


def test_a_notebook_that_is_not_there_leaves_an_earlier_run(tmp_path):
    """Nothing is removed before the notebook was read."""
    (tmp_path / "out.ipynb").write_text("earlier")

    with pytest.raises(SettingsError, match=r"nope\.ipynb cannot be read"):
        execute(tmp_path / "nope.ipynb", tmp_path / "out.ipynb", {})

    assert (tmp_path / "out.ipynb").read_text() == "earlier"


def test_only_a_run_is_replaced_and_only_by_one_that_went_well(make_notebook, tmp_path):
    """Another notebook under the output's name is refused; a failed run lies beside the earlier one."""
    nbformat.write(make_notebook("1"), tmp_path / "ask.ipynb")
    nbformat.write(make_notebook("1 / 0"), tmp_path / "broken.ipynb")
    nbformat.write(make_notebook("2"), tmp_path / "mine.ipynb")
    execute(tmp_path / "ask.ipynb", tmp_path / "out.ipynb", {})
    earlier = (tmp_path / "out.ipynb").read_bytes()

    with pytest.raises(SettingsError, match=r"mine\.ipynb is no run of a notebook"):
        execute(tmp_path / "ask.ipynb", tmp_path / "mine.ipynb", {})
    with pytest.raises(RunError, match=r"ZeroDivisionError.*marked in .*out\.failed\.ipynb"):
        execute(tmp_path / "broken.ipynb", tmp_path / "out.ipynb", {})

    assert (tmp_path / "out.ipynb").read_bytes() == earlier
    assert (tmp_path / "out.failed.ipynb").exists()
