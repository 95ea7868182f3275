"""Imports point down, and siblings are strangers."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "clickkit"
STORE = "storage.store"
PARTS = (
    "address",
    "errors",
    "event",
    "folder",
    "merge",
    "capture",
    "storage",
    "lake",
    "analysis",
    "shop",
    "shop_truth",
    "simulation",
    "settings",
)
ALLOWED = {
    "address": set(),
    "aws": {"aws_session", "doctor", "errors", "lake"},
    "aws_session": set(),
    "browser": {"errors"},
    "engines": {"analysis", "aws", "aws_session", "errors", "event"},
    "errors": set(),
    "file_limit": set(),
    "folder": set(),
    "merge": set(),
    "event": {"errors"},
    "erasure": {"errors", "event", "lake", "storage"},
    "capture": {"errors", "event", STORE},
    "storage": {"address", "aws_session", "errors", "event", "folder", "merge"},
    "population": {"event"},
    "shop": {"errors", "event", "population", "shop_session", "shop_truth"},
    "shop_session": {"event", "population", "shop_truth"},
    "shop_truth": {"errors"},
    "simulation": {"errors", "event", "population"},
    "lake": {"address", "aws_session", "errors", "event", "folder", "merge", STORE},
    "analysis": {"errors"},
    "settings": {"errors"},
    "app": set(PARTS),
    "dashboard": {*PARTS, "qr_code"},
    "function_url": {"app", "capture", "service"},
    "demo": {*PARTS, "aws_session", "browser", "live", "server"},
    "doctor": {*PARTS, "browser"},
    "report": set(PARTS),
    "runs": set(PARTS),
    "json_lines": set(),
    "live": {"analysis", "errors", "event", "capture", STORE},
    "qr_code": set(),
    "server": {"capture", "errors", "file_limit"},
    "service": set(PARTS),
    "lambda_handler": set(PARTS),
    "commands": {
        *PARTS,
        "app",
        "demo",
        "aws",
        "engines",
        "erasure",
        "file_limit",
        "json_lines",
        "runs",
        "server",
        "service",
    },
    "cli": {*PARTS, "app", "commands", "demo", "aws", "doctor"},
}
ENVIRONMENT = {"app.py", "lambda_handler.py", "cli.py"}
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def imported(path):
    """Return the modules of clickkit that a file imports, without the package's name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("clickkit."):
            yield node.module.removeprefix("clickkit.")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_imports_its_own_layer_and_those_below(path):
    """The table above says which."""
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for module in imported(path):
        may = {module, module.split(".")[0]} & {own, *ALLOWED[own]}
        assert may, f"{own} imports {module}"


def test_only_the_wiring_reads_the_environment():
    """Everything else is told."""
    reading = {path.name for path in FILES if "os.environ" in path.read_text()}

    assert reading <= ENVIRONMENT


def test_no_file_grows_over_300_lines():
    """A file is one noun."""
    assert [path.name for path in FILES if len(path.read_text().splitlines()) > 300] == []
