"""What is noted of a trip that stands; a context that says `hold` is tripped again, once for each loss."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.kill import hold
from console.actions.kill.actuator import Scope
from console.actions.kill.hold import HELD, LONGEST_RESET, PATIENCE, Hold
from console.actions.kill.last_trip_file import LastTripFile
from console.domain.clock import SystemClock
from console.domain.kill_state import KillState, Verdict
from console.domain.last_trip import LastTrip
from tests.waiting import DEADLINE

TRIP = LastTrip(at=1000.0, by="alice", reason="margin", scope="all")
UNCONFIRMED = Verdict(KillState.UNCONFIRMED, "", acknowledged=False, trip=1000.0)
TRIPPED = Verdict(KillState.TRIPPED, "", acknowledged=True, confirmed=True, trip=1000.0)
LOST = Verdict(KillState.LOST, "", acknowledged=False, confirmed=True, trip=1000.0)


class Console:
    """One console's eye on `folder`; `again` is what it has tripped by itself."""

    def __init__(self, folder: Path, *, holds: bool = True) -> None:
        self.file = LastTripFile(folder / "prod.json", SystemClock())
        self.again: list[tuple[str, Scope]] = []
        self.told: list[str] = []
        self.hold = Hold(self.file, self._trip if holds else None, self.told.append)

    def sees(self, verdict: Verdict, now: float) -> LastTrip:
        self.hold.observed(verdict, now)
        last = self.file.read()
        assert last is not None
        return last

    def _trip(self, reason: str, scope: Scope) -> None:
        self.again.append((reason, scope))


@pytest.fixture
def console(tmp_path: Path) -> Console:
    made = Console(tmp_path)
    made.file.begin(TRIP)
    return made


def test_the_first_acknowledgement_is_noted(console: Console) -> None:
    assert console.sees(UNCONFIRMED, 1000.5).acknowledged is None
    assert console.sees(TRIPPED, 1001.0).acknowledged == 1001.0
    assert console.sees(TRIPPED, 1009.0).acknowledged == 1001.0


def test_an_acknowledgement_counts_whatever_else_is_amiss(console: Console) -> None:
    partial = replace(TRIPPED, state=KillState.PARTIAL, words="one fill since")
    assert console.sees(partial, 1002.0).acknowledged == 1002.0


def test_what_the_engine_said_before_the_trip_is_no_acknowledgement(console: Console) -> None:
    before = replace(TRIPPED, confirmed=False)
    assert console.sees(before, 1001.0).acknowledged is None


@pytest.mark.parametrize("scope", ["all", "coin"])
def test_what_was_judged_of_the_trip_before_does_not_acknowledge_the_next(
    console: Console, scope: str
) -> None:
    console.sees(TRIPPED, 1001.0)
    console.file.begin(replace(TRIP, at=1010.0, scope=scope))
    assert console.sees(TRIPPED, 1010.1).acknowledged is None
    assert console.sees(replace(TRIPPED, trip=1010.0), 1010.9).acknowledged == 1010.9


def test_a_loss_is_noted_and_tripped_again_once(console: Console) -> None:
    console.sees(TRIPPED, 1002.0)
    assert console.sees(LOST, 1010.0).lost == 1010.0
    assert console.sees(LOST, 1020.0).lost == 1010.0
    assert console.again == [(f"{HELD}margin", Scope.ALL)]


def test_every_further_loss_is_tripped_again_for_the_first_reason(console: Console) -> None:
    console.sees(TRIPPED, 1002.0)
    console.sees(LOST, 1010.0)
    reason, _ = console.again[0]
    console.file.begin(LastTrip(at=1010.0, by="alice", reason=reason, scope="all"))
    console.sees(replace(TRIPPED, trip=1010.0), 1012.0)
    console.sees(LOST, 1020.0)
    assert [reason for reason, _ in console.again] == [f"{HELD}margin"] * 2


def test_a_trip_of_one_account_is_held_for_that_account(tmp_path: Path) -> None:
    console = Console(tmp_path)
    console.file.begin(LastTrip(at=1000.0, by="alice", reason="margin", scope="coin", acknowledged=1001.0))
    console.sees(LOST, 1010.0)
    assert console.again == [(f"{HELD}margin", Scope.COIN)]


