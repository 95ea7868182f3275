"""What a show is made of, before it begins."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from clickkit.capture.access import Origins
from clickkit.errors import SettingsError
from clickkit.folder import locked_folder
from clickkit.storage.connect import connect, is_on_this_machine

LOOPBACK_STORE = "dynamodb"
"""The store's name that means: start DynamoDB's and S3's protocols on this machine."""


STAGE = "stage"
"""The folder in a show's data by which it has them alone."""

Say = Callable[[str], None]
"""Prints a line for the presenter."""


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

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Have the data folder for this show alone, for the length of the block.

        Raises:
            SettingsError: as `require_ready`, or another show runs with this data.
        """
        self.require_ready()
        stage = self.data / STAGE  # the data folder itself is the collector's to lock
        stage.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            try:
                stack.enter_context(locked_folder(stage, wait=False))
            except BlockingIOError as error:
                raise SettingsError(
                    f"a show runs with the data in {self.data}: end it, or name another --folder"
                ) from error
            yield

    def require_ready(self) -> None:
        """Refuse to begin where the show cannot be.

        Raises:
            SettingsError: this is not the project's folder, the store or the lake is not on this machine, or
                the public URL is none.
        """
        if self.public_url:
            Origins([self.public_url])
        if self.store != LOOPBACK_STORE:
            connect(self.store).close()
        for url in (self.store, self.lake):
            if url != LOOPBACK_STORE and not is_on_this_machine(url):
                raise SettingsError(
                    f"the demo simulates clicks, so it keeps away from {url}: name a store and a lake "
                    "of this machine"
                )
        if not (self.dashboards / "tracker.ipynb").exists():
            raise SettingsError(
                f"no tracker.ipynb in {self.dashboards}: run the demo in clickkit's project folder"
            )

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
