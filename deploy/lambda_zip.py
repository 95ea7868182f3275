"""The package of the Lambda function: `make lambda-zip` writes data/lambda.zip and prints its size.

It holds clickkit and what its handler needs beside Lambda's own boto3: pyarrow without what the export
never loads, and msgspec, in the versions and with the hashes of requirements.lock.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PYTHON, PLATFORM = "3.12", "x86_64-manylinux_2_28"
PACKAGES = ("msgspec", "pyarrow")
LIMIT_BYTES = 262_144_000
"""What Lambda allows, unzipped."""

NEEDLESS = (
    ".lock",
    "bin",
    "**/__pycache__",
    "**/*.pyi",
    "**/direct_url.json",
    "clickkit/capture",
    "clickkit/analysis",
    "clickkit/dashboard.*",
    "clickkit/engines",
    "clickkit/live",
    "pyarrow/include",
    "pyarrow/includes",
    "pyarrow/src",
    "pyarrow/tests",
    "pyarrow/**/*.pxd",
    "pyarrow/**/*.pxi",
    "pyarrow/**/*.pyx",
    "pyarrow/*flight*",
    "pyarrow/_substrait*",  # their libraries stay: every module of pyarrow is linked with them
    "pyarrow/_dataset*",
    "pyarrow/dataset.py",
    "pyarrow/substrait.py",
    "pyarrow/*cpp_tests*",
    "pyarrow/_orc*",
    "pyarrow/_hdfs*",
    "pyarrow/_gcsfs*",
    "pyarrow/_azurefs*",
    "pyarrow/libarrow*.so",  # second copies, for compilers
    "pyarrow/libarrow*.so.*.*",
)
_THE_SAME_TIME = (1980, 1, 1, 0, 0, 0)


def build(target: Path, *, python: str = PYTHON, platform: str | None = PLATFORM) -> tuple[int, int]:
    """Write the package and return its bytes, zipped and unzipped; `platform` None means this machine's.

    Raises:
        subprocess.CalledProcessError: uv could not install; it has said why on standard error.
        SystemExit: it is over Lambda's limit.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder, python=python, platform=platform)
        unzipped = size_of(folder)
        return pack(folder, target), unzipped


def fill(folder: Path, *, python: str, platform: str | None) -> None:
    """Install into an empty folder what the package holds."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as locked:
        locked.write(_locked(PACKAGES))
        locked.flush()
        uv = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet", "--no-deps"]
        uv += ["--require-hashes", "--only-binary", ":all:", "--link-mode", "copy"]
        uv += ["--target", str(folder), "--python-version", python, "--requirement", locked.name]
        subprocess.run(uv + (["--python-platform", platform] if platform else []), check=True)
    shutil.copytree(PROJECT / "clickkit", folder / "clickkit")
    for pattern in NEEDLESS:
        for path in list(folder.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder.

    Raises:
        SystemExit: they are over Lambda's limit.
    """
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size > LIMIT_BYTES:
        sys.exit(
            f"error: {size:,} bytes unzipped, Lambda takes {LIMIT_BYTES:,}: leave out more in {__file__}"
        )
    return size


def pack(folder: Path, target: Path) -> int:
    """Zip a folder and return the bytes; the same files give the same bytes."""
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as beside:
        written = Path(beside) / target.name
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as package:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _THE_SAME_TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16  # Lambda reads as another user
                package.writestr(entry, path.read_bytes())
        written.replace(target)
    return target.stat().st_size


def _locked(packages: tuple[str, ...]) -> str:
    """Return the lines of the lock for some packages, hashes included."""
    lock = (PROJECT / "requirements.lock").read_text()
    return "".join(re.search(rf"^{name}==.*?[^\\]\n", lock, re.MULTILINE | re.DOTALL)[0] for name in packages)


def main() -> None:
    """Write data/lambda.zip."""
    parser = argparse.ArgumentParser(prog="python -m deploy.lambda_zip", description="Write data/lambda.zip.")
    parser.add_argument("--python", default=PYTHON, help=f"Lambda's Python ({PYTHON})")
    target = PROJECT / "data" / "lambda.zip"
    zipped, unzipped = build(target, python=parser.parse_args().python)
    print(f"{target}: {zipped:,} bytes zipped, {unzipped:,} unzipped (Lambda's limit: {LIMIT_BYTES:,})")


if __name__ == "__main__":
    main()
