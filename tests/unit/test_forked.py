"""A process that is forked is what one is that was started (`tests.forked`)."""

import atexit
import json
import os
import select
import signal
import subprocess
from pathlib import Path

import pytest

from tests import forked
from tests.fork_server import register

PROBE = "tests.unit.probe"
PIPE = subprocess.PIPE


def start(*arguments: str, cold: bool = False) -> "subprocess.Popen[str]":
    env = {**os.environ, "NEW": "a\nb"}
    return forked.start(PROBE, *arguments, env=env, cold=cold, stdin=PIPE, stdout=PIPE, stderr=PIPE)


def test_a_forked_process_is_given_what_a_started_one_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    monkeypatch.chdir(tmp_path)
    told, chances = [], set()
    for cold in (True, False, False):
        process = start("--one", "two words", cold=cold)
        output, errors = process.communicate("said", timeout=60)
        assert (process.returncode, errors) == (7, "told")
        given, chance = json.loads(output)
        told.append(given)
        chances.add(chance)
    assert told[1] == told[2] == told[0]
    assert len(chances) == 3


def test_it_is_waited_for_and_ended_as_a_started_one_is() -> None:
    with start() as process:
        assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.01)
        assert Path(f"/proc/{process.pid}").exists()
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert (process.poll(), Path(f"/proc/{process.pid}").exists()) == (-signal.SIGKILL, False)


def test_until_it_is_waited_for_its_number_is_nobody_elses() -> None:
    with start() as process:
        process.kill()
        ended = os.pidfd_open(process.pid)
        select.select([ended], [], [])
        os.close(ended)
        assert Path(f"/proc/{process.pid}").exists()


def test_what_the_program_registers_first_is_called_after_what_was_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[object] = []
    monkeypatch.setattr(atexit, "register", lambda call, *_: calls.append(call))
    register([(len, ("imported",), {})], after_its_own=True)
    atexit.register(abs, 1)
    assert calls == [abs, len]
