"""How the process of a command ends while threads of its own still wait for something."""

import fcntl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.opsconsole import environment
from tests.waiting import DEADLINE

FEATURES = 600
WRONG = "features:\n" + "".join(f"  feature_{number}: {{stage: Shadow}}\n" for number in range(FEATURES))
"""A flags file in which every stage is misread."""

PROGRAM = """\
import atexit, sys, threading, time
from typing import Annotated
from pydantic import BaseModel, BeforeValidator
from console.__main__ import run

waits = threading.Event()

def wait(_):
    waits.set()
    while True:
        time.sleep(0.001)

class Answer(BaseModel):
    value: Annotated[int, BeforeValidator(wait)]

class TakesLong:
    def __del__(self, sleep=time.sleep):
        sleep(0.2)

held = TakesLong()  # until the interpreter is taken down, where the thread wakes up
threading.Thread(target=Answer, kwargs={"value": 1}, daemon=True).start()
waits.wait()
"""
"""A thread that wakes up in compiled code, which an interpreter that is taken down doesn't survive."""
ENDING = PROGRAM.replace("import atexit", "import _thread, atexit").replace(
    'threading.Thread(target=Answer, kwargs={"value": 1}, daemon=True).start()',
    '_thread.start_new_thread(Answer, (), {"value": 1})',
)
"""The same with a thread that has ended as far as `threading` knows, which it may do at any time."""
UNDISTURBED = "import atexit, sys\nfrom console.__main__ import run\n"
COMMAND = "sys.argv[0] = 'opsconsole'\nrun()\n"
LAST_WORDS = """\
import console.cli

def main():
    atexit.register(sys.stdout.write, "the last words")
    sys.exit(3)

console.cli.main = main
"""


def start(
    home: Path, program: str, *arguments: str, output: int = subprocess.PIPE
) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("command", "code"),
    [("completion bash", 0), ("flags lint wrong.yaml", 1), ("nonsense", 2)],
)
def test_a_thread_that_wakes_up_at_the_end_changes_nothing_about_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, code: int
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("wrong.yaml").write_text(WRONG)
    undisturbed = start(tmp_path, UNDISTURBED + COMMAND, *command.split())
    expected = undisturbed.communicate(timeout=DEADLINE)
    disturbed = start(tmp_path, PROGRAM + COMMAND, *command.split())
    assert disturbed.communicate(timeout=DEADLINE) == expected
    assert disturbed.returncode == undisturbed.returncode == code


def test_a_thread_that_is_just_ending_changes_nothing_about_it_either(tmp_path: Path) -> None:
    command = start(tmp_path, ENDING + COMMAND, "completion", "bash")
    said, complaint = command.communicate(timeout=DEADLINE)
    assert (command.returncode, complaint, "opsconsole" in said) == (0, "", True)


def test_who_reads_slowly_gets_everything(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(WRONG)
    command = start(tmp_path, PROGRAM + COMMAND, "flags", "lint", str(tmp_path / "wrong.yaml"))
    assert command.stdout is not None
    room = fcntl.fcntl(command.stdout, fcntl.F_SETPIPE_SZ, 4096)
    lines = []
    for line in command.stdout:
        lines.append(line)
        time.sleep(0.0005)
    assert sum(map(len, lines)) > 4 * room
    assert [int(line.split(":")[1]) for line in lines] == [*range(2, FEATURES + 2)]
    assert command.wait(DEADLINE) == 1


def test_what_is_written_last_is_out(tmp_path: Path) -> None:
    command = start(tmp_path, PROGRAM + LAST_WORDS + COMMAND)
    said, _ = command.communicate(timeout=DEADLINE)
    assert (command.returncode, said) == (3, "the last words")


@pytest.mark.parametrize("program", [UNDISTURBED, PROGRAM], ids=["undisturbed", "disturbed"])
def test_what_could_not_be_written_is_told_by_the_exit_code(tmp_path: Path, program: str) -> None:
    with Path("/dev/full").open("w") as full:
        command = start(tmp_path, program + LAST_WORDS + COMMAND, output=full.fileno())
        command.communicate(timeout=DEADLINE)
    assert command.returncode == 120


def test_an_error_that_nobody_foresaw_is_told_as_ever(tmp_path: Path) -> None:
    broken = "import console.cli\nconsole.cli.cli.main = lambda **_: 1 / 0\n"
    command = start(tmp_path, PROGRAM + broken + COMMAND)
    _, error = command.communicate(timeout=DEADLINE)
    assert (command.returncode, error.splitlines()[-1]) == (1, "ZeroDivisionError: division by zero")
