"""The console's screen against dolphie's, in a terminal of 120×40: how soon, how cheap, how fast.

Every program is measured in the same way. *First live value*: from starting the process until the
terminal, its output rendered, first shows a value from the world that it watches. *CPU*, bytes *written*
to the terminal and *memory*: over some seconds after a warm-up, of the process and its children; paper
engine and database are processes of their own and don't count. *Key*: from writing a key to the terminal
until its effect is on the screen.
"""

import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import dolphie
from benchmarks.figures import Figures, Spread
from benchmarks.processes import Memory, cpu_seconds, memory
from benchmarks.terminal import Screen, Terminal, environment
from console.sources.engine import read_engine_file

SYMBOLS = (50, 500, 5000)
CALM, MOVING = "calm", "every cell changing"
_START_SECONDS = 60.0
_ROW = re.compile(r"^\W*[A-Z0-9]{2,}(USDT|/USD)\b.*\d\.\d")
"""A row of the console's table that has a number in it."""
_CURSOR = "▸"


@dataclass(frozen=True, slots=True)
class Pace:
    """How long each thing is measured: `starts` and `runs` are counts, the rest seconds."""

    starts: int = 5
    runs: int = 3
    warm_up: float = 6.0
    watching: float = 20.0
    keys: int = 40


SHORT = Pace(starts=1, runs=1, warm_up=3.0, watching=3.0, keys=4)


@dataclass(frozen=True, slots=True)
class Subject:
    """A program to measure: `live` says that a value is there, `state` what two `keys` in turn change.

    All its runs have one `home`, as an operator's have, and find there what the ones before have kept.
    """

    name: str
    command: Sequence[str]
    home: Path
    live: Callable[[Screen], bool]
    keys: tuple[bytes, bytes]
    state: Callable[[Screen], object]


@dataclass(frozen=True, slots=True)
class _Run:
    cpu: float
    written: float
    memory: Memory
    keys: tuple[float, ...]


def measure(subjects: Sequence[Subject], pace: Pace) -> list[Figures]:
    """All subjects, one run of each after the other, so that a machine whose speed drifts moves all alike."""
    for subject in subjects:  # not counted: byte code is compiled, files are in memory
        _start(subject)
    starts = [[_start(subject) for subject in subjects] for _ in range(pace.starts)]
    runs = [[_run(subject, pace) for subject in subjects] for _ in range(pace.runs)]
    return [
        _figures(subject.name, [row[place] for row in starts], [row[place] for row in runs])
        for place, subject in enumerate(subjects)
    ]


def _figures(name: str, starts: Sequence[float], runs: Sequence[_Run]) -> Figures:
    return Figures(
        name,
        first_live=Spread.of(starts),
        cpu=Spread.of(run.cpu * 100 for run in runs),
        written=Spread.of(run.written / 1000 for run in runs),
        resident=Spread.of(run.memory.resident for run in runs),
        proportional=Spread.of(run.memory.proportional for run in runs),
        key_median=Spread.of(statistics.median(run.keys) * 1000 for run in runs),
        key_late=Spread.of(_quantile(run.keys, 0.95) * 1000 for run in runs),
    )


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _started(subject: Subject) -> Terminal:
    return Terminal(subject.command, environment(subject.home), subject.home)


def _start(subject: Subject) -> float:
    """Seconds from starting the process until it shows a value."""
    with _started(subject) as terminal:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            time.sleep(1.5)  # the screens are worked out between, not while it starts
            at = terminal.first(subject.live)
            if at is not None:
                return at - terminal.began
        raise TimeoutError(f"{subject.name} showed no value; its screen:\n{terminal.text()}")


def _run(subject: Subject, pace: Pace) -> _Run:
    with _started(subject) as terminal:
        time.sleep(pace.warm_up)
        began, before = time.perf_counter(), cpu_seconds(terminal.pid)
        time.sleep(pace.watching)
        ended, after = time.perf_counter(), cpu_seconds(terminal.pid)
        held = memory(terminal.pid)
        pressed = [_press(terminal, subject.keys[number % 2], number) for number in range(pace.keys)]
        took = ended - began
        return _Run(
            (after - before) / took,
            terminal.written(began, ended) / took,
            held,
            tuple(_delays(terminal, subject.state, pressed)),
        )


