import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from console.sources import engine
from console.sources.engine import EngineSource, read_engine_file
from console.sources.errors import SourceError
from tests.waiting import eventually

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


def test_a_flag_that_the_context_does_not_name_is_told_from_one_that_cannot_be_looked_for(
    files: EngineSource, tmp_path: Path
) -> None:
    nameless = EngineSource(flag=None, state=tmp_path / "state.json", engine_file=None).read().value
    assert (nameless.flag, nameless.has_flag, files.read().value.has_flag) == (None, False, True)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"tripped": 1, "counters": {}}',
        '{"tripped": null}',
        '{"tripped": false, "counters": {"rest": Infinity}}',
        '{"tripped": false, "counters": {"rest": 1e999}}',
        '{"a":' * 100_000,
    ],
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


@pytest.mark.parametrize(("more", "ended"), [({}, False), ({"ended_at": "2026-01-02T03:04:05"}, True)])
def test_an_engine_that_stopped_in_order_is_told_from_one_that_crashed(
    files: EngineSource, tmp_path: Path, more: dict[str, str], ended: bool
) -> None:
    (tmp_path / "engine.json").write_text(json.dumps({"pid": os.getpid(), "start_time": 1.0, **more}))
    state = files.read().value
    assert (state.alive, state.ended) == (False, ended)


def test_a_pid_that_was_used_again_is_another_process(files: EngineSource, tmp_path: Path) -> None:
    write_engine(tmp_path, os.getpid(), psutil.Process().create_time() - 60)
    assert files.read().value.alive is False


def test_a_process_that_ended_is_gone(files: EngineSource, tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    started = psutil.Process(process.pid).create_time()
    process.wait()
    write_engine(tmp_path, process.pid, started)
    assert files.read().value.alive is False


def test_where_no_process_can_be_seen_none_is_said_to_be_gone(
    files: EngineSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_engine(tmp_path, os.getpid(), psutil.Process().create_time())
    monkeypatch.setattr(engine, "_PROCESSES", tmp_path / "nowhere")
    assert files.read().value.alive is None


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '{"pid": "1"}',
        '{"pid": true}',
        '{"pid": -1}',
        '{"pid": 9999999999}',
        '{"pid": 1, "start_time": NaN}',
        '{"pid": 1, "start_time": 1e999}',
        '{"pid": 1, "start_time": []}',
        '{"pid": 1, "start_time": 1' + "0" * 400 + "}",
        '{"a":' * 100_000,
    ],
)
def test_a_file_that_no_engine_wrote_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "engine.json").write_text(content)
    with pytest.raises(SourceError, match="not an engine's file"):
        read_engine_file(tmp_path / "engine.json")


def test_a_process_that_is_held_is_alive_and_stopped(files: EngineSource, tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        seen = psutil.Process(process.pid)
        write_engine(tmp_path, process.pid, seen.create_time())
        assert (files.read().value.alive, files.read().value.stopped) == (True, False)
        process.send_signal(signal.SIGSTOP)
        eventually(lambda: seen.status() == psutil.STATUS_STOPPED)
        assert (files.read().value.alive, files.read().value.stopped) == (True, True)
    finally:
        process.kill()
        process.communicate()


def test_a_flag_in_a_folder_that_does_not_exist_is_unknown(tmp_path: Path) -> None:
    source = EngineSource(flag=tmp_path / "none" / "flag", state=None, engine_file=None)
    assert source.read().value.flag is None
