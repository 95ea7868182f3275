"""An emulator of AWS on this machine, to rehearse a deployment without an account: `make aws`.

It is ministack, which asks IAM at every call, with its own certificate: the lake refuses whoever comes
without TLS. Its Lambda runs on this machine's Python, its Athena is DuckDB.
"""

import contextlib
import os
import re
import shlex
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx

from clickkit.demo.program import Program
from clickkit.folder import locked_folder

PROJECT = Path(__file__).parents[1]
REGION = "eu-north-1"
UNKNOWN = ("Budget", "Scaling", "ScalingByProcessor")
"""Resources of kinds that the emulator does not know."""

_LOCK = Path(__file__).with_name("emulator.lock")
_OWNER = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
    "-subj /CN=ministack -addext subjectAltName=IP:127.0.0.1"
)


def main() -> None:
    """Run the emulator until Ctrl-C; write a template for it, and what a shell needs to reach it."""
    folder = PROJECT / "data" / "aws"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "template.yaml").write_text(known_template())
    with tempfile.TemporaryDirectory() as name, running(install(), Path(name)) as environment:
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()]
        (folder / "environment").write_text("".join(lines))
        print(
            f"an emulator of AWS listens on {environment['AWS_ENDPOINT_URL']}; in another terminal:\n"
            f"  source .venv/bin/activate && source data/aws/environment\n"
            f"  clickkit deploy --template data/aws/template.yaml --collector none "
            f"--python {sys.version_info.major}.{sys.version_info.minor}\n"
            "Ctrl-C ends it, and all that it holds",
            flush=True,
        )
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
    (folder / "environment").unlink()


def install() -> Path:
    """Return the folder of the emulator's programs; the first call installs them, by their lock.

    Raises:
        RuntimeError: they cannot be installed.
    """
    folder = PROJECT / ".venv" / "aws"
    folder.mkdir(exist_ok=True)
    ready = folder / ".ready"
    uv = Path(sys.executable).with_name("uv")
    with locked_folder(folder):  # another process may install them, too
        if not ready.exists() or ready.stat().st_mtime < _LOCK.stat().st_mtime:
            into = ["--python", folder / "venv", _LOCK]
            sync = [uv, "pip", "sync", "--quiet", "--require-hashes", *into]
            for command in ([uv, "venv", "--quiet", "--clear", folder / "venv"], sync):
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode:
                    raise RuntimeError(f"the AWS emulator cannot be installed: {done.stderr.strip()[-300:]}")
            ready.touch()
    return folder / "venv" / "bin"


def known_template() -> str:
    """Return the template without the resources that the emulator does not know."""
    template = Path(__file__).with_name("template.yaml").read_text()
    for name in UNKNOWN:
        template, found = re.subn(rf"(?m)^  {name}:\n(?:    .*\n)+", "", template)
        if found != 1:
            raise RuntimeError(f"the template has no {name}, or several")
    return template


@contextlib.contextmanager
def running(programs: Path, folder: Path) -> Iterator[dict[str, str]]:
    """Run the emulator in an empty folder; yield the variables by which programs reach it."""
    certificate, key = folder / "server.crt", folder / "server.key"
    make = [*_CERTIFICATE.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(make, check=True, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    url = f"https://127.0.0.1:{port}"
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CLICKKIT_"))}
    own |= {"AWS_CA_BUNDLE": str(certificate), "TMPDIR": str(folder)}
    settings = {"GATEWAY_PORT": port, "BIND_HOST": "127.0.0.1", "AUTH": "true", "MINISTACK_REGION": REGION}
    tls = {"USE_SSL": "1", "MINISTACK_SSL_CERT": str(certificate), "MINISTACK_SSL_KEY": str(key)}
    with Program(
        "ministack",
        [programs / "ministack"],
        folder=folder,
        log=folder / "log",
        environment=own | settings | tls | {"S3_DATA_DIR": str(folder / "s3")},
        answers=lambda: _answers(url, certificate),
    ) as emulator:
        emulator.wait(threading.Event())
        reached = {"AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": REGION, "AWS_CA_BUNDLE": str(certificate)}
        yield _OWNER | reached


def _answers(url: str, certificate: Path) -> bool:
    trusted = ssl.create_default_context(cafile=certificate)
    try:
        return httpx.get(f"{url}/_ministack/health", verify=trusted, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


if __name__ == "__main__":
    main()
