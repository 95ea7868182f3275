"""The JavaScript, CSS, HTML and SVG files beside this one."""

from pathlib import Path


def read_asset(name: str) -> str:
    """Return the text of a file by its name, such as `tracker.js` or `icons/google.svg`."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def read_script(*names: str) -> str:
    """Return JavaScript files as one, without lines that are comments or empty, and without indentation."""
    lines = (line.strip() for name in names for line in read_asset(name).splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))
