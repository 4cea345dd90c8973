import subprocess
import sys
from pathlib import Path

import pytest

from console.actions.alert_marks import change_marks, marks_file, read_marks
from console.domain.clock import SystemClock
from console.domain.silences import Acknowledgement, Marks, acknowledged

CLOCK = SystemClock()
BTC = (("alertname", "Low"), ("symbol", "BTCUSDT"))
MARK = Acknowledgement(BTC, "alice", "on it", 100, 200)


def test_what_was_said_is_there_for_the_next_console(tmp_path: Path) -> None:
    file = marks_file(tmp_path, "futures/prod")
    assert read_marks(file) == Marks()
    change_marks(file, lambda marks: acknowledged(marks, MARK), CLOCK)
    assert read_marks(file).acknowledgements == (MARK,)


@pytest.mark.parametrize(
    "damage",
    ["{", f'{{"silences": [["k", ["a=b"], "ann", "on it", 1, 1{"0" * 400}]], "acknowledgements": []}}'],
)
def test_a_damaged_file_is_refused_and_stays(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "alerts.json"
    file.write_text(damage)
    with pytest.raises(ValueError, match=r"alerts\.json: "):
        change_marks(file, lambda marks: acknowledged(marks, MARK), CLOCK)
    assert file.read_text() == damage


def test_a_change_that_is_refused_writes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "alerts.json"

    def refuse(_marks: Marks) -> Marks:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        change_marks(file, refuse, CLOCK)
    assert not file.exists()


WRITER = (
    "import sys; from pathlib import Path\n"
    "from console.actions.alert_marks import change_marks\n"
    "from console.domain.clock import SystemClock\n"
    "from console.domain.silences import Acknowledgement, acknowledged\n"
    "for number in range(20):\n"
    "    mark = Acknowledgement((('n', f'{sys.argv[2]}{number}'),), 'alice', 'x', 1, 2)\n"
    "    change_marks(Path(sys.argv[1]), lambda marks: acknowledged(marks, mark), SystemClock())\n"
)


def test_two_consoles_lose_nothing_of_one_another(tmp_path: Path) -> None:
    file = tmp_path / "alerts.json"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(file), name]) for name in "ab"]
    assert [writer.wait(timeout=30) for writer in writers] == [0, 0]
    assert len(read_marks(file).acknowledgements) == 40
