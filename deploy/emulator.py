"""An emulator of AWS on this machine, to rehearse a deployment without an account: `make aws`.

It is ministack, which asks IAM at every call, with its own certificate: the lake refuses whoever comes
without TLS. Its Lambda runs on this machine's Python, its Athena is DuckDB.
"""

import contextlib
import os
import re
import shlex
import signal
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
from deploy.beside import install

PROJECT = Path(__file__).parents[1]
REGION = "eu-north-1"
UNKNOWN = ("Budget", "Scaling", "ScalingByProcessor")
"""Resources of kinds that the emulator does not know."""

_OWNER = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
    "-subj /CN=ministack -addext subjectAltName=IP:127.0.0.1"
)


def main() -> None:
    """Run the emulator until Ctrl-C; write a template for it, and what a shell needs to reach it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    folder = PROJECT / "data" / "aws"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "template.yaml").write_text(known_template())
    variables = folder / "environment"
    try:
        with tempfile.TemporaryDirectory() as place, running(programs(), Path(place)) as environment:
            variables.write_text(
                "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
            )
            print(
                f"an emulator of AWS listens on {environment['AWS_ENDPOINT_URL']}; in another terminal:\n"
                f"  source .venv/bin/activate && source data/aws/environment\n"
                f"  clickkit deploy --template data/aws/template.yaml --collector none "
                f"--python {sys.version_info.major}.{sys.version_info.minor} --yes\n"
                "Ctrl-C ends it, and all that it holds",
                flush=True,
            )
            threading.Event().wait()
    except KeyboardInterrupt:
        print("the emulator has ended")
    finally:
        variables.unlink(missing_ok=True)


def programs() -> Path:
    """Return the folder of the emulator's programs.

    Raises:
        RuntimeError: they cannot be installed.
    """
    return install("aws", Path(__file__).with_name("emulator.lock")) / "bin"


def known_template() -> str:
    """Return the template without the resources that the emulator does not know."""
    template = Path(__file__).with_name("template.yaml").read_text()
    for name in UNKNOWN:
        template, found = re.subn(rf"(?m)^  {name}:\n(?:    .*\n)+", "", template)
        if found != 1:
            raise RuntimeError(f"the template has no {name}, or several")
    return template


@contextlib.contextmanager
def running(binaries: Path, folder: Path) -> Iterator[dict[str, str]]:
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
        [binaries / "ministack"],
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
