"""What a start leaves out: imports that the first row on the screen doesn't need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LATE = ("pydantic", "sqlalchemy", "pymysql", "httpx", "pygments", "rich.traceback", "plotext")


def imported(home: Path, *names: str) -> set[str]:
    """Which of the packages are there when the settings have been read and the screen can be opened."""
    program = (
        "import sys\n"
        "import click\n"
        "from console.cli import cli\n"
        "from console.cli.command_line import Given, settings_of\n"
        "settings = settings_of(click.Context(cli, obj=Given()), Given(context='paper'))\n"
        "import console.tui.app, console.wiring, console.sources.scrape\n"
        "print(*[name for name in sys.argv[1:] if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *names],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HOME": str(home), "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": ""},
    )
    return set(done.stdout.split())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in which the console has been started before."""
    assert "pydantic" in imported(tmp_path, "pydantic")
    return tmp_path


def test_a_second_start_waits_for_nothing_that_its_first_row_does_not_need(home: Path) -> None:
    assert imported(home, *LATE) == set()
