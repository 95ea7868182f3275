"""The disk is full: what cannot be kept is answered 503, and nothing acknowledged is lost."""

import shutil
import signal
import subprocess

import httpx
import pytest

from clickkit.service import open_rejected

ANSWERS = {(200, "store"), (200, "spool"), (503, None)}
CLICKS = 1500


@pytest.fixture
def small_disk(tmp_path, leave_out):
    """Mount a disk of 512 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=512k", "clickkit-test", folder]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        leave_out("no small disk can be mounted (that takes root on Linux)")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def make_room(disk):
    """Give the small disk 64 MiB."""
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)


def post(collector, *clicks):
    """Send clicks by hand, and return the answer's status."""
    return httpx.post(f"{collector.url}/clicks", json=clicks, timeout=30).status_code


def test_a_full_spool_takes_nothing_more_and_drains_when_the_store_is_back(
    small_disk, tmp_path, serve, start_senders, stored, wait_until
):
    """Until then: 503 for what is good, 400 for what is bad although it cannot be kept, and never a 500."""
    url, log = f"sqlite:///{tmp_path / 'store' / 'clicks.db'}", tmp_path / "collector.log"
    (tmp_path / "store").write_text("in the way")
    collector = serve(url, small_disk)
    senders = start_senders(collector.url, CLICKS)
    wait_until(lambda: (503, None) in senders.answers, "the spool to be full")

    good = {"id": "good", "button": "Buy", "pageUrl": "/", "timestamp": "2024-11-20T10:00:00Z"}
    refusals = set()

    def bad_one_is_lost():
        refusals.add(post(collector, {"id": "bad"}))
        return "rejected events could not be kept" in log.read_text()

    wait_until(bad_one_is_lost, "a rejected event that cannot be kept")
    assert refusals == {400}
    assert post(collector, {"id": "bad"}, *({**good, "id": f"{number}"} for number in range(100))) == 503

    (tmp_path / "store").unlink()
    senders.finish()
    wait_until(lambda: not list((small_disk / "spool").glob("*")), "the spool to drain")
    assert post(collector, {"id": "bad again"}, good) == 200
    collector.end(signal.SIGTERM)

    rows = stored(url)
    assert sorted(rows) == sorted([*senders.acknowledged, "good"])
    assert len(set(rows)) == CLICKS + 1
    assert {(200, "spool"), (503, None)} <= senders.answers <= ANSWERS
    assert [event.text for event in open_rejected(small_disk).read()][-1] == '{"id":"bad again"}'


@pytest.mark.parametrize(
    ("spool", "heard"), [("elsewhere", (200, "spool")), ("small", (503, None))], ids=["elsewhere", "on it"]
)
def test_a_full_disk_of_the_store_is_an_outage_until_there_is_room(
    spool, heard, small_disk, tmp_path, serve, start_senders, stored, wait_until
):
    """SQLite says that its disk is full: the spool takes over or, on the same disk, senders hear 503."""
    url = f"sqlite:///{small_disk / 'clicks.db'}"
    collector = serve(url, tmp_path / spool)
    senders = start_senders(collector.url, CLICKS)
    wait_until(lambda: heard in senders.answers, "the disk to be full")
    assert not senders.are_done

    make_room(small_disk)
    senders.finish()
    wait_until(lambda: not list((tmp_path / spool / "spool").glob("*")), "the spool to drain")
    collector.end(signal.SIGTERM)

    rows = stored(url)
    assert len(rows) == len(set(rows)) == CLICKS
    assert sorted(rows) == sorted(senders.acknowledged)
    assert {(200, "store"), heard} <= senders.answers <= ANSWERS
