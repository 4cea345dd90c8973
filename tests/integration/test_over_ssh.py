"""Over a real sshd on loopback, with tmux between and without: every screen, resizing, and the way out."""

import contextlib
import os
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests import sshd, tmux
from tests.debian import NoServerError
from tests.opsconsole import COMMAND, environment
from tests.sshd import Sshd
from tests.terminal import LEFT_ALTERNATE_SCREEN, SHOWED_CURSOR, Terminal
from tests.waiting import DEADLINE

ROOT = Path(__file__).parents[2]
SCREENS = {"2": "frozen used", "4": "answers in", "7": "FOLLOWING", "8": "SOUND", "1": "MARGIN"}
"""What is to be seen after a digit."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    try:
        with sshd.server(tmp_path_factory.mktemp("sshd")) as running:
            yield running
    except NoServerError as error:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(f"CI needs an sshd: {error}")
        pytest.skip(str(error))


def remote(home: Path, *arguments: str, multiplexer: str = "") -> list[str]:
    """What runs on the other side: the terminal's modes, the console, the modes again."""
    environ = [
        f"{name}={value}" for name, value in environment(home, LANG="C.UTF-8").items() if name != "TERM"
    ]
    console = shlex.join(["env", *environ, f"PYTHONPATH={ROOT}", *COMMAND, *arguments])
    inner = f"{multiplexer} {shlex.quote(console)}" if multiplexer else console
    return ["sh", "-c", f"echo before $(stty -g); {inner}; echo ended $? after $(stty -g)"]


@pytest.fixture
def connect(server: Sshd) -> Iterator[Callable[..., Terminal]]:
    """Opens terminals that run something over ssh; the connections of a test that fails end with it."""
    with contextlib.ExitStack() as connections:

        def opened(command: list[str], columns: int = 80, lines: int = 24) -> Terminal:
            environ = {**os.environ, "TERM": "xterm-256color"}
            return connections.enter_context(Terminal(server.command(command), environ, columns, lines))

        yield opened


@pytest.fixture
def multiplexer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The command line that runs what follows it in tmux, or nothing."""
    if not request.param:
        yield ""
        return
    with tmux.server(tmp_path / "socket") as command:
        yield command


@pytest.mark.parametrize("multiplexer", ["", "tmux"], indirect=True)
def test_every_screen_works_over_ssh_and_the_terminal_is_clean_afterwards(
    multiplexer: str, connect: Callable[..., Terminal], tmp_path: Path
) -> None:
    row = 1 if multiplexer else 0  # tmux takes one for itself
    command = remote(tmp_path, "demo", "--symbols", "8", multiplexer=multiplexer)
    terminal = connect(command, 80, 24 + row)
    terminal.wait_for("BTC")
    for key, words in SCREENS.items():
        terminal.press(key)
        terminal.wait_for(words)
        assert "READ-ONLY" in terminal.text
    for columns, lines in ((120, 40), (200, 60), (100, 30), (80, 24)):
        terminal.resize(columns, lines + row)
        terminal.wait_for("READ-ONLY")
        time.sleep(0.3)
    terminal.resize(70, 20)
    terminal.wait_for("too small")
    terminal.resize(80, 24 + row)
    terminal.wait_for("MARGIN")
    terminal.press("q")
    assert terminal.wait_for_end() == 0
    modes = re.findall(r"(?:before|after) ([0-9a-f:]+)", terminal.sent)
    assert len(modes) == 2
    assert modes[0] == modes[1]
    assert "ended 0" in terminal.sent or multiplexer
    after = terminal.sent.rsplit(LEFT_ALTERNATE_SCREEN, 1)
    assert len(after) == 2
    assert SHOWED_CURSOR in terminal.sent
    assert not re.search(r"\x1b\[\?(1000|1003|1006|2004)h", after[1])


def test_a_lost_connection_leaves_no_process_behind(connect: Callable[..., Terminal], tmp_path: Path) -> None:
    terminal = connect(remote(tmp_path, "demo", "--symbols", "3"))
    terminal.wait_for("BTC")
    ours = [process for process in psutil.process_iter() if _belongs_to(process, tmp_path)]
    assert len(ours) >= 2
    terminal.child.kill(9)
    _gone, alive = psutil.wait_procs(ours, timeout=DEADLINE)
    assert not alive


def test_a_window_that_grew_shows_nothing_of_the_picture_afterwards(tmp_path: Path) -> None:
    console = shlex.join(["env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "tests.tui.live"])
    inside = shlex.quote(f"echo begun; {console}; echo ended; read line")
    environ = environment(tmp_path, TERM="xterm-256color", LANG="C.UTF-8")
    with (
        tmux.server(tmp_path / "socket") as command,
        Terminal(["sh", "-c", f"{command} {inside}"], environ, 80, 25) as terminal,
    ):
        terminal.wait_for("MARGIN")
        terminal.resize(120, 41)
        terminal.wait_for("FUND 8H")
        terminal.press("q")
        terminal.wait_for("ended")
        *lines, _of_tmux = terminal.text.splitlines()
        assert [line for line in lines if line] == ["begun", "ended"]


def test_a_tmux_server_takes_all_that_runs_in_it_with_it(tmp_path: Path) -> None:
    stubborn = f"trap '' HUP TERM; cd {tmp_path}; echo begun; while :; do sleep 1; done"
    environ = {**os.environ, "TERM": "xterm-256color"}
    with tmux.server(tmp_path / "socket") as command:
        with Terminal(["sh", "-c", f"{command} {shlex.quote(stubborn)}"], environ) as terminal:
            terminal.wait_for("begun")
        ours = [process for process in psutil.process_iter() if _is_named(process, f"cd {tmp_path};")]
        assert ours
    _gone, alive = psutil.wait_procs(ours, timeout=0)
    assert not alive


def _is_named(process: psutil.Process, words: str) -> bool:
    try:
        return any(words in argument for argument in process.cmdline())
    except psutil.Error:
        return False


def _belongs_to(process: psutil.Process, home: Path) -> bool:
    try:
        return process.environ().get("HOME") == str(home) and process.exe() == os.path.realpath(
            sys.executable
        )
    except psutil.Error:
        return False
