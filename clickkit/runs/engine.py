"""The papermill engine `clickkit`: it writes the record of a run into the notebook's metadata.

Papermill imports this file itself, by its entry point, at the end of its own import: import papermill
to use it, never this file.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
from papermill.engines import NBClientEngine, NotebookExecutionManager

from clickkit.runs.notebook import Notebook, parameters_of, pinned_output
from clickkit.runs.record import KEY, decode_record, encode_record
from clickkit.runs.table import record_html, record_text


class PinningEngine(NBClientEngine):  # type: ignore[misc]
    """Papermill's own engine; what the last cell pinned is kept with the notebook, parameters added."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, **options: Any
    ) -> None:
        """Run the notebook, and keep its record."""
        super().execute_managed_notebook(nb_man, kernel_name, **options)
        _keep_record(nb_man.nb)


def _keep_record(notebook: Notebook) -> None:
    """Add the parameters to the record, show them in its output, and copy it to the notebook's metadata."""
    notebook["metadata"].pop(KEY, None)  # of an earlier run
    output = pinned_output(notebook)
    if output is None:
        return
    parameters = json.loads(json.dumps(parameters_of(notebook), default=str))
    record = msgspec.structs.replace(decode_record(output["metadata"][KEY]), parameters=parameters)
    output["data"]["text/html"] = record_html(record, Path.cwd())
    output["data"]["text/plain"] = record_text(record, Path.cwd())
    output["metadata"][KEY] = notebook["metadata"][KEY] = encode_record(record)
