"""Run the notebooks on the sample and keep their outputs, which nbval compares: `make notebooks`."""

import importlib.util
import os
from pathlib import Path

import nbformat
from nbconvert.preprocessors import ExecutePreprocessor

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
        nbformat.write(notebook, path)
        print(f"ran {path.name}")
    conftest.pytest_unconfigure()


if __name__ == "__main__":
    main()
