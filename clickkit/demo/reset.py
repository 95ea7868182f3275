"""Beginning anew: what earlier shows left is put aside, and nothing is deleted."""

import datetime as dt
from pathlib import Path

from clickkit.demo.program import answers_http
from clickkit.demo.show import LOOPBACK_STORE, Show
from clickkit.errors import SettingsError

_SQLITE = "sqlite:///"
_FOLDERS = ("spool", "rejected", "runs", "loopback", "logs")


def put_aside(show: Show, now: dt.datetime) -> list[Path]:
    """Rename what a show has written, its store's file and its lake's folder too; return the new paths.

    `data/clicks.db` becomes `data/clicks.db.before-20261126T105009Z`. A store and a lake on a server are
    left alone.

    Raises:
        SettingsError: a collector may write there, or a path cannot be renamed.
    """
    health = f"http://127.0.0.1:{show.collector_port}/health"
    if answers_http(health):
        raise SettingsError(f"a collector answers at {health}: end the show before its data is put aside")
    ending = f".before-{now:%Y%m%dT%H%M%SZ}"
    try:
        return [_rename(path, ending) for path in _paths(show) if path.exists()]
    except OSError as error:
        raise SettingsError(f"cannot put {error.filename} aside ({error}): end what uses it") from error


def _paths(show: Show) -> list[Path]:
    paths = [show.data / name for name in _FOLDERS]
    if show.store.startswith(_SQLITE):
        paths.append(Path(show.store.removeprefix(_SQLITE)).absolute())
    if show.store != LOOPBACK_STORE and "://" not in show.lake:  # that show has its lake in a bucket
        paths.append(Path(show.lake).absolute())
    return paths


def _rename(path: Path, ending: str) -> Path:
    aside = path.with_name(path.name + ending)
    path.rename(aside)
    for kind in ("-wal", "-shm"):  # SQLite finds these beside its file, by its name
        beside = path.with_name(path.name + kind)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + kind))
    return aside
