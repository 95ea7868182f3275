"""Beginning anew: what earlier shows left is put aside, and nothing is deleted."""

import datetime as dt
from pathlib import Path

_SQLITE = "sqlite:///"
_FOLDERS = ("spool", "rejected", "runs", "loopback", "logs")


def put_aside(store: str, lake: str, data: Path, now: dt.datetime) -> list[Path]:
    """Rename the store's file, the lake's folder and the show's folders in `data`; return their new paths.

    `data/clicks.db` becomes `data/clicks.db.before-20261126T105009Z`. A store and a lake on a server are
    left alone.
    """
    ending = f".before-{now:%Y%m%dT%H%M%SZ}"
    paths = [data / name for name in _FOLDERS]
    if store.startswith(_SQLITE):
        paths.append(Path(store.removeprefix(_SQLITE)).absolute())
    if "://" not in lake:
        paths.append(Path(lake).absolute())
    return [_rename(path, ending) for path in paths if path.exists()]


def _rename(path: Path, ending: str) -> Path:
    aside = path.with_name(path.name + ending)
    path.rename(aside)
    for kind in ("-wal", "-shm"):  # SQLite finds these beside its file, by its name
        beside = path.with_name(path.name + kind)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + kind))
    return aside
