"""What a start leaves out: imports and compiling that the first row on the screen doesn't need."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.opsconsole import COMMAND, environment
from tests.terminal import Terminal

LATE = (
    "pydantic",
    "sqlalchemy",
    "pymysql",
    "yaml",
    "httpx",
    "pygments",
    "rich.traceback",
    "plotext",
    "console.alert_feed",
    "console.audit",
    "console.history",
    "console.runbooks",
    "console.schema",
    "console.wiring.run_desk",
    "console.actions.vigil_file",
)
MOST_MODULES = 640
"""Of all packages and of Python itself, as many as there are, and a few: each takes half a millisecond."""
MOST_COMPILED = 150
"""Methods of dataclasses, of which a start has 1,200."""

PROGRAM = """\
import asyncio, dataclasses, sys

compiled, compile_ = [], getattr(dataclasses, "_create_fn", None)

def noted(name, *text, **kept):
    compiled.append(name)
    return compile_(name, *text, **kept)

if compile_ is not None:
    dataclasses._create_fn = noted
from console.late_methods import compile_late
compile_late()
import click
from console.cli import cli
from console.cli.command_line import Given, panels_of, settings_of
settings = settings_of(click.Context(cli, obj=Given()), Given(context='engine'))
import console.cli.opening, console.tui.app
from console.actions.kill.switch import KillSwitch
from console import wiring
wiring.HEAD_START = 60  # nothing else is read before, however slow the machine

async def first_judgement():
    monitor = wiring.open_monitor(settings, panels_of(settings), kill_switch=KillSwitch(settings))
    judged = asyncio.Event()
    polling = asyncio.create_task(monitor.run(judged.set))
    await judged.wait()
    print(len(compiled), *sys.modules)
    print(*monitor.assessment().symbols.names)
    polling.cancel()

asyncio.run(first_judgement())
"""

RUN = "from console.__main__ import run\nrun()\n"


@dataclasses.dataclass(frozen=True, slots=True)
class Start:
    """What there was when the metrics had been judged for the first time."""

    symbols: list[str]
    modules: set[str]
    compiled: int


@pytest.fixture
def new_home(tmp_path: Path, httpserver: HTTPServer) -> Path:
    """A home whose settings name an engine."""
    metrics = 'futures_margin_ratio{symbol="BTCUSDT"} 1.5\n'
    httpserver.expect_request("/metrics").respond_with_data(metrics, content_type="text/plain")
    folder = tmp_path / ".config" / "opsconsole"
    folder.mkdir(parents=True)
    url = httpserver.url_for("/metrics")
    surfaces = f"metrics_url: '{url}', flags_file: flags.yaml"
    settings = f"contexts:\n  engine: {{environment: paper, colour: cyan, {surfaces}}}\n"
    (folder / "console.yaml").write_text(settings)
    return tmp_path


@pytest.fixture
def home(new_home: Path) -> Path:
    """A home in which the console has been started before."""
    assert "pydantic" in started(new_home).modules
    return new_home


def started(home: Path) -> Start:
    program = [sys.executable, "-c", PROGRAM]
    environ = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": ""}
    done = subprocess.run(program, capture_output=True, text=True, check=True, env=environ)
    made, symbols = done.stdout.splitlines()
    compiled, *modules = made.split()
    return Start(symbols.split(), set(modules), int(compiled))


def test_a_second_start_waits_for_nothing_that_its_first_row_does_not_need(home: Path) -> None:
    start = started(home)
    assert start.symbols == ["BTCUSDT"]
    assert start.modules & {*LATE} == set()
    assert len(start.modules) <= MOST_MODULES
    if hasattr(dataclasses, "_create_fn"):
        assert 0 < start.compiled <= MOST_COMPILED


def test_a_console_that_knows_its_rules_has_no_parser_in_memory(new_home: Path) -> None:
    """What it maps is looked at once the rules were evaluated, which each console notes in a file."""
    state = new_home / "state"
    environ = environment(new_home, TERM="xterm-256color", LANG="C.UTF-8")
    command = [*COMMAND, "--context", "engine", "--state", str(state)]
    mapped = []
    for _ in range(2):
        with Terminal(command, environ) as console:
            evaluated = state / "rules" / "engine.json"
            while not evaluated.exists():
                assert console.child.isalive(), console.text
                console.read()
            mapped.append("promql_parser" in Path(f"/proc/{console.child.pid}/maps").read_text())
        evaluated.unlink()
    assert mapped == [True, False]


def test_every_command_compiles_late_and_seldom_looks_for_garbage() -> None:
    said = "print(getattr(dataclasses, '_create_fn', None), *gc.get_threshold())"
    program = f"import atexit, dataclasses, gc\natexit.register(lambda: {said})\n{RUN}"
    command = [sys.executable, "-c", program, "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    made, newest, *_ = done.stdout.splitlines()[-1].rsplit(maxsplit=3)
    assert "compile_late" in made or made == "None"
    assert int(newest) > 10_000