def _press(terminal: Terminal, key: bytes, number: int) -> float:
    """Press `key`, then wait: not a whole number of any program's frames, so that all moments are met."""
    at = terminal.send(key)
    time.sleep(0.5 + 0.37 * (number * 0.618 % 1))
    return at


def _delays(
    terminal: Terminal, state: Callable[[Screen], object], pressed: Sequence[float]
) -> Iterator[float]:
    """Seconds from each key until the screen's `state` differed from what it was before it."""
    seen = [(screen.at, state(screen)) for screen in terminal.screens(since=pressed[0])]
    for number, at in enumerate(pressed):
        before = [what for when, what in seen if when < at][-1]
        until = pressed[number + 1] if number + 1 < len(pressed) else at + 1
        yield next((when - at for when, what in seen if when >= at and what != before), until - at)


@contextmanager
def consoles(symbols: int) -> Iterator[list[Subject]]:
    """The console on a paper engine with that many symbols, which is calm, and with every value moving."""
    with paper_engine(symbols) as state:
        url = _metrics_url(state)
        with _process([sys.executable, "-m", "benchmarks.market", url]) as market:
            assert market.stdout is not None
            moving = _settings(state, market.stdout.readline().strip())
            yield [
                _console(f"{symbols} symbols, {CALM}", state),
                _console(f"{symbols} symbols, {MOVING}", state, "--config", str(moving)),
            ]


@contextmanager
def paper_engine(symbols: int) -> Iterator[Path]:
    """A paper engine that runs and answers; yields its state folder."""
    with tempfile.TemporaryDirectory() as folder:
        run = [sys.executable, "-m", "console", "paper", "run", "--state", folder, "--symbols", str(symbols)]
        with _process(run):
            _metrics_url(Path(folder))
            time.sleep(2)
            yield Path(folder)


@contextmanager
def others() -> Iterator[list[Subject]]:
    """dolphie on a busy server, the one to compare with, and on an idle one."""
    program = dolphie.binary()
    with (
        tempfile.TemporaryDirectory() as home,
        dolphie.busy_server() as busy,
        dolphie.busy_server(0) as idle,
    ):
        yield [
            _dolphie(f"dolphie, {dolphie.SESSIONS} busy sessions", program, busy, Path(home)),
            _dolphie("dolphie, idle server", program, idle, Path(home)),
        ]


def _console(name: str, state: Path, *options: str) -> Subject:
    program = str(Path(sys.executable).with_name("opsconsole"))
    command = [program, "--context", "paper", "--state", str(state), *options]
    return Subject(name, command, state, _shows_a_row, (b"\x1b[B", b"\x1b[A"), _cursor_line)


def _dolphie(name: str, program: Path, server: dolphie.Server, home: Path) -> Subject:
    keys = (dolphie.PANEL_KEY, dolphie.PANEL_KEY)
    command = dolphie.command(program, server)
    return Subject(name, command, home, dolphie.shows_data, keys, dolphie.shows_panel)


def _shows_a_row(screen: Screen) -> bool:
    return any(_ROW.match(line) for line in screen.lines)


def _cursor_line(screen: Screen) -> int | None:
    return next((number for number, line in enumerate(screen.lines) if _CURSOR in line), None)


def _settings(state: Path, metrics_url: str) -> Path:
    """A settings file that takes the metrics from elsewhere, and the rest from the paper engine."""
    file = state / "moving.yaml"
    file.write_text(
        "contexts:\n  paper:\n    environment: paper\n    colour: cyan\n"
        f"    engine_file: engine.json\n    metrics_url: {metrics_url}\n"
    )
    return file


def _metrics_url(state: Path) -> str:
    """Where the engine serves its metrics, once it does."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        written = read_engine_file(state / "engine.json")
        url = written.text("metrics_url") if written else None
        if url is not None:
            return url
        time.sleep(0.05)
    raise TimeoutError("the paper engine did not start")


@contextmanager
def _process(command: Sequence[str]) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
