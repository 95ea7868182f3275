"""Run the notebooks on the sample and keep their outputs, which nbval compares: `make notebooks`."""

import importlib.util
import os
import re
from pathlib import Path

import nbformat
from nbconvert.preprocessors import ExecutePreprocessor
from nbval.plugin import get_sanitize_patterns

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def main() -> None:
    """Execute every notebook in place, with the settings that nbval's runs have."""
    spec = importlib.util.spec_from_file_location("notebooks_conftest", NOTEBOOKS / "conftest.py")
    conftest = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conftest)
    os.environ.update(conftest.sample_environment())
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        ExecutePreprocessor(timeout=120).preprocess(notebook, {"metadata": {"path": NOTEBOOKS}})
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)
            make_neutral(cell.get("outputs", []), conftest.SANITIZE)
        nbformat.write(notebook, path)
        print(f"ran {path.name}")
    conftest.pytest_unconfigure()


def make_neutral(outputs, sanitize):
    """Take out of outputs what differs from commit to commit and from machine to machine."""
    for output in outputs:
        output.get("metadata", {}).pop("clickkit", None)
        for kind, content in output.get("data", {}).items():
            for pattern, by in (
                get_sanitize_patterns(sanitize.read_text()) if kind.startswith("text/") else ()
            ):
                output.data[kind] = content = re.sub(pattern, by, content)


if __name__ == "__main__":
    main()
