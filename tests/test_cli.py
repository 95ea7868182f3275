"""The command line, run as a program."""

import datetime as dt
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pyarrow.dataset as ds
import pytest

import clickkit
from clickkit.capture.collector import Door
from clickkit.capture.request import Limits
from clickkit.lake.files import open_files
from clickkit.service import make_collector

MARKETING = str(Path(__file__).parents[1] / "notebooks" / "03-marketing.ipynb")

COMMANDS = [
    "demo",
    "serve",
    "audience",
    "send",
    "rejected",
    "import",
    "simulate",
    "table create",
    "export",
    "verify",
    "forget",
    "lake status",
    "lake verify",
    "lake compact",
    "runs run",
    "runs verify",
    "report",
    "doctor",
]
PROGRAM = str(Path(sys.executable).with_name("clickkit"))


@pytest.fixture
def run(tmp_path):
    """Return a function that runs `clickkit` in an empty folder."""

    def run(*arguments, **environment):
        plain = {name: value for name, value in os.environ.items() if not name.startswith("CLICKKIT_")}
        return subprocess.run(
            [PROGRAM, *map(str, arguments)],
            cwd=tmp_path,
            env=plain | environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(run, command):
    """The example is a line to copy."""
    done = run(*command.split(), "--help")

    assert done.returncode == 0
    assert f"Example: clickkit {command}" in re.sub(r"\s+", " ", done.stdout)


def test_a_real_access_log_goes_through_to_the_lake(run, tmp_path, shared):
    """9,999 of 10,000 lines; again adds nothing; four partitions with every row."""
    log = shared / "web" / "access.log"
    arguments = ("import", log, "--format", "combined", "--store", "sqlite:///x.db")

    first, again = run(*arguments), run(*arguments)
    exported = run(
        "export",
        "--store",
        "sqlite:///x.db",
        "--lake",
        "lake",
        "--since",
        "2015-05-17",
        "--until",
        "2015-05-20",
    )

    assert first.stdout.startswith("9,999 stored (9,999 new), 1 rejected")
    assert "line 8899: not in the Combined Log Format, or cut off: 2001:db8::42c" in first.stdout
    assert "next: clickkit export --since 2015-05-17 --until 2015-05-20" in first.stdout
    assert again.stdout.startswith("9,999 stored (0 new), 1 rejected")
    assert "9,999 rows in 4 partitions" in exported.stdout
    assert ds.dataset(tmp_path / "lake" / "clicks").count_rows() == 9_999
    (file,) = (tmp_path / "data" / "rejected").glob("access.log-*.ndjson")
    (kept,) = file.read_text().splitlines()
    assert (json.loads(kept)["line"], set(json.loads(kept))) == (8899, {"line", "reason", "text"})


def test_the_same_log_through_dynamodb_and_s3_gives_the_same_rows(
    run, tmp_path, shared, dynamodb_endpoint, s3_lake
):
    """The same code runs on a laptop and on AWS."""
    store = f"dynamodb://imported?endpoint={dynamodb_endpoint}&region=eu-north-1"
    log, days = shared / "web" / "access.log", ("--since", "2015-05-17", "--until", "2015-05-20")

    assert run("table", "create", "--store", store).returncode == 0
    assert run("import", log, "--format", "combined", "--store", store).stdout.startswith(
        "9,999 stored (9,999 new)"
    )
    assert "9,999 rows in 4 partitions" in run("export", "--store", store, "--lake", s3_lake, *days).stdout
    run("import", log, "--format", "combined", "--store", "sqlite:///x.db")
    run("export", "--store", "sqlite:///x.db", "--lake", "lake", *days)

    there, here = open_files(s3_lake), open_files(tmp_path / "lake")
    assert there.parts("clicks") == here.parts("clicks")
    assert all(there.read(path) == here.read(path) for path in here.parts("clicks"))


def test_simulate_and_export_take_days_in_words(run):
    """What a schedule says."""
    assert "(0 new)" not in run("simulate", "--since", "yesterday", "--store", "sqlite:///x.db").stdout
    again = run("simulate", "--since", "yesterday", "--store", "sqlite:///x.db")
    exported = run(
        "export", "--since", "yesterday", "--until", "yesterday", "--store", "sqlite:///x.db", "--lake", "l"
    )

    assert "(0 new)" in again.stdout
    assert str(dt.datetime.now(dt.UTC).date() - dt.timedelta(1)) in exported.stdout


def test_the_shop_is_simulated_once_however_often_it_is_asked(run):
    """`make lab` may run every day."""
    shop = (
        "simulate",
        "--scene",
        "shop",
        "--since",
        "2026-10-26",
        "--until",
        "2026-10-28",
        "--store",
        "sqlite:///x.db",
    )
    events = {event.id for event in clickkit.simulate_shop(dt.date(2026, 10, 26), dt.date(2026, 10, 28))}

    assert f"({len(events):,} new)" in run(*shop).stdout
    assert "(0 new)" in run(*shop).stdout
    assert "(0 new)" not in run(*shop, "--visitors", 5).stdout


def test_a_dask_cluster_writes_the_parts_that_were_asked_for(run, tmp_path, dask_cluster):
    """The same bytes as without the cluster; a lake keeps its number of parts."""
    export = ("export", "--store", "sqlite:///x.db", "--since", "yesterday", "--until", "yesterday")
    run("simulate", "--since", "yesterday", "--store", "sqlite:///x.db")

    there = run(*export, "--lake", "there", "--parts", 3, "--dask", dask_cluster)
    here = run(*export, "--lake", "here", "--parts", 3)
    other = run(*export, "--lake", "here", "--parts", 2)

    files = [open_files(tmp_path / name) for name in ("there", "here")]
    assert there.returncode == here.returncode == 0, there.stderr
    assert "part-02.parquet" in there.stdout
    assert [len(lake.parts("clicks")) for lake in files] == [3, 3]
    assert all(files[0].read(path) == files[1].read(path) for path in files[1].parts("clicks"))
    assert (other.returncode, "was made with --parts 3, not 2" in other.stderr) == (1, True)


def test_dask_is_an_extra_that_is_named_when_it_is_missing(run, tmp_path):
    """Nobody has to search for the package's name."""
    (tmp_path / "distributed.py").write_text("raise ImportError('none here')")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])

    done = run("export", "--store", "sqlite:///x.db", "--dask", "tcp://127.0.0.1:9", PYTHONPATH=path)

    assert (done.returncode, "pip install 'clickkit[dask]'" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("export", "--store", "sqlite:///missing.db"), "no SQLite store at"),
        (("export", "--dask", "tcp://127.0.0.1:9"), "no Dask scheduler at 'tcp://127.0.0.1:9'"),
        (("export", "--since", "soon"), "'soon' is not a day"),
        (("export", "--since", ""), "'' is not a day"),
        (("import", "missing.log", "--format", "combined"), "cannot read missing.log"),
        (
            ("import", "missing.log", "--format", "xml"),
            "no format 'xml': choose one of combined, csv, ndjson",
        ),
        (("send", "Buy", "--collector", "http://127.0.0.1:9"), "start one with clickkit serve"),
        (("table", "create", "--store", "sqlite:///x.db"), "names no DynamoDB table"),
        (("audience", "--collector", "http://127.0.0.1:9"), "start one with clickkit serve"),
        (("audience", "--collector", "127.0.0.1:8000"), "write http://127.0.0.1:8000"),
        (("demo",), "run the demo in clickkit's project folder"),
        (
            ("serve", "--store", "sqlite:///x.db", "--origin", "shop.example"),
            "'shop.example' is no web origin",
        ),
        (("import", ".", "--format", "combined"), "cannot read ."),
        (("simulate", "--scene", "bank"), "no scene 'bank': choose sites or shop"),
        (
            ("runs", "run", MARKETING, "out.ipynb", "-p", "gaol", "x"),
            "has no parameter gaol: it takes since,",
        ),
        (("report", "--since", "2026-11-22", "--until", "2026-11-16"), "lies before --since 2026-11-22"),
    ],
)
def test_a_mistake_is_one_clear_line_and_exit_status_1(run, arguments, message):
    """No traceback for what a user can mend."""
    done = run(*arguments)

    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_send_is_answered_by_a_running_collector(run, tmp_path, find_port, wait_until):
    """The quickest way to see that a collector works."""
    port = find_port()
    collector = f"http://127.0.0.1:{port}"
    command = [PROGRAM, "serve", "--store", "sqlite:///x.db", "--port", str(port)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as serving:
        try:
            wait_until(lambda: run("send", "Buy", "--collector", collector).returncode == 0, collector)
            done = run("send", "Buy", "--page-url", "https://example.com/a", "--collector", collector)
            bad = run("send", "", "--collector", collector)
            printed = run("send", "Buy", "--collector", f"{collector}/clicks", "--write-key", "alpha")
        finally:
            serving.terminate()

    assert json.loads(done.stdout) == {"accepted": 1, "rejected": [], "durability": "store"}
    assert (bad.returncode, "button" in bad.stderr) == (1, True)
    assert printed.returncode == 0
    assert "write http://127.0.0.1:8000" in run("send", "Buy", "--collector", "127.0.0.1:80").stderr
    assert "none below" in run("rejected", "--folder", "nowhere").stdout


def test_an_audience_is_summed_up_and_a_lost_click_is_exit_status_1(run, tmp_path, serve, serve_app):
    """A presenter rehearses, and reads one line."""
    few = ("audience", "--phones", 4, "--every", 0.5, "--seconds", 1)
    store = clickkit.connect(f"sqlite:///{tmp_path / 'refused.db'}")
    refusing = make_collector(store, tmp_path / "refused", door=Door(limits=Limits(properties_bytes=1)))

    good = run(*few, "--collector", serve(f"sqlite:///{tmp_path / 'x.db'}").url)
    bad = run(*few, "--collector", serve_app(refusing))
    none = run("audience", "--phones", 0)

    pattern = (
        r"4 phones, 8 clicks: 8 accepted, 0 refused, 0 undelivered, 0 resent; "
        r"answers p50 \d+ ms, p95 \d+ ms, slowest [\d,]+ ms\n"
    )
    assert good.returncode == 0
    assert re.fullmatch(pattern, good.stdout)
    assert bad.returncode == 1
    assert bad.stdout == "4 phones, 8 clicks: 0 accepted, 8 refused, 0 undelivered, 0 resent\n"
    assert bad.stderr.startswith("error: 8 clicks were refused, the first for properties: ")
    assert (none.returncode, "greater than or equal to 1" in none.stderr) == (2, True)


def test_ctrl_c_ends_an_audience_with_what_was_played_so_far(tmp_path, serve, wait_until):
    """Nothing that was clicked until then is lost."""
    collector = serve(f"sqlite:///{tmp_path / 'x.db'}")
    command = [PROGRAM, "audience", "--phones", "9", "--every", "0.2", "--collector", collector.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as playing:
        metrics = f"{collector.url}/metrics"
        wait_until(lambda: "clickkit_accepted_total 0.0" not in httpx.get(metrics).text, "clicks")
        playing.send_signal(signal.SIGINT)
        said, errors = playing.communicate(timeout=60)

    assert (playing.returncode, errors) == (0, "")
    assert re.match(r"9 phones, (\d+) clicks: \1 accepted, 0 refused, 0 undelivered", said)


def test_more_phones_than_open_files_are_allowed_if_the_system_lets_them(tmp_path, serve):
    """macOS allows 256 by default: a limit of this machine must not look like a broken collector."""
    collector = serve(f"sqlite:///{tmp_path / 'x.db'}")
    play = [PROGRAM, "audience", "--phones", "150", "--every", "1", "--seconds", "1"]
    play += ["--collector", collector.url]

    soft, hard = (
        subprocess.run(["sh", "-c", f'{limit} && exec "$@"', "sh", *play], capture_output=True, text=True)
        for limit in ("ulimit -S -n 100", "ulimit -n 100")
    )

    assert (soft.returncode, "150 accepted" in soft.stdout) == (0, True), soft.stderr
    assert hard.returncode == 1
    assert "150 phones need 250 open files, and this process may have 100" in hard.stderr


def test_the_doctor_finds_what_is_missing_and_what_is_there(run):
    """Each finding says how to mend it."""
    sick = run("doctor", "--store", "sqlite:///x.db", "--lake", "lake")
    run("simulate", "--since", "yesterday", "--store", "sqlite:///x.db")
    run("export", "--store", "sqlite:///x.db", "--lake", "lake")
    well = run("doctor", "--store", "sqlite:///x.db", "--lake", "lake")

    assert (sick.returncode, "note  store sqlite:////" in sick.stdout) == (0, True)
    assert well.returncode == 0
    assert "ok    store sqlite:////" in well.stdout
    assert "holds 1 parts" in well.stdout


def test_simulated_clicks_keep_away_from_a_remote_store(run):
    """A forgotten variable must not put a demonstration among real clicks."""
    remote = {"CLICKKIT_STORE": "dynamodb://clicks?region=eu-north-1"}

    for command in (("simulate",), ("demo", "--no-browser")):
        done = run(*command, **remote)
        assert (done.returncode, "dynamodb://clicks" in done.stderr) == (1, True)


def test_rejected_lines_are_shown_without_control_characters(run, tmp_path):
    """A log is written by strangers; a terminal must not obey them."""
    (tmp_path / "evil.log").write_text("\x1b]0;owned\x07" + "x" * 1000 + "\n")

    done = run("import", "evil.log", "--format", "combined", "--store", "sqlite:///x.db")
    fails = run("import", "evil.log", "--format", "combined", "--store", "sqlite:///x.db", "--rejected", ".")

    assert "0 stored (0 new), 1 rejected" in done.stdout
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) < 400
    assert fails.stderr.startswith("error: cannot keep rejected lines")


def test_the_environment_names_store_and_lake(run, tmp_path):
    """An operator configures once."""
    settings = {"CLICKKIT_STORE": "sqlite:///env.db", "CLICKKIT_LAKE": "env-lake"}

    run("simulate", "--since", "yesterday", **settings)
    run("export", **settings)

    assert (tmp_path / "env.db").exists()
    assert list((tmp_path / "env-lake").rglob("*.parquet"))


def test_a_port_that_is_taken_is_said_before_anything_starts(run):
    """A presenter must not wonder which of two collectors answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = run("serve", "--store", "sqlite:///x.db", "--port", port)

    assert done.returncode == 1
    assert done.stderr.startswith(f"error: cannot listen on 127.0.0.1:{port}: ")


def test_verify_ends_with_status_1_on_a_difference(run):
    """A schedule notices; the difference is said in words."""
    run("simulate", "--since", "yesterday", "--store", "sqlite:///x.db")

    before = run("verify", "--store", "sqlite:///x.db", "--lake", "l")
    run("export", "--store", "sqlite:///x.db", "--lake", "l")
    after = run("verify", "--store", "sqlite:///x.db", "--lake", "l")

    assert (before.returncode, after.returncode) == (1, 0)
    assert "DIFFERENCE  the lake has no partition of" in before.stdout
    assert "DIFFERENCE" not in after.stdout


def test_the_version_is_shown(run):
    """What a bug report needs first."""
    assert run("--version").stdout.strip() == clickkit.__version__


def test_a_visitor_is_forgotten_beside_a_running_collector(run, tmp_path, serve, wait_until):
    """A look first; then what went, where the receipt lies, and that the collector goes on."""
    store = f"sqlite:///{tmp_path / 'x.db'}"
    collector = serve(store)
    click = {"button": "Buy", "pageUrl": "https://example.com/", "timestamp": "2026-11-22T10:00:00Z"}
    posted = [click | {"id": f"e{n}", "visitorId": name} for n, name in enumerate("vvw")]
    broken = [{"id": "broken", "visitorId": name} for name in "vw"]
    assert httpx.post(f"{collector.url}/clicks", json=posted + broken).json()["accepted"] == 3
    run("export", "--store", store, "--lake", "lake", "--since", "2026-11-22", "--until", "2026-11-22")
    forget = ("forget", "--visitor", "v", "--store", store, "--lake", "lake", "--folder", tmp_path)

    look, done, again = run(*forget, "--dry-run"), run(*forget), run(*forget)
    verified = run("verify", "--day", "2026-11-22", "--store", store, "--lake", "lake")
    httpx.post(f"{collector.url}/clicks", json=[broken[1]])
    kept = run("rejected", "--folder", tmp_path).stdout
    collector.end(signal.SIGTERM)
    alone = run(*forget)

    removed = "2 events in the store, 0 in the spool, 1 rejected ones, 2 rows in 1 partition of the lake"
    note = f"a collector runs in {tmp_path}: what it takes from this visitor from now on is kept as ever"
    assert look.stdout.splitlines() == [
        "2026-11-22  in the store 2, in the lake 2",
        f"would remove {removed}",
        note,
    ]
    first, second, third, fourth = done.stdout.splitlines()
    assert (first, second, fourth) == ("2026-11-22  3 rows before, 1 after", f"removed {removed}", note)
    assert re.fullmatch(r"receipt: _receipts/\d{8}T\d{6}Z-[0-9a-f]{8}\.json in lake", third)
    assert again.stdout.splitlines() == ["nothing was found of this visitor", note]
    assert alone.stdout.splitlines() == ["nothing was found of this visitor"]
    assert "in the store 1, in the lake 1, forgotten 2" in verified.stdout
    assert [one.returncode for one in (look, done, again, verified, alone)] == [0] * 5
    assert (kept.count('"visitorId":"w"'), kept.count('"visitorId":"v"')) == (2, 0)