def test_a_context_that_does_not_hold_only_notes_the_loss(tmp_path: Path) -> None:
    console = Console(tmp_path, holds=False)
    console.file.begin(TRIP)
    console.sees(TRIPPED, 1002.0)
    assert console.sees(LOST, 1010.0).lost == 1010.0


def test_a_loss_is_told_once_by_the_console_that_notes_it(console: Console, tmp_path: Path) -> None:
    other = Console(tmp_path)
    console.sees(TRIPPED, 1002.0)
    console.sees(LOST, 1010.0)
    console.sees(LOST, 1011.0)
    other.sees(LOST, 1011.0)
    assert (console.told, other.told) == (["margin"], [])


def test_the_loss_of_a_trip_by_others_is_told_once(tmp_path: Path) -> None:
    console = Console(tmp_path)
    console.hold.observed(LOST, 1010.0)
    console.hold.observed(LOST, 1011.0)
    assert console.told == ["it was tripped by others"]


def test_of_two_consoles_the_one_that_notes_the_loss_trips(console: Console, tmp_path: Path) -> None:
    other = Console(tmp_path)
    console.sees(TRIPPED, 1002.0)
    console.sees(LOST, 1010.0)
    other.sees(LOST, 1010.1)
    assert (len(console.again), other.again) == (1, [])


def test_a_console_that_noted_the_loss_and_died_is_stood_in_for(console: Console, tmp_path: Path) -> None:
    other = Console(tmp_path)
    console.sees(TRIPPED, 1002.0)
    console.sees(LOST, 1010.0)
    other.sees(LOST, 1010.1)
    other.sees(LOST, 1010.1 + PATIENCE)
    assert len(other.again) == 1


def test_a_loss_that_was_judged_before_the_new_trip_is_not_one_of_it(
    console: Console, tmp_path: Path
) -> None:
    other = Console(tmp_path)
    other.file.begin(LastTrip(at=1010.0, by="bob", reason="again", scope="all"))
    assert console.sees(LOST, 1010.1).lost is None
    assert console.again == []


def test_a_trip_that_others_made_is_held_too(tmp_path: Path) -> None:
    console = Console(tmp_path)
    console.hold.observed(LOST, 1010.0)
    assert console.again == [(f"{HELD}it was tripped by others", Scope.ALL)]


@pytest.mark.parametrize(("resetting", "ago"), [(True, 20.0), (False, PATIENCE - 1)])
def test_an_engine_that_a_reset_let_go_is_not_lost(console: Console, resetting: bool, ago: float) -> None:
    console.sees(TRIPPED, 1001.0)
    console.file.change(lambda kept: kept and replace(kept, reset=1100.0, resetting=resetting))
    assert console.sees(LOST, 1100.0 + ago).lost is None
    assert (console.again, console.told) == ([], [])


def test_what_others_trip_after_a_reset_and_the_engine_clears_is_lost(console: Console) -> None:
    console.sees(TRIPPED, 1001.0)
    console.file.change(lambda kept: kept and replace(kept, reset=1100.0))
    console.sees(LOST, 1100.0 + PATIENCE)
    assert len(console.again) == 1


@pytest.mark.parametrize(
    ("resetting", "ago"),
    [
        pytest.param(True, LONGEST_RESET, id="it was killed"),
        pytest.param(False, -3600.0, id="the clock went back"),
    ],
)
def test_a_reset_excuses_a_loss_only_for_so_long(console: Console, resetting: bool, ago: float) -> None:
    console.sees(TRIPPED, 1001.0)
    console.file.change(lambda kept: kept and replace(kept, reset=9000.0, resetting=resetting))
    console.sees(LOST, 9000.0 + ago)
    assert len(console.again) == 1


def test_a_loss_on_a_disk_that_hangs_is_tripped_again_from_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold, "DISK_DEADLINE", 0.05)
    Console(tmp_path).file.begin(replace(TRIP, acknowledged=1001.0))
    console = Console(tmp_path)
    console.sees(TRIPPED, 1002.0)
    (tmp_path / "prod.json").unlink()
    os.mkfifo(tmp_path / "prod.json")  # whoever opens it waits
    observing = threading.Thread(target=console.hold.observed, args=(LOST, 1010.0), daemon=True)
    observing.start()
    observing.join(DEADLINE)
    assert console.again == [(f"{HELD}margin", Scope.ALL)]
    (tmp_path / "prod.json").open("wb").close()
