"""Commands run without a shell, with bounded output, and are ended with all that they started."""

import os
import signal
import sys
import time
from pathlib import Path

import psutil

from console.actions.kill.actuator import Act, Answer, Order, Scope
from console.actions.kill.command import Command
from tests.waiting import DEADLINE, eventually

ORDER = Order("margin; rm -rf $HOME", Scope.COIN)


def python(source: str, *arguments: str, timeout: float = 10.0) -> Command:
    return Command((sys.executable, "-c", source, *arguments), timeout=timeout)


def test_exit_code_0_is_done_and_the_last_line_is_told() -> None:
    answer = python("print('first'); print('tripped')").fire(ORDER)
    assert answer == Answer(Act.DONE, "exit code 0: tripped")


def test_another_exit_code_is_a_failure_with_what_was_said() -> None:
    answer = python("import sys; sys.exit('no such engine')").fire(ORDER)
    assert answer == Answer(Act.FAILED, "exit code 1: no such engine")


def test_reason_and_scope_are_passed_as_they_are() -> None:
    answer = python("import sys; print(sys.argv[1:])", "--reason={reason}", "{scope}").fire(ORDER)
    assert answer.words == "exit code 0: ['--reason=margin; rm -rf $HOME', 'coin']"


def test_a_reason_that_looks_like_a_place_to_fill_stays_as_it_is() -> None:
    answer = python("import sys; print(sys.argv[1])", "{scope}: {reason}").fire(Order("{scope} {reason}"))
    assert answer.words == "exit code 0: all: {scope} {reason}"


def test_a_program_that_is_missing_is_told(tmp_path: Path) -> None:
    program = str(tmp_path / "no")
    assert Command((program,)).fire(ORDER) == Answer(Act.FAILED, f"{program}: no such file or directory")


def test_what_cannot_be_an_argument_is_told() -> None:
    answer = python("", "{reason}").fire(Order("a\0b"))
    assert answer == Answer(Act.FAILED, f"{sys.executable}: its arguments can't be passed")


def test_output_is_inert_and_bounded() -> None:
    answer = python("print('x' * 5_000_000); print('\\x1b[2J' + 'y' * 1000)").fire(ORDER)
    assert answer.words.startswith("exit code 0: \\x1b[2Jyyy")
    assert len(answer.words) < 230


def test_a_program_that_dies_of_a_signal_is_told() -> None:
    assert python("import os; os.kill(os.getpid(), 9)").fire(ORDER).words == "ended by signal 9"


def test_at_its_deadline_it_is_ended_with_its_children_however_deaf(tmp_path: Path) -> None:
    deaf = "trap '' TERM; cd $0; : >$$; sh -c ': >$$; sleep 60'; sleep 60"
    command = Command(("sh", "-c", deaf, f"{tmp_path}"), timeout=1.0)
    began = time.monotonic()
    assert command.fire(ORDER) == Answer(Act.TIMED_OUT, "ended after 1 s")
    assert time.monotonic() - began < DEADLINE
    pids = [int(each.name) for each in tmp_path.iterdir()]
    assert len(pids) == 2
    eventually(lambda: not any(_runs(pid) for pid in pids))


def test_a_child_that_lives_on_holds_up_nobody() -> None:
    answer = Command(("sh", "-c", "sleep 60 & echo $!"), timeout=DEADLINE).fire(ORDER)
    assert answer.act is Act.DONE
    os.kill(int(answer.words.split()[-1]), signal.SIGKILL)


def test_it_gets_the_environment_that_it_was_given_only() -> None:
    source = "import os; print(sorted(os.environ))"
    command = Command((sys.executable, "-I", "-c", source), environment={"TOKEN": "x", "LC_ALL": "C"})
    assert command.fire(ORDER).words == "exit code 0: ['LC_ALL', 'TOKEN']"


def test_it_runs_in_a_session_of_its_own() -> None:
    answer = python("import os; print(os.getsid(0) == os.getpid())").fire(ORDER)
    assert answer.words == "exit code 0: True"


def _runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
