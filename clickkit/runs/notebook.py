"""A notebook as plain values: its cells, its parameters, and the record of its run."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clickkit.errors import SettingsError
from clickkit.runs.record import KEY, Record, decode_record

Notebook = dict[str, Any]
Cell = dict[str, Any]

_PARAMETER_TAGS = ("parameters", "injected-parameters")
_TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def read_notebook(path: Path) -> Notebook:
    """Read an .ipynb file.

    Raises:
        SettingsError: there is none, or it is no notebook of format 4.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if notebook["nbformat"] != 4 or not isinstance(notebook["cells"], list):
            raise ValueError(f"format {notebook['nbformat']}")
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}): name an .ipynb file") from error
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{path} is no notebook ({error}): name an .ipynb file of format 4") from error
    return dict(notebook)


def text_of(value: Any) -> str:
    """Return the text of a field that may be a list of lines."""
    return "".join(value) if isinstance(value, list) else str(value)


def code_cells(notebook: Notebook) -> list[Cell]:
    """Return the cells of code."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def title_of(notebook: Notebook) -> str:
    """Return the question that a notebook asks: its first heading, or nothing."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and (
            found := re.search(r"^# +(.+)$", text_of(cell["source"]), re.M)
        ):
            return found[1].strip()
    return ""


def parameters_of(notebook: Notebook) -> dict[str, Any]:
    """Return the literals that the cells of parameters assign, the injected ones last."""
    found: dict[str, Any] = {}
    for tag in _PARAMETER_TAGS:
        for cell in code_cells(notebook):
            if tag in cell["metadata"].get("tags", []):
                found.update(_literals(text_of(cell["source"])))
    return found


def _literals(source: str) -> Iterator[tuple[str, Any]]:
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(target, ast.Name) and node.value:
                try:
                    yield target.id, ast.literal_eval(node.value)
                except ValueError:  # computed: no parameter that a run can be given
                    continue


def pinned_output(notebook: Notebook) -> dict[str, Any] | None:
    """Return the output that shows the record of a run, the last one, or None."""
    outputs = [output for cell in code_cells(notebook) for output in cell.get("outputs", [])]
    return next((one for one in reversed(outputs) if KEY in one.get("metadata", {})), None)


def record_of(notebook: Notebook) -> Record | None:
    """Return the record of a run: from the notebook's metadata, else from the output that shows it.

    Raises:
        SettingsError: the record is damaged.
    """
    plain = notebook["metadata"].get(KEY)
    if plain is None and (output := pinned_output(notebook)):
        plain = output["metadata"][KEY]
    return None if plain is None else decode_record(plain)


def failure_of(notebook: Notebook) -> str:
    """Return the error that ended a run, as `ValueError: …`, or nothing."""
    for cell in code_cells(notebook):
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                return _TERMINAL_COLOURS.sub("", f"{output['ename']}: {output['evalue']}")
    return ""
