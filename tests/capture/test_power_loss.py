"""The power goes while clicks come in: what was acknowledged is on the disk, in the store or the spool.

`power_loss.c` records what the collector made durable. At a cut the process is killed, and its disk is put
back to that record; in the second kind of cut, some of what was written since then is on the disk, too.
"""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

SECTOR = 512
SHIM = Path(__file__).with_name("power_loss.c")
PUT = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("pragma journal_mode = wal")
connection.execute(f"pragma synchronous = {sys.argv[2]}")
connection.execute("create table events (id integer)")
for number in range(50):
    with connection:
        connection.execute("insert into events values (?)", [number])
os._exit(0)
"""
WRITE = """
import os, sys
for name in sys.argv[1:]:
    with open(name, "wb") as file:
        file.write(b"whole")
        file.flush()
        if "content" in os.path.basename(name):
            os.fsync(file.fileno())
    if "name" in os.path.basename(name):
        os.fsync(os.open(os.path.dirname(name), os.O_RDONLY))
"""


class Disk:
    """A folder whose power can be cut: then it holds what was synced and, at a chance, more."""

    def __init__(self, root, shim):
        self.root, self._record = root, root.with_name("record")
        self.environment = {
            "LD_PRELOAD": str(shim),
            "POWER_LOSS_ROOT": str(root),
            "POWER_LOSS_RECORD": str(self._record),
        }
        root.mkdir()
        self._record.mkdir()
        self._sync_all()

    def cut(self, chance=None):
        """Put the folder back to what a disk without power has; whoever wrote to it must have ended."""
        after = self.root.with_name("after")
        self._restore("root", self.root, after, chance)
        shutil.rmtree(self.root)
        shutil.rmtree(self._record)
        after.rename(self.root)
        self._record.mkdir()
        self._sync_all()

    def _sync_all(self):
        paths = [str(path) for path in (self.root, *self.root.rglob("*"))]
        subprocess.run(["sync", *paths], env=os.environ | self.environment, check=True)

    def _restore(self, key, real, target, chance):
        target.mkdir()
        listing = self._record / key
        lines = listing.read_text().splitlines() if listing.exists() else []
        keys = {name: (kind, key) for kind, key, name in (line.split(" ", 2) for line in lines)}
        if chance:
            keys = {
                name: one for name, one in keys.items() if (real / name).exists() or chance.random() < 0.5
            }
            found = {path.name: self._key(path) for path in real.glob("*")}
            keys = {name: one for name, one in found.items() if chance.random() < 0.5} | keys
        for name, (kind, key) in keys.items():
            if kind == "d":
                self._restore(key, real / name, target / name, chance)
            else:
                (target / name).write_bytes(self._content(key, real / name, chance))

    def _key(self, path):
        """Return kind and key of a file that has its name since the last sync of its folder."""
        known = self._record.glob(f"{path.stat().st_ino}-*[0-9]")
        newest = max(known, key=lambda found: found.stat().st_mtime, default=Path("never synced"))
        return "d" if path.is_dir() else "f", newest.name

    def _content(self, key, real, chance):
        synced = (self._record / key).read_bytes() if (self._record / key).exists() else b""
        if chance is None or not real.is_file() or self._key(real)[1] != key:
            return synced
        return mixed(synced, real.read_bytes(), chance)


def mixed(synced, written, chance):
    """Return what is on the disk when some sectors were written since the last sync, and some were not."""
    size = chance.choice([len(synced), len(written), chance.randint(*sorted((len(synced), len(written))))])
    sectors = (
        chance.choice([synced, written])[start : start + SECTOR].ljust(SECTOR, b"\0")
        for start in range(0, size, SECTOR)
    )
    return b"".join(sectors)[:size]


@pytest.fixture(scope="module")
def shim(tmp_path_factory, leave_out):
    """Compile what records the syncs."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        leave_out("there is no Linux with a C compiler (apt install gcc libc6-dev)")
    library = tmp_path_factory.mktemp("shim") / "power_loss.so"
    command = [compiler, "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o", library, SHIM, "-ldl"]
    subprocess.run(command, check=True)
    return library


@pytest.fixture
def disk(tmp_path, shim):
    """Return an empty disk whose power can be cut."""
    return Disk(tmp_path / "disk", shim)


@pytest.mark.parametrize(("synchronous", "left"), [("full", 50), ("normal", 0), ("off", 0)])
def test_the_record_tells_a_store_that_syncs_from_one_that_does_not(disk, synchronous, left):
    """The instrument works: with less than `synchronous=full`, committed rows are lost."""
    path = disk.root / "clicks.db"
    subprocess.run(
        [sys.executable, "-c", PUT, path, synchronous], env=os.environ | disk.environment, check=True
    )
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as before:
        assert before.execute("pragma quick_check").fetchone() == ("ok",)

    disk.cut()

    with closing(sqlite3.connect(path)) as after:
        tables = after.execute("select count(*) from sqlite_master").fetchone()[0]
        assert (after.execute("select count(*) from events").fetchone()[0] if tables else 0) == left


def test_the_record_has_no_name_and_no_content_that_was_not_synced(disk):
    """The instrument works: a file is there if its folder was synced, and whole if it was synced itself."""
    names = ["neither", "a-content", "b-name", "c-content-name", "d-content"]
    subprocess.run(
        [sys.executable, "-c", WRITE, *(disk.root / name for name in names)],
        env=os.environ | disk.environment,
        check=True,
    )

    disk.cut()

    left = {path.name: path.read_bytes() for path in disk.root.iterdir()}
    assert left == {"neither": b"", "a-content": b"whole", "b-name": b"", "c-content-name": b"whole"}


@pytest.mark.parametrize("seed", [None, 3], ids=["only what was synced", "some sectors more"])
def test_what_was_acknowledged_survives_cuts_of_the_power(
    seed, disk, tmp_path, serve, start_senders, stored, wait_until
):
    """Six cuts under load, half of them while the store is away: each acknowledged click is there, once."""
    there, away = f"sqlite:///{disk.root / 'store' / 'clicks.db'}", f"sqlite:///{__file__}/clicks.db"
    chance, moments = random.Random(seed) if seed else None, random.Random(5)
    collector = serve(there, disk.root / "data", **disk.environment)
    senders = start_senders(collector.url, 8000)
    for store_url in (there, away, there, away, away, there):
        collector.end(signal.SIGKILL)
        disk.cut(chance)
        collector.store_url = store_url
        collector.start()
        enough = len(senders.acknowledged) + moments.randrange(1, 400)
        wait_until(lambda enough=enough: len(senders.acknowledged) >= enough, "some clicks")
    collector.end(signal.SIGKILL)
    disk.cut(chance)
    collector.store_url = there
    collector.start()
    senders.give_up()
    wait_until(lambda: not list((disk.root / "data" / "spool").glob("*.ndjson")), "the spool to drain")
    collector.end(signal.SIGTERM)

    rows = stored(there)
    assert len(senders.acknowledged) > 100
    assert sorted(set(senders.acknowledged) - set(rows)) == []
    assert len(rows) == len(set(rows))
    assert (
        {(200, "store"), (200, "spool")} <= senders.answers <= {(200, "store"), (200, "spool"), (503, None)}
    )
