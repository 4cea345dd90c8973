"""Trips with something broken, from the command line: each ends in the state that it is, with the cause.

The command waits until the engine is proven to be stopped and ends with 0 at that instant: one that ends
otherwise has not seen TRIPPED at any time.
"""

import json
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.actions.kill.switch import KillSwitch
from console.settings_file import load_settings
from tests.integration.paper_process import PaperProcess, plain_http
from tests.opsconsole import run
from tests.small_disk import fill, make_read_only, small_disk
from tests.waiting import eventually

SETTINGS = """\
poll:
  metrics:  {{interval: 200ms, timeout: 500ms, stale_after: 1500ms}}
  database: {{interval: 200ms, timeout: 500ms, stale_after: 1500ms}}
  engine:   {{interval: 200ms, timeout: 500ms, stale_after: 1500ms}}
  flags:    {{interval: 200ms, timeout: 500ms, stale_after: 1500ms}}
contexts:
  paper:
    environment: paper
    colour: cyan
    engine_file: {engine}/engine.json
"""


@dataclass(frozen=True)
class Outcome:
    """What `kill trip` said in the end: of the engine, of each actuator as `state: words`, of the journal."""

    code: int
    state: str
    words: str
    actuators: Mapping[str, str]
    journal: str


@dataclass(frozen=True)
class Host:
    """An operator's own folder on the engine's machine."""

    home: Path
    state: Path
    config: Path

    def trip(self, wait: float = 1.0) -> Outcome:
        done = self._run("trip", "--reason", "margin call", "--wait", str(wait))
        told: dict[str, Any] = json.loads(done.stdout)
        return Outcome(
            done.returncode,
            told["state"],
            told["words"],
            {each["name"]: f"{each['state']}: {each['words']}" for each in told["actuators"]},
            told["journal"],
        )

    def status(self) -> tuple[int, str, str]:
        done = self._run("status")
        told = json.loads(done.stdout)
        return done.returncode, told["state"], told["words"]

    def prepare(self) -> None:
        """What a console does when it is opened."""
        settings = load_settings(config=self.config, state=self.state, environ={"HOME": str(self.home)})
        switch = KillSwitch(settings)
        switch.prepare()
        assert switch.complaint == ""

    def _run(self, *arguments: str) -> Any:
        files = ("--config", str(self.config), "--state", str(self.state))
        return run(self.home, "kill", *arguments, *files, "--json")


def host(home: Path, engine: PaperProcess, *surfaces: str, state: Path | None = None) -> Host:
    """One whose context is the paper engine, with `surfaces` in place of the engine's own."""
    home.mkdir(exist_ok=True)
    lines = "".join(f"    {line}\n" for line in surfaces)
    (home / "console.yaml").write_text(SETTINGS.format(engine=engine.state) + lines)
    return Host(home, state or home / "state", home / "console.yaml")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[PaperProcess]:
    with PaperProcess(tmp_path / "paper", "--symbols", "3") as running:
        yield running
        running.process.send_signal(signal.SIGCONT)


def test_on_a_full_disk_the_space_that_was_kept_is_enough_to_stop_the_engine_and_to_record_it(
    tmp_path: Path,
) -> None:
    with (
        small_disk(tmp_path / "disk", kilobytes=8192, inodes=256) as disk,
        PaperProcess(disk / "paper", "--symbols", "3") as engine,
    ):
        here = host(tmp_path / "home", engine, state=disk / "console")
        here.prepare()
        fill(disk)
        told = here.trip(4)
        assert engine.tripped()
    assert told.journal == "recorded"
    assert told.actuators["flag file"] == "done: set; the disk is full, the reserve was used"
    undone = {name for name, words in told.actuators.items() if not words.startswith("done: ")}
    assert undone <= {"database"}, told  # its own file lies on that disk, and may have to grow
    assert (told.code, told.state) == ((1, "partial") if undone else (0, "tripped")), told


