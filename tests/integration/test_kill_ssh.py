"""The kill switch over a real sshd on loopback: tripped by two keys, and the line is cut on the way."""

import os
import pwd
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.audit.files import records
from console.audit.record import Phase, Record
from tests import sshd
from tests.debian import NoServerError
from tests.integration.paper_process import PaperProcess
from tests.integration.test_over_ssh import remote
from tests.sshd import Sshd
from tests.terminal import Terminal
from tests.waiting import eventually

# Once the line is cut, the command takes longer than a signal otherwise leaves a console, which still reads
# what it says then.
SETTINGS = """\
contexts:
  paper:
    environment: paper
    colour: cyan
    engine_file: {engine}/engine.json
    commands: {{trip_kill_switch: [sh, {home}/stop]}}
    kill_switch: {{deadlines: {{command: 30s}}}}
"""
STOP = """until [ -e {home}/cut ]; do sleep 0.1; done
sleep 2
echo stopping
echo stopped > {home}/stopped
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    (tmp_path / "sshd").mkdir()
    try:
        with sshd.server(tmp_path / "sshd") as running:
            yield running
    except NoServerError as error:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(f"CI needs an sshd: {error}")
        pytest.skip(str(error))


def test_a_trip_whose_line_is_cut_completes_and_the_next_login_sees_who_did_what(
    server: Sshd, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    files = ["--config", str(home / "console.yaml"), "--state", str(home / "state")]
    with PaperProcess(tmp_path / "engine", "--symbols", "3") as engine:
        (home / "console.yaml").write_text(SETTINGS.format(engine=engine.state, home=home))
        (home / "stop").write_text(STOP.format(home=home))
        with _login(server, home, *files) as terminal:
            terminal.wait_for("MARGIN")
            terminal.press("K")
            terminal.wait_for("stops everything")
            terminal.press("T")
            eventually(Path(engine.file["kill_switch"]["flag"]).exists)
            terminal.child.kill(signal.SIGKILL)
        (home / "cut").touch()
        assert not (home / "stopped").exists()
        eventually(lambda: len(_journal(home)) == 2)
        intent, outcome = _journal(home)
        assert (home / "stopped").exists(), outcome.evidence
        assert engine.tripped()
    assert (intent.phase, outcome.phase, outcome.done) == (Phase.INTENT, Phase.OUTCOME, True)
    with _login(server, home, "audit", "show", *files) as terminal:
        terminal.wait_for("done of #1")
        told = terminal.sent
    user = pwd.getpwuid(os.geteuid()).pw_name
    assert f" {user}({os.geteuid()})@" in told
    assert " from 127.0.0.1 paper kill.trip all INTENT" in told
    assert "reason: Manual intervention" in told


def _login(server: Sshd, home: Path, *arguments: str) -> Terminal:
    return Terminal(
        server.command(remote(home, *arguments)), {**os.environ, "TERM": "xterm-256color"}, 120, 40
    )


def _journal(home: Path) -> list[Record]:
    return list(records(home / "state" / "audit"))
