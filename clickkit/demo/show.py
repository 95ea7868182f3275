"""What a show is made of, before it begins."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

LOOPBACK_STORE = "dynamodb"
"""The store's name that means: start DynamoDB's and S3's protocols on this machine."""


class Show(msgspec.Struct, frozen=True, kw_only=True):
    """Where a show keeps its data and where it listens.

    `home` is the project's folder and `data` the folder for what a run writes; `store` and `lake` are URLs.
    """

    home: Path
    data: Path
    store: str
    lake: str
    environment: Mapping[str, str]
    host: str = "127.0.0.1"
    port: int = 8866
    collector_host: str = "127.0.0.1"
    collector_port: int = 8000
    public_url: str = ""

    @property
    def dashboards(self) -> Path:
        """The folder of the dashboards, where the programs of the show run."""
        return self.home / "dashboards"

    def told(self, **more: str) -> dict[str, str]:
        """Return the environment of the show's programs."""
        paths = [str(self.dashboards), self.environment.get("JUPYTER_PATH", "")]
        return {
            **self.environment,
            "CLICKKIT_STORE": self.store,
            "CLICKKIT_LAKE": self.lake,
            "CLICKKIT_PUBLIC_URL": self.public_url,
            "JUPYTER_PATH": os.pathsep.join(filter(None, paths)),
            **more,
        }

    def log(self, name: str) -> Path:
        """Return where a program's log lies."""
        return self.data / "logs" / f"{name}.log"


def python(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module with the Python of this process."""
    return [sys.executable, "-m", module, *arguments]
