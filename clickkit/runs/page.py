"""Runs as web pages: each one file that opens without a network and starts no program."""

import html
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from clickkit.capture.asset import read_asset
from clickkit.errors import ClickkitError
from clickkit.runs.notebook import code_cells, read_notebook, text_of, title_of

_CSS = Path(__file__).with_name("report.css")
_NO_ALT = 'alt="No description has been provided for this image"'
_PROGRAMS = re.compile(r"<script\b.*?</script\s*>", re.DOTALL | re.IGNORECASE)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; form-action 'none'"
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>
{css}
</style>
</head>
<body class="clickkit">
{body}
</body>
</html>
"""


def web_page(title: str, body: str) -> str:
    """Return a page in clickkit's look; its policy lets it load nothing and start nothing."""
    css = read_asset("theme.css") + _CSS.read_text(encoding="utf-8")
    return _PAGE.format(policy=_POLICY, title=html.escape(title), css=css, body=body)


def write_pages(runs: Sequence[Path]) -> None:
    """Write an .html file beside each run, with a link back to `index.html`.

    Raises:
        ClickkitError: nbconvert failed.
    """
    command = [
        sys.executable,
        "-m",
        "nbconvert",
        "--to",
        "html",
        "--template",
        "basic",
        "--log-level",
        "ERROR",
    ]
    command += ["--HTMLExporter.exclude_anchor_links=True", *map(str, runs)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if done.returncode:
        last = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise ClickkitError(f"nbconvert made no pages ({done.returncode}): {last}; run clickkit doctor")
    for run in runs:
        _dress(run)


def _dress(run: Path) -> None:
    """Put what nbconvert wrote, which is a bare fragment, into a page of ours."""
    page, notebook = run.with_suffix(".html"), read_notebook(run)
    fragment = _PROGRAMS.sub("", page.read_text(encoding="utf-8"))
    fragment = fragment.replace("<th></th>", "<td></td>")  # the corner of pandas' tables heads nothing
    described = iter(_descriptions(notebook))
    fragment = re.sub(
        re.escape(_NO_ALT), lambda _: f'alt="{html.escape(next(described, "Figure"))}"', fragment
    )
    links = f'<a href="index.html">All answers</a><a href="{html.escape(run.name)}" download>Notebook</a>'
    body = f'<nav class="ck-run-links">{links}</nav>\n<main class="ck-run">\n{fragment}\n</main>'
    page.write_text(web_page(title_of(notebook) or run.stem, body), encoding="utf-8")


def _descriptions(notebook: dict[str, object]) -> list[str]:
    """Return what each picture of a notebook says of itself as text, in their order."""
    outputs = [output for cell in code_cells(notebook) for output in cell.get("outputs", [])]
    return [
        re.sub(r"^Figure\((['\"])(.*)\1, .*\)$", r"\2", text_of(output["data"].get("text/plain", "Figure")))
        for output in outputs
        if any(kind.startswith("image/") for kind in output.get("data", {}))
        and "text/html" not in output["data"]
    ]
