"""In a real terminal: whatever ends the console, the terminal is left as it was found."""

import base64
import os
import re
import signal
import subprocess
import sys
import termios
import time
import tty
from pathlib import Path

import pexpect
import pytest

from console.tui.terminal.clipboard import past_screen
from console.tui.terminal.line_watch import QUESTION, SLOW
from tests.terminal import LEFT_ALTERNATE_SCREEN, SHOWED_CURSOR, Terminal
from tests.waiting import DEADLINE, eventually

ROOT = Path(__file__).parents[2]


def spawn(*arguments: str, **environment: str) -> pexpect.spawn:  # type: ignore[type-arg]
    return pexpect.spawn(
        sys.executable,
        ["-m", "tests.tui.live", *arguments],
        cwd=str(ROOT),
        env={**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", **environment},
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=DEADLINE,
    )


def ended(child: "pexpect.spawn[str]") -> str:
    """Everything that the program wrote until it was gone."""
    child.expect(pexpect.EOF)
    child.wait()
    return str(child.before)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("q", 0),
        (signal.SIGTERM, 143),
        (signal.SIGINT, 130),
        (signal.SIGQUIT, 131),
        *(
            pytest.param(number, 128 + number, marks=pytest.mark.campaign)
            for number in (signal.SIGABRT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGXCPU)
        ),
    ],
    ids=lambda value: value.name if isinstance(value, signal.Signals) else None,
)
def test_the_terminal_is_restored_after(end: str | int, status: int) -> None:
    child = spawn()
    modes = termios.tcgetattr(child.child_fd)
    child.expect("USD")
    assert termios.tcgetattr(child.child_fd) != modes
    if isinstance(end, str):
        child.send(end)
    else:
        child.kill(end)
    rest = ended(child)
    assert LEFT_ALTERNATE_SCREEN in rest
    assert SHOWED_CURSOR in rest
    assert child.exitstatus == status
    assert termios.tcgetattr(child.child_fd) == modes
    assert "Traceback" not in rest


def test_a_burst_of_signals_ends_the_console_as_one_does() -> None:
    child = spawn()
    child.expect("USD")
    for number in [signal.SIGTERM, signal.SIGHUP, signal.SIGINT] * 100:
        child.kill(number)
        time.sleep(0.0002)  # else the system makes one of several
    rest = ended(child)
    assert LEFT_ALTERNATE_SCREEN in rest
    assert "Traceback" not in rest


def test_a_terminal_that_hangs_up_ends_the_console() -> None:
    child = spawn()
    child.expect("USD")
    child.kill(signal.SIGHUP)
    ended(child)
    assert child.exitstatus == 129


def test_a_terminal_that_is_gone_ends_the_console() -> None:
    child = spawn()
    child.expect("USD")
    os.close(child.child_fd)
    eventually(lambda: not child.isalive())


def test_a_terminal_that_is_gone_ends_a_console_that_nobody_tells() -> None:
    ours, its = os.openpty()
    tty.setraw(ours)
    environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.tui.live"], cwd=ROOT, env=environment, stdin=its, stdout=its, stderr=its
    )
    os.close(its)
    try:
        shown = b""
        while b"USD" not in shown:
            shown += os.read(ours, 4096)
        os.close(ours)
        assert child.wait(DEADLINE) != 0  # 129, or 120 where the last words found no terminal
    finally:
        child.kill()


@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.campaign)],
    ids=["TERM", "HUP"],
)
def test_a_signal_ends_the_console_although_nobody_reads_its_terminal(number: int) -> None:
    child = spawn("flood")
    child.expect("USD")
    wait_until_blocked(child)
    child.kill(number)
    eventually(lambda: not child.isalive())
    assert child.exitstatus == 128 + number


def test_a_console_that_has_no_time_for_it_leaves_the_terminal_as_it_was_all_the_same() -> None:
    child = spawn("stall")
    modes = termios.tcgetattr(child.child_fd)
    child.expect("USD")
    wait_until_blocked(child)
    child.kill(signal.SIGTERM)
    rest = ended(child)
    assert child.exitstatus == 143
    assert rest.index("\x1b[?2004l") < rest.index(LEFT_ALTERNATE_SCREEN) < rest.index(SHOWED_CURSOR)
    assert termios.tcgetattr(child.child_fd) == modes


def wait_until_blocked(child: "pexpect.spawn[str]") -> None:
    """Wait, reading nothing, until the console's output has filled up the terminal's buffer and its own."""
    deadline, stalled, before = time.monotonic() + DEADLINE, 0, -1
    while stalled < 5:
        assert time.monotonic() < deadline
        time.sleep(0.2)
        switches = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
        now = int(switches.rsplit("voluntary_ctxt_switches:", 2)[1].split()[0])
        stalled = stalled + 1 if now == before else 0
        before = now


