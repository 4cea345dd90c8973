"""Over a real sshd on loopback, with tmux between and without: every screen, resizing, and the way out."""

import os
import re
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests import sshd, tmux
from tests.debian import NoServerError
from tests.opsconsole import COMMAND, environment
from tests.sshd import Sshd
from tests.terminal import LEFT_ALTERNATE_SCREEN, SHOWED_CURSOR, Terminal

ROOT = Path(__file__).parents[2]
SCREENS = {"2": "frozen used", "4": "answers in", "7": "FOLLOWING", "1": "MARGIN"}
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


def opened(server: Sshd, command: list[str], columns: int = 80, lines: int = 24) -> Terminal:
    return Terminal(server.command(command), {**os.environ, "TERM": "xterm-256color"}, columns, lines)


@pytest.mark.parametrize("multiplexer", ["", "tmux"])
def test_every_screen_works_over_ssh_and_the_terminal_is_clean_afterwards(
    multiplexer: str, server: Sshd, tmp_path: Path
) -> None:
    within = tmux.new_session(tmp_path / "socket") if multiplexer else ""
    row = 1 if multiplexer else 0  # tmux takes one for itself
    command = remote(tmp_path, "demo", "--symbols", "8", multiplexer=within)
    terminal = opened(server, command, 80, 24 + row)
    terminal.wait_for("BTC", 40)
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
    assert terminal.wait_for_end(20) == 0
    modes = re.findall(r"(?:before|after) ([0-9a-f:]+)", terminal.sent)
    assert len(modes) == 2
    assert modes[0] == modes[1]
    assert "ended 0" in terminal.sent or multiplexer
    after = terminal.sent.rsplit(LEFT_ALTERNATE_SCREEN, 1)
    assert len(after) == 2
    assert SHOWED_CURSOR in terminal.sent
    assert not re.search(r"\x1b\[\?(1000|1003|1006|2004)h", after[1])


def test_a_lost_connection_leaves_no_process_behind(server: Sshd, tmp_path: Path) -> None:
    terminal = opened(server, remote(tmp_path, "demo", "--symbols", "3"))
    terminal.wait_for("BTC", 40)
    ours = [process for process in psutil.process_iter() if _belongs_to(process, tmp_path)]
    assert len(ours) >= 2
    terminal.child.kill(9)
    _gone, alive = psutil.wait_procs(ours, timeout=10)
    assert not alive


def _belongs_to(process: psutil.Process, home: Path) -> bool:
    try:
        return process.environ().get("HOME") == str(home) and process.exe() == os.path.realpath(
            sys.executable
        )
    except psutil.Error:
        return False