def test_in_a_state_folder_that_cannot_be_written_nothing_is_kept_and_the_engine_stops_all_the_same(
    engine: PaperProcess, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        flag = f"kill_switch: {{flag: {disk}/ops_kill_switch.flag}}"
        here = host(tmp_path / "home", engine, flag, state=disk / "console")
        make_read_only(disk)
        told = here.trip(3)
    assert engine.tripped()
    assert (told.code, told.state) == (1, "partial")
    cause = f"{disk}/ops_kill_switch.flag: read-only file system"
    assert told.words == f"the engine says that it is tripped, but: flag file: {cause}"
    assert told.actuators["flag file"] == f"failed: {cause}"
    assert told.journal.startswith("outcome not recorded: the journal in ")


@pytest.mark.campaign
def test_of_two_processes_the_one_that_hangs_is_named(engine: PaperProcess, tmp_path: Path) -> None:
    with PaperProcess(tmp_path / "second", "--symbols", "3") as second, metrics_of(engine, second) as url:
        theirs = Path(second.file["kill_switch"]["flag"])
        theirs.symlink_to(engine.file["kill_switch"]["flag"])
        here = host(tmp_path / "home", engine, f"metrics_url: {url}")
        second.process.send_signal(signal.SIGSTOP)
        told = here.trip(2.5)
    assert (told.code, told.state) == (1, "partial")
    assert told.words.startswith("only first is tripped; second did not follow: stale for ")


@pytest.mark.campaign
def test_a_flags_file_that_cannot_be_read_is_left_and_its_place_is_named(
    engine: PaperProcess, tmp_path: Path
) -> None:
    flags = Path(engine.file["flags_file"])
    flags.write_text("features: [\n")
    told = host(tmp_path / "home", engine).trip()
    assert (told.code, told.state) == (1, "partial")
    assert f"but: feature flags: {flags}:2:1: did not find expected node content" in told.words
    assert flags.read_text() == "features: [\n"


@pytest.mark.campaign
def test_with_the_database_dead_fills_are_not_seen_and_it_is_partial(
    engine: PaperProcess, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    told = host(tmp_path / "home", engine, f"database: {{url: 'mysql://x@127.0.0.1:{port}/x'}}").trip()
    assert engine.tripped()
    assert (told.code, told.state) == (1, "partial")
    assert "but: database: connection refused" in told.words
    assert told.actuators["http"] == "done: HTTP 200"


@pytest.mark.campaign
def test_with_a_database_that_never_answers_it_is_partial(engine: PaperProcess, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hole:
        url = f"mysql://x@127.0.0.1:{hole.getsockname()[1]}/x"
        told = host(tmp_path / "home", engine, f"database: {{url: '{url}'}}").trip()
    assert engine.tripped()
    assert (told.code, told.state) == (1, "partial")
    assert "but: database: " in told.words


@pytest.mark.campaign
def test_a_killed_engine_has_acknowledged_nothing(engine: PaperProcess, tmp_path: Path) -> None:
    engine.stop(signal.SIGKILL)
    told = host(tmp_path / "home", engine).trip()
    assert (told.code, told.state) == (1, "unconfirmed")
    assert told.words.startswith("set in flag file, state file, feature flags, database; ")
    assert "the engine has not acknowledged; engine is not running; " in told.words
    assert "http: " in told.words


@pytest.mark.campaign
def test_an_engine_that_hangs_has_acknowledged_nothing(engine: PaperProcess, tmp_path: Path) -> None:
    engine.process.send_signal(signal.SIGSTOP)
    told = host(tmp_path / "home", engine).trip(3)
    assert (told.code, told.state) == (1, "unconfirmed")
    assert "; engine hangs; " in told.words


@pytest.mark.campaign
def test_a_deaf_engine_that_rewrites_its_state_file_stays_unconfirmed(
    engine: PaperProcess, tmp_path: Path
) -> None:
    _play(engine, "deaf")
    state = Path(engine.file["kill_switch"]["state"])
    told = host(tmp_path / "home", engine).trip(2.5)
    assert (told.code, told.state) == (1, "unconfirmed")
    assert told.words.startswith(
        "set in flag file, feature flags, database; the engine says that it is clear"
    )
    assert told.actuators["state file"] == "done: set"
    assert json.loads(state.read_text())["tripped"] is False


@pytest.mark.campaign
def test_a_forgetful_engine_is_tripped_while_it_says_so_and_lost_for_the_next_who_looks(
    engine: PaperProcess, tmp_path: Path
) -> None:
    _play(engine, "forgetful")
    here = host(tmp_path / "home", engine)
    told = here.trip(4)
    assert (told.code, told.state) == (0, "tripped")
    eventually(lambda: not engine.tripped())
    code, state, words = here.status()
    assert (code, state) == (1, "lost")
    assert words == "the engine acknowledged the trip, and now says that it is clear"


@contextmanager
def metrics_of(first: PaperProcess, second: PaperProcess) -> Iterator[str]:
    """The metrics of both at one address, each with its name; of one that hangs, what it said last."""
    said: dict[str, str] = {}

    class Both(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = "\n".join(_named(name, engine) for name, engine in engines.items()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None: ...

    def _named(name: str, engine: PaperProcess) -> str:
        try:
            text = plain_http.get(engine.file["metrics_url"], timeout=0.2).text
        except httpx.HTTPError:
            return said[name]
        lines = (line for line in text.splitlines() if line and not line.startswith("#"))
        said[name] = "\n".join(_labelled(line, name) for line in lines) + "\n"
        return said[name]

    engines = {"first": first, "second": second}
    for name, engine in engines.items():
        _named(name, engine)
    with ThreadingHTTPServer(("127.0.0.1", 0), Both) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/metrics"
        server.shutdown()


def _labelled(line: str, process: str) -> str:
    """A sample's line with one label more."""
    series, _, value = line.rpartition(" ")
    name, brace, labels = series.partition("{")
    return f'{name}{{process="{process}"{"," + labels if brace else "}"} {value}'


def _play(engine: PaperProcess, scenario: str) -> None:
    engine.scenario(scenario)
    eventually(lambda: f"scenario {scenario}" in engine.log())
