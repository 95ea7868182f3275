"""What the cells of two runs gave, compared byte by byte once what changes by itself is taken out."""

import ast
import difflib
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

from clickkit.runs.notebook import Cell, Notebook, code_cells, text_of
from clickkit.runs.record import KEY

_DIFF_LINES = 6
_LINE_LETTERS = 100
_CONTEXT_LETTERS = 20
_SOURCE_LETTERS = 48

_ANYWHERE = (
    (re.compile(r"\b0x[0-9a-fA-F]{6,16}\b"), "0x…"),  # addresses of objects
    (re.compile(r"\bipykernel_\d+/\d+"), "ipykernel"),
    (re.compile(r"\bT_[0-9a-f]{5}(?=[_\" {])"), "T_…"),  # tables that pandas styled
    (re.compile(r"\baltair-viz-[0-9a-f]{32}\b"), "altair-viz-…"),
)
_PRINTED = (  # in results, 12 ms may be the answer
    (re.compile(r"\d+%\|.*?\| .*?\[.*?\]"), "…%"),  # progress of tqdm
    (re.compile(r"^.*\r(?=[^\n])", re.MULTILINE), ""),
    (re.compile(r"^(CPU times|Wall time): .*$", re.MULTILINE), r"\1: …"),
)
_RANDOM = "application/vnd.jupyter.widget-view+json"  # holds nothing but the id of a widget


def differing_cells(then: Notebook, now: Notebook) -> list[str]:
    """Return, for each cell whose outputs differ between two runs, its name and how they differ.

    Text, HTML, JSON and images are compared by their bytes, without execution counts, addresses of objects,
    and the durations that `%time` and progress bars print. The outputs that show a record are passed over.
    """
    again = {cell.get("id", number): cell for number, cell in enumerate(code_cells(now))}
    found = []
    for number, cell in enumerate(code_cells(then)):
        other = again.get(cell.get("id", number))
        before, after = _parts(cell), [] if other is None else _parts(other)
        if other is not None and before != after:
            found.append(f"cell {_name(cell)} {_describe(before, after)}")
    return found


def _name(cell: Cell) -> str:
    last = _last_statement(text_of(cell["source"]))
    shown = last if len(last) <= _SOURCE_LETTERS else f"{last[: _SOURCE_LETTERS - 1]}…"
    return f"[{cell.get('execution_count')}] {shown}"


def _last_statement(source: str) -> str:
    """Return the last statement of a cell in one line; of what is no Python, the last line."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return (source.strip().splitlines() or [""])[-1]
    if not statements:
        return ""
    said = ast.get_source_segment(source, statements[-1]) or ""
    return re.sub(r"(?<=\() | (?=\))", "", " ".join(said.split()))


def _parts(cell: Cell) -> list[tuple[str, str]]:
    """Return the kind and the cleaned content of everything that a cell shows, in order."""
    parts: list[tuple[str, str]] = []
    for kind, content in _shown(cell):
        if parts and kind == parts[-1][0] and kind in ("stdout", "stderr"):  # printed in pieces
            content = parts.pop()[1] + content
        parts.append((kind, content))
    return [(kind, _clean(kind, content)) for kind, content in parts]


def _shown(cell: Cell) -> Iterator[tuple[str, str]]:
    for output in cell.get("outputs", []):
        if KEY in output.get("metadata", {}):
            continue
        if output["output_type"] == "stream":
            yield output["name"], text_of(output["text"])
        elif output["output_type"] == "error":
            yield "error", f"{output['ename']}: {output['evalue']}"
        else:
            for kind, content in sorted(output["data"].items()):
                if kind != _RANDOM:
                    yield kind, _as_text(content)


def _as_text(content: Any) -> str:
    is_text = isinstance(content, str) or (
        isinstance(content, list) and all(isinstance(one, str) for one in content)
    )
    return text_of(content) if is_text else json.dumps(content, indent=1, sort_keys=True)


def _clean(kind: str, content: str) -> str:
    if kind.startswith("image/") and kind != "image/svg+xml":
        return content.replace("\n", "")
    for pattern, by in (*_ANYWHERE, *(_PRINTED if kind in ("stdout", "stderr") else ())):
        content = pattern.sub(by, content)
    return content


def _describe(before: list[tuple[str, str]], after: list[tuple[str, str]]) -> str:
    """Say how the parts differ, with the first differing lines of one that people can read."""
    kinds = [kind for kind, _ in before]
    if kinds != [kind for kind, _ in after]:
        return (
            f"shows {', '.join(kind for kind, _ in after) or 'nothing'}, not {', '.join(kinds) or 'nothing'}"
        )
    changed = [(kind, old, new) for (kind, old), (_, new) in zip(before, after, strict=True) if old != new]
    names = ", ".join(dict.fromkeys(kind for kind, _, _ in changed))
    changed.sort(key=lambda part: (part[0].startswith("image/"), part[0] == "text/html"))  # text first
    kind, old, new = changed[0]
    if kind.startswith("image/") and kind != "image/svg+xml":
        return f"draws another picture ({names})"
    return "\n".join([f"gives another {names}:", *_diff(old, new)])


def _shared_letters(changed: list[str]) -> int:
    """Return how many letters all lines begin with, less some that show where the difference stands."""
    columns = zip(*(line[1:] for line in changed), strict=False)
    shared = len(list(itertools.takewhile(lambda letters: len(set(letters)) == 1, columns)))
    return max(0, shared - _CONTEXT_LETTERS)


def _diff(old: str, new: str) -> Iterator[str]:
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
    changed = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    start = _shared_letters(changed)
    for line in changed[:_DIFF_LINES]:
        shown = line if len(line) <= _LINE_LETTERS or not start else f"{line[0]}…{line[1 + start :]}"
        yield shown if len(shown) <= _LINE_LETTERS else f"{shown[: _LINE_LETTERS - 1]}…"
    if more := len(changed[_DIFF_LINES:]):
        yield f"… {more:,} more line{'' if more == 1 else 's'}"
