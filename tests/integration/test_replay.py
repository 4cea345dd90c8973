"""The black box of a real engine: recorded in a process that is killed, and shown again."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.clock import SystemClock
from console.history.frames import Kind, RecordError, find_frames
from console.history.payload import unpack
from console.history.player import Player, open_player
from console.history.segment import find_segments
from tests import opsconsole
from tests.command import run_here
from tests.integration.paper_process import PaperProcess
from tests.terminal import Terminal
from tests.waiting import DEADLINE, eventually

SYMBOLS = 12


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperProcess]:
    state = tmp_path_factory.mktemp("state")
    with PaperProcess(state, "--symbols", str(SYMBOLS)) as process:
        yield process


def steps_in(folder: Path) -> int:
    """How many steps stand in a record that may just be begun."""
    try:
        return sum(len(segment.steps) for segment in find_segments(folder))
    except RecordError:
        return 0


def told_in(folder: Path) -> str:
    """What a record says, unpacked: of each step the last 32 kB, which for a dozen symbols is all of it."""
    (file,) = folder.iterdir()
    data, texts = file.read_bytes(), [b""]
    for frame in find_frames(data)[0]:
        before = texts[-1] if frame.kind is Kind.CHANGES else b""
        texts.append(unpack(frame.payload(data), before)[2])
    return b"".join(texts).decode()


def recording(engine: PaperProcess, out: Path, *arguments: str) -> "subprocess.Popen[str]":
    return opsconsole.start(
        engine.state, "record", "--state", str(engine.state), "--out", str(out), *arguments
    )


@pytest.fixture(scope="module")
def killed(engine: PaperProcess, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The record of a recorder that was killed after a drill, and the severity that `status` told of that."""
    home = tmp_path_factory.mktemp("home")
    recorder = recording(engine, home / "record")
    try:
        eventually(lambda: steps_in(home / "record") >= 4)
        assert engine.post("/control/kill", reason="drill").json()["tripped"] is True
        eventually(engine.tripped)  # until it says so, what was asked for is unconfirmed, which is worse
        word = str(opsconsole.status(home, engine.state)["severity"])
        seen = steps_in(home / "record")
        eventually(lambda: steps_in(home / "record") >= seen + 4)  # the database is asked again by then
    finally:
        recorder.kill()
        recorder.communicate()
    return home / "record", word


def opened(folder: Path) -> Player:
    return open_player(folder, "-0s", 1.0, SystemClock())


def test_a_killed_recorders_record_means_what_status_said(killed: tuple[Path, str]) -> None:
    folder, word = killed
    assert (opened(folder).assessment().severity.word, word) == ("high", "high")


def test_a_replay_begins_before_what_went_wrong(killed: tuple[Path, str]) -> None:
    player = open_player(killed[0], None, 1.0, SystemClock())
    assert player.assessment().kill.state != opened(killed[0]).assessment().kill.state


def test_a_replay_knows_every_symbol_and_every_source(killed: tuple[Path, str]) -> None:
    now = opened(killed[0]).assessment()
    assert len(now.symbols) >= SYMBOLS
    assert {source.name for source in now.sources if source.age is None} == set()


def test_a_record_cut_off_in_its_last_frame_is_read_without_complaint(
    killed: tuple[Path, str], tmp_path: Path
) -> None:
    (file,) = killed[0].iterdir()
    torn = tmp_path / file.name
    torn.write_bytes(file.read_bytes()[:-7])
    player = opened(torn)
    assert (player.damaged, player.end < opened(file).end) == (0, True)


@pytest.mark.parametrize("sign", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.campaign)])
def test_a_recorder_that_is_told_to_end_says_what_it_wrote(
    engine: PaperProcess, tmp_path: Path, sign: signal.Signals
) -> None:
    recorder = recording(engine, tmp_path / "record")
    eventually(lambda: steps_in(tmp_path / "record") >= 1)
    recorder.send_signal(sign)
    said, errors = recorder.communicate(timeout=DEADLINE)
    (file,) = (tmp_path / "record").iterdir()
    assert (recorder.returncode, errors) == (0, "")
    assert said.endswith(f"kB: {file}\n")


def test_a_recorder_for_some_seconds_ends_by_itself(engine: PaperProcess, tmp_path: Path) -> None:
    recorder = recording(engine, tmp_path / "record", "--seconds", "2.5")
    recorder.communicate(timeout=DEADLINE)
    assert (recorder.returncode, steps_in(tmp_path / "record") >= 1) == (0, True)


def test_no_secret_is_in_a_record(engine: PaperProcess, killed: tuple[Path, str]) -> None:
    keys = json.loads(Path(engine.file["exchange_keys"]).read_text())
    told = told_in(killed[0])
    assert "BTCUSDT" in told
    assert [name for name, secret in keys.items() if secret in told] == []


def test_a_record_that_cannot_be_written_is_told_and_ends_with_an_error(
    engine: PaperProcess, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    recorder = recording(engine, tmp_path / "file" / "record", "--seconds", "2.5")
    _, errors = recorder.communicate(timeout=DEADLINE)
    assert recorder.returncode == 1
    assert f"history is not recorded: {tmp_path}/file/record: Not a directory" in errors


def test_the_console_records_itself_with_the_keys_and_the_replay_shows_both(tmp_path: Path) -> None:
    state = tmp_path / "state"
    environ = opsconsole.environment(tmp_path, TERM="xterm-256color", LANG="C.UTF-8")
    with PaperProcess(state, "--symbols", "12"):
        live = Terminal([*opsconsole.COMMAND, "--state", str(state)], environ, 120, 40)
        live.wait_for("READ-ONLY")
        while steps_in(state / "history" / "paper") < 2:
            live.read(0.2)
        live.press("4")
        live.wait_for("answers in")
        seen = SystemClock().now()
        while find_segments(state / "history" / "paper")[-1].end <= seen:
            live.read(0.2)
        live.press("q")
        live.wait_for_end()
    replay = Terminal([*opsconsole.COMMAND, "replay", "--state", str(state), "--at", "-0s"], environ, 120, 40)
    replay.wait_for("REPLAY")
    replay.wait_for("keys 4")
    replay.wait_for("BTCUSDT")
    replay.press("q")
    replay.wait_for_end()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["notes.txt"], "byte 0: not a record of opsconsole: it begins with 'opsconsole record 1'"),
        (["gone.rec"], "No such file or directory"),
        ([], "no record in this folder"),
    ],
)
def test_what_cannot_be_replayed_is_refused_in_one_line(
    tmp_path: Path, arguments: list[str], complaint: str
) -> None:
    (tmp_path / "notes.txt").write_text("dear diary")
    (tmp_path / "history" / "paper").mkdir(parents=True)
    files = [str(tmp_path / name) for name in arguments]
    finished = run_here(tmp_path, "replay", "--state", str(tmp_path), *files)
    assert (finished.returncode, finished.stdout, finished.stderr.count("\n")) == (2, "", 1)
    assert complaint in finished.stderr


def test_a_time_outside_of_the_record_is_refused_with_what_it_holds(
    killed: tuple[Path, str], tmp_path: Path
) -> None:
    finished = opsconsole.run(tmp_path, "replay", str(killed[0]), "--at", "-9h")
    assert finished.returncode == 2
    assert "--at: '-9h': outside of the record, which holds 20" in finished.stderr