def test_a_failing_monitor_leaves_one_clear_line_on_the_restored_terminal() -> None:
    child = spawn("crash")
    rest = ended(child)
    after = rest.rsplit(SHOWED_CURSOR, 1)[-1]
    assert "opsconsole: the monitor failed: RuntimeError: told to [red]crash[/]" in after
    assert child.exitstatus == 70


def test_a_screen_that_fails_says_where_and_is_no_success() -> None:
    child = spawn("fall")
    after = ended(child).rsplit(SHOWED_CURSOR, 1)[-1]
    assert "told to fall" in after
    assert child.exitstatus == 1


def test_a_plain_terminal_is_sent_ascii_only_on_every_screen() -> None:
    environment = {**os.environ, "TERM": "linux", "LANG": "C", "LC_ALL": "C"}
    screens = {"2": "no open positions", "4": "answers in", "7": "no log", "?": "HERE", ":": "line detail"}
    with Terminal([sys.executable, "-m", "tests.tui.live"], environment, cwd=ROOT) as terminal:
        terminal.wait_for("USD")
        for key, shown in screens.items():
            terminal.press(key)
            terminal.wait_for(shown)
            if key in "?:":
                terminal.press("\x1b")
                terminal.wait_until_gone(shown)  # with what follows it, an escape would be another key
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert terminal.sent.isascii()


@pytest.mark.parametrize(
    "terminal",
    [
        "dumb",
        "vt100",
        "tmux-256color",
        *(pytest.param(name, marks=pytest.mark.campaign) for name in ("screen", "screen-256color")),
    ],
)
def test_any_terminal_is_drawn_on_and_left_as_it_was(terminal: str) -> None:
    child = spawn(TERM=terminal)
    modes = termios.tcgetattr(child.child_fd)
    child.expect("USD")
    child.send("q")
    assert LEFT_ALTERNATE_SCREEN in ended(child)
    assert termios.tcgetattr(child.child_fd) == modes


@pytest.mark.parametrize(("terminal", "sent"), [("screen.xterm-256color", 2), ("xterm-256color", 1)])
def test_a_copy_reaches_the_terminal_around_gnu_screen(terminal: str, sent: int) -> None:
    child = spawn(TERM=terminal)
    child.expect("USD")
    child.send("y")
    child.expect("sent to your clipboard: ([A-Z0-9]+/USD)")
    assert isinstance(child.match, re.Match)
    symbol = str(child.match[1])
    child.send("q")
    rest = str(child.before) + ended(child)
    copy = f"\x1b]52;c;{base64.b64encode(symbol.encode()).decode()}\a"
    assert (rest.count(copy), rest.count(f"\x1bP{copy}\x1b\\")) == (sent, sent - 1)


def test_a_long_copy_goes_past_screen_in_pieces_that_it_takes() -> None:
    pieces = past_screen("A" * 3000).removesuffix("\x1b\\").split("\x1b\\")
    assert max(map(len, pieces)) < 256
    whole = "".join(piece.removeprefix("\x1bP") for piece in pieces)
    assert whole == f"\x1b]52;c;{base64.b64encode(b'A' * 3000).decode()}\a"


def test_what_stops_other_programs_does_not_stop_the_console() -> None:
    child = spawn()
    child.expect("USD")
    child.send("\x1a\x13\x1c")  # ctrl+z, ctrl+s, ctrl+backslash
    child.send("?")
    child.expect("HERE")
    child.send("q")
    ended(child)
    assert child.exitstatus == 0


def test_a_terminal_that_answers_late_is_taken_for_one_on_a_slow_line() -> None:
    child = spawn()
    for _ in range(2):
        child.expect_exact(QUESTION)
        time.sleep(0.7)
        child.send("\x1b[?2026;2$y")
    child.expect("this line is slow: b draws seldom and plainly")
    child.send("q")
    ended(child)
    assert child.exitstatus == 0


def test_the_console_stays_for_the_answer_that_the_shell_would_be_given() -> None:
    child = spawn()
    child.expect_exact(QUESTION)
    time.sleep(SLOW)  # so that the next question comes soon
    child.send("\x1b[?2026;2$y")
    child.expect_exact(QUESTION)
    child.send("q")
    assert child.expect_exact([LEFT_ALTERNATE_SCREEN, pexpect.TIMEOUT], timeout=0.5) == 1
    child.send("\x1b[?2026;2$y")
    assert LEFT_ALTERNATE_SCREEN in ended(child)
