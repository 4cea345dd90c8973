"""What a command writes is followed while its supervisor keeps only the end of it."""

import sys
from pathlib import Path

import pytest

from console.runbooks import step_process
from console.runbooks.live_output import MOST_AT_ONCE, LiveOutput, latest_output
from console.runbooks.order import Order
from console.runbooks.step_process import Fate
from tests.waiting import eventually

NUMBERS = "import time\nfor n in range(400): print(n, flush=True); time.sleep(0.001)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "stop.1"


def test_lines_of_a_running_command_come_in_order_and_none_twice(folder: Path) -> None:
    step_process.begin(folder, Order((sys.executable, "-S", "-c", NUMBERS), 30.0, limit=1000))
    followed, seen = LiveOutput(folder), list[str]()

    def has_ended() -> bool:
        ended = step_process.look(folder).fate is Fate.ENDED
        seen.extend(followed.lines(ended=ended))
        return ended

    eventually(has_ended, every=0.005)
    numbers = [int(line) for line in seen]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 399


def test_nothing_is_lost_where_the_supervisor_begins_another_file(folder: Path) -> None:
    folder.mkdir()
    output, followed = folder / "output", LiveOutput(folder)
    output.write_text("one\n")
    assert list(followed.lines()) == ["one"]
    output.write_text("one\ntwo\nthr")
    output.rename(folder / "output.before")
    output.write_text("ee\nfour\n")
    assert list(followed.lines()) == ["two", "three", "four"]


def test_a_line_comes_when_it_has_ended(folder: Path) -> None:
    folder.mkdir()
    followed = LiveOutput(folder)
    assert list(followed.lines()) == []
    (folder / "output").write_text("one\ntw")
    assert list(followed.lines()) == ["one"]
    (folder / "output").write_text("one\ntwo\nthr")
    assert list(followed.lines()) == ["two"]
    assert list(followed.lines(ended=True)) == ["thr"]


def test_a_line_without_an_end_is_not_kept_back_for_ever(folder: Path) -> None:
    folder.mkdir()
    (folder / "output").write_text("x" * 2000)
    assert list(LiveOutput(folder).lines()) == ["x" * 2000]


def test_of_a_flood_the_newest_lines_come_and_how_much_was_left_out(folder: Path) -> None:
    folder.mkdir()
    (folder / "output").write_text("".join(f"{number:09}\n" for number in range(20_000)))
    first, *lines = LiveOutput(folder).lines()
    assert first == f"... {200_000 - MOST_AT_ONCE} bytes are left out"
    assert (len(lines), lines[-1]) == (MOST_AT_ONCE // 10, "000019999")


def test_secrets_are_left_out(folder: Path) -> None:
    folder.mkdir()
    (folder / "output").write_text("the key is hush-hush, then bytes \udcff\n", errors="surrogateescape")
    (line,) = latest_output(folder, ("hush-hush",))
    assert "hush-hush" not in line
    assert "the key is" in line


def test_of_another_host_there_is_nothing(folder: Path) -> None:
    assert latest_output(folder, ()) == ()
