"""The flags file's switch is set in whatever the file holds by then, or the file is left and says where."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from console.actions.kill.actuator import Act, Answer, Order
from console.actions.kill.feature_flags import KEY, FeatureFlags
from console.domain.clock import SystemClock
from console.host_lock import host_lock
from tests.waiting import DEADLINE

CLOCK = SystemClock()
ORDER = Order("test")
TEXT = "# flags\nglobal_kill_switch: false  # all\nfeatures: {}\n"


def flags(file: Path) -> FeatureFlags:
    return FeatureFlags(file, file.with_name("lock"), CLOCK, lock_deadline=0.05)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "flags.yaml"
    path.write_text(TEXT)
    return path


def test_the_switch_is_set_on_its_line(file: Path) -> None:
    assert flags(file).fire(ORDER) == Answer(Act.DONE, "set", "false", "true", {KEY: "false"})
    assert file.read_text() == TEXT.replace("false", "true")


def test_a_switch_that_is_missing_is_inserted(file: Path) -> None:
    file.write_text("features: {}\n")
    assert flags(file).fire(ORDER) == Answer(Act.DONE, "set", "missing", "true", {KEY: "missing"})
    assert file.read_text() == "global_kill_switch: true\nfeatures: {}\n"


def test_a_switch_that_is_set_is_left(file: Path) -> None:
    file.write_text("global_kill_switch: on\n")
    before = file.stat().st_ino
    assert flags(file).fire(ORDER) == Answer(Act.DONE, "was true already", "true", "true")
    assert file.stat().st_ino == before


def test_a_file_that_cannot_be_parsed_is_left_and_named_by_place(file: Path) -> None:
    file.write_text("features: [\n")
    answer = flags(file).fire(ORDER)
    assert answer == Answer(Act.REFUSED, f"{file}:2:1: did not find expected node content")
    assert file.read_text() == "features: [\n"


@contextmanager
def saved_by_an_editor(file: Path, text: str) -> Iterator[None]:
    """The file is empty at first, and `text` is written a moment later, by an editor that keeps the file."""
    emptied = threading.Event()

    def save() -> None:
        with file.open("w") as stream:
            emptied.set()
            time.sleep(0.06)
            stream.write(text)

    editor = threading.Thread(target=save)
    editor.start()
    assert emptied.wait(DEADLINE)
    yield
    editor.join()


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("false", "true")])
def test_a_file_that_an_editor_empties_to_save_it_is_waited_for(file: Path, text: str) -> None:
    saved = text + "# by hand\n"
    with saved_by_an_editor(file, saved):
        assert flags(file).fire(ORDER).act is Act.DONE
    assert file.read_text() == saved.replace("false", "true")


def test_a_reset_waits_for_it_too(file: Path) -> None:
    with saved_by_an_editor(file, TEXT.replace("false", "true")):
        assert flags(file).clear() == Answer(Act.DONE, "set to false", "true", "false")
    assert file.read_text() == TEXT


def test_what_the_switch_says_is_not_taken_from_a_file_that_is_being_saved(file: Path) -> None:
    with saved_by_an_editor(file, TEXT.replace("false", "true")):
        assert flags(file).said() == "true"


def test_a_file_that_stays_empty_is_left_and_told(file: Path) -> None:
    file.write_text("")
    words = f"{file}: is empty: set {KEY} by hand, unless an editor is saving it"
    assert flags(file).fire(ORDER) == Answer(Act.REFUSED, words)
    assert (file.read_text(), flags(file).said()) == ("", "unreadable")


def test_a_file_that_is_missing_is_told(file: Path) -> None:
    file.unlink()
    assert flags(file).fire(ORDER) == Answer(Act.FAILED, f"{file}: no such file or directory")
    assert not file.exists()


def test_a_lock_that_others_keep_holds_a_trip_up_only_briefly(file: Path) -> None:
    source = (
        "import sys; from pathlib import Path; from console.host_lock import host_lock\n"
        "from console.domain.clock import SystemClock\n"
        "with host_lock(Path(sys.argv[1]), deadline=1, clock=SystemClock()):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    lock = str(file.with_name("lock"))
    with subprocess.Popen(
        [sys.executable, "-c", source, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        answer = flags(file).fire(ORDER)
        holder.kill()
    assert answer.act is Act.DONE
    assert answer.words.startswith("set; without the lock: ")
    assert f"is locked by process {holder.pid}; waited 0.05 s" in answer.words


def test_an_edit_by_hand_in_the_last_instant_is_kept_and_edited_in_turn(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited: list[str] = []

    def edit_once(step: str) -> None:
        if step == "before rename" and not edited:
            edited.append(step)
            fresh = file.with_name("fresh")
            fresh.write_text(TEXT + "# by hand\n")
            fresh.replace(file)

    monkeypatch.setattr("console.actions.flags_file.points_of", lambda _subject: edit_once)
    assert flags(file).fire(ORDER).act is Act.DONE
    assert file.read_text() == TEXT.replace("false", "true") + "# by hand\n"


def test_a_file_that_changes_all_the_time_is_given_up_and_told(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edit_always(step: str) -> None:
        if step == "before rename":
            with file.open("a") as stream:
                stream.write("#\n")

    monkeypatch.setattr("console.actions.flags_file.points_of", lambda _subject: edit_always)
    assert flags(file).fire(ORDER) == Answer(Act.FAILED, f"{file}: has changed since, 8 times")


def test_two_consoles_and_a_hand_editor_lose_nothing(file: Path) -> None:
    done = threading.Event()

    def edit_by_hand() -> None:
        """Appends a line each time, in the way of an editor that writes a new file."""
        number = 0
        while not done.is_set():
            with host_lock(file.with_name("lock"), deadline=DEADLINE, clock=CLOCK):
                number += 1
                fresh = file.with_name("mine")
                fresh.write_text(file.read_text() + f"# {number}\n")
                fresh.replace(file)
            time.sleep(0.001)

    editor = threading.Thread(target=edit_by_hand)
    editor.start()
    answers = [
        FeatureFlags(file, file.with_name("lock"), CLOCK, lock_deadline=DEADLINE).fire(ORDER)
        for _ in range(10)
    ]
    done.set()
    editor.join()
    assert {each.act for each in answers} == {Act.DONE}
    lines = file.read_text().splitlines()
    assert lines[:3] == TEXT.replace("false", "true").splitlines()
    assert lines[3:] == [f"# {number}" for number in range(1, len(lines) - 2)]
    assert yaml.safe_load(file.read_text())["global_kill_switch"] is True
