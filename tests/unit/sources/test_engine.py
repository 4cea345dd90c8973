import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from console.sources.engine import EngineSource, read_engine_file
from console.sources.errors import SourceError

STATE = '{"counters":{"rest":1,"ws":0,"duplicates":0,"stale":0},"last_ts":{},"tripped":false}'


@pytest.fixture
def files(tmp_path: Path) -> EngineSource:
    return EngineSource(
        flag=tmp_path / "flag", state=tmp_path / "state.json", engine_file=tmp_path / "engine.json"
    )


def write_engine(tmp_path: Path, pid: int, start_time: float) -> None:
    (tmp_path / "engine.json").write_text(json.dumps({"pid": pid, "start_time": start_time}))


def test_an_engine_that_never_ran_says_nothing(files: EngineSource) -> None:
    state = files.read().value
    assert (state.flag, state.tripped, state.pid, state.alive) == (False, None, None, None)


def test_the_flag_and_the_state_file_are_two_answers(files: EngineSource, tmp_path: Path) -> None:
    (tmp_path / "flag").write_text("1")
    (tmp_path / "state.json").write_text(STATE)
    state = files.read().value
    assert (state.flag, state.tripped, state.counters["rest"]) == (True, False, 1)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"tripped": 1, "counters": {}}', '{"tripped": null}']
)
def test_a_broken_state_file_is_unknown_with_its_cause(
    files: EngineSource, tmp_path: Path, content: str
) -> None:
    (tmp_path / "state.json").write_text(content)
    state = files.read().value
    assert state.tripped is None
    assert state.state_error is not None and "state.json" in state.state_error


def test_this_very_process_is_alive(files: EngineSource, tmp_path: Path) -> None:
    write_engine(tmp_path, os.getpid(), psutil.Process().create_time())
    assert files.read().value.alive is True


def test_a_pid_that_was_used_again_is_another_process(files: EngineSource, tmp_path: Path) -> None:
    write_engine(tmp_path, os.getpid(), psutil.Process().create_time() - 60)
    assert files.read().value.alive is False


def test_a_process_that_ended_is_gone(files: EngineSource, tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    started = psutil.Process(process.pid).create_time()
    process.wait()
    write_engine(tmp_path, process.pid, started)
    assert files.read().value.alive is False


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"pid": "1"}'])
def test_a_file_that_no_engine_wrote_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "engine.json").write_text(content)
    with pytest.raises(SourceError, match="not an engine's file"):
        read_engine_file(tmp_path / "engine.json")
