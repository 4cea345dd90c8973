"""When each rollback was practised last: kept for every context of the state folder."""

from pathlib import Path

import pytest

from console.actions.drills import drills_file, drills_in, is_late, keep_drill
from console.domain.clock import SystemClock
from console.domain.rollback import Drilled

ONE = Drilled(1000.0, 12.5, passed=True, scenario="crash", words="passed")
CLOCK = SystemClock()


def test_what_was_never_practised_is_not_there(tmp_path: Path) -> None:
    assert drills_in(tmp_path) == {}


def test_the_last_drill_of_each_procedure_is_kept(tmp_path: Path) -> None:
    keep_drill(tmp_path, "rollback_full", ONE, CLOCK)
    later = Drilled(2000.0, 3.0, passed=False, scenario="calm", words="step start failed")
    keep_drill(tmp_path, "rollback_off", ONE, CLOCK)
    keep_drill(tmp_path, "rollback_full", later, CLOCK)
    assert drills_in(tmp_path) == {"rollback_full": later, "rollback_off": ONE}


def test_an_older_drill_that_is_put_back_only_now_takes_the_place_of_no_later_one(tmp_path: Path) -> None:
    keep_drill(tmp_path, "rollback_full", ONE, CLOCK)
    keep_drill(tmp_path, "rollback_full", Drilled(999.0, 3.0, False, "calm", "broken off"), CLOCK)
    assert drills_in(tmp_path) == {"rollback_full": ONE}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"rollback_full": 3}',
        '{"rollback_full": {"at": NaN}}',
        '{"rollback_full": {"at": "x"}}',
    ],
)
def test_what_no_drill_has_written_is_refused_in_one_line(tmp_path: Path, content: str) -> None:
    drills_file(tmp_path).write_text(content)
    with pytest.raises(ValueError, match=r"not what a drill writes$"):
        drills_in(tmp_path)


def test_a_drill_is_late_that_is_old_or_failed_or_was_never_made() -> None:
    assert [is_late(ONE, now, within=60) for now in (1000.0, 1060.0, 1060.1)] == [False, False, True]
    assert is_late(None, 0.0, within=60)
    assert is_late(Drilled(1000.0, 1.0, passed=False, scenario="", words=""), 1000.0, within=60)
