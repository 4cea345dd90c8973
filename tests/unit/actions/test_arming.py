"""The safety catch: armed for a while, in the journal, and read-only again as soon as anything is amiss."""

import os
import pty
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from console.actions.arming import ARM, DISARM, SafetyCatch, has_terminal
from console.audit.files import records
from console.audit.journal import Journal
from console.domain.access import AccessError, Arming, Disarmed, Ending, Person, Role, Standing
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.status import SourceStatus
from console.settings_access import Access
from tests.unit.audit.journals import ALICE, journal_in


@dataclass
class HandClock:
    at: float = 1000.0

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.at


@dataclass
class Console:
    """A safety catch with all that it depends on."""

    folder: Path
    role: Role = Role.OPERATOR
    terminal: bool = True
    clock: HandClock = field(default_factory=HandClock)

    def __post_init__(self) -> None:
        standing = Standing(Person(1001, "alice"), self.role, "named")
        self.journal: Journal = journal_in(self.folder, wait=0.1)
        self.catch = SafetyCatch(
            "prod",
            Access(arm_for=600, idle=120),
            standing,
            journal=self.journal,
            actor=ALICE,
            clock=self.clock,
            terminal=lambda: self.terminal,
        )

    def arm(self, lasting: float | None = None) -> Arming:
        return self.catch.arm("reset after the drill", (source("metrics"),), lasting=lasting)

    def told(self) -> list[tuple[str, object, str]]:
        self.catch.close()
        return [(record.action, record.after, record.reason) for record in records(self.journal.folder)]


def source(name: str, health: Health = Health.FRESH) -> SourceStatus:
    return SourceStatus(name, health, Severity.OK, 0.5, 0.01, 5.0, None)


@pytest.fixture
def console(tmp_path: Path) -> Console:
    return Console(tmp_path)


def ending(state: Arming | Disarmed) -> Ending | None:
    return state.ending if isinstance(state, Disarmed) else None


def test_a_console_begins_read_only(console: Console) -> None:
    assert console.catch.state == Disarmed()
    assert not console.journal.folder.exists()


def test_arming_is_in_the_journal_with_its_reason_and_its_time(console: Console) -> None:
    assert console.arm().left(1000) == 120
    assert console.catch.arming is not None
    (record,) = records(console.journal.folder)
    assert (record.action, record.context, record.after) == (ARM, "prod", "for 600 s")
    assert (record.user, record.reason) == ("alice", "reset after the drill")


def test_arming_never_lasts_longer_than_the_settings_say(console: Console) -> None:
    assert console.arm(30).until == 1030
    assert console.arm(3600).until == 1600


@pytest.mark.parametrize("role", [Role.NONE, Role.VIEWER])
def test_a_viewer_does_not_arm(tmp_path: Path, role: Role) -> None:
    console = Console(tmp_path, role)
    with pytest.raises(AccessError, match="an operator or an admin may arm"):
        console.arm()
    assert console.catch.arming is None


def test_without_a_terminal_nothing_is_armed(console: Console) -> None:
    console.terminal = False
    with pytest.raises(AccessError, match="no terminal"):
        console.arm()


def test_without_a_reason_nothing_is_armed(console: Console) -> None:
    with pytest.raises(AccessError, match="a reason is asked for"):
        console.catch.arm(" ", ())
    assert console.catch.arming is None


def test_on_another_server_nothing_is_armed(console: Console) -> None:
    with pytest.raises(AccessError, match="not db1"):
        console.catch.arm("reset after it", (), server="the database server is db2, not db1: read-only")


def test_a_journal_that_cannot_be_written_arms_nothing(console: Console) -> None:
    (console.folder / "audit").write_text("no folder")
    with pytest.raises(AccessError, match=r"not armed: the journal in .* can't be written"):
        console.arm()
    assert console.catch.state == Disarmed()


def test_without_a_key_it_is_read_only_by_itself_with_nobody_looking_at_the_sources(console: Console) -> None:
    console.arm()
    console.clock.at = 1120
    assert ending(console.catch.state) is Ending.IDLE
    assert console.told()[1:] == [(DISARM, "no key for 2 m", "reset after the drill")]


def test_a_key_keeps_it_armed_until_its_time_is_up(console: Console) -> None:
    console.arm()
    for at in range(1100, 1600, 100):
        console.clock.at = at
        assert console.catch.arming is not None
        console.catch.touch()
    console.clock.at = 1600
    assert ending(console.catch.state) is Ending.TIME


def test_a_key_after_the_end_does_not_bring_it_back(console: Console) -> None:
    console.arm()
    console.clock.at = 1130
    console.catch.touch()
    assert ending(console.catch.state) is Ending.IDLE


def test_the_loss_of_the_terminal_disarms(console: Console) -> None:
    console.arm()
    console.terminal = False
    assert ending(console.catch.state) is Ending.TERMINAL
    console.terminal = True
    assert ending(console.catch.state) is Ending.TERMINAL


def test_the_loss_of_data_disarms_and_its_return_does_not_arm(console: Console) -> None:
    console.arm()
    assert ending(console.catch.observe([source("metrics", Health.FAILING)])) is None
    assert ending(console.catch.observe([source("metrics", Health.STALE)])) is Ending.DATA
    assert ending(console.catch.observe([source("metrics")])) is Ending.DATA


def test_another_server_disarms(console: Console) -> None:
    console.arm()
    words = "the database server is db2, not db1: read-only"
    assert ending(console.catch.observe([source("metrics")], words)) is Ending.SERVER


def test_leaving_the_console_disarms_and_waits_for_the_record(console: Console) -> None:
    console.arm()
    assert console.told()[-1] == (DISARM, "the console was left", "reset after the drill")


def test_disarming_twice_is_recorded_once(console: Console) -> None:
    console.arm()
    console.catch.disarm()
    console.catch.disarm()
    assert [action for action, _, _ in console.told()] == [ARM, DISARM]


def test_a_journal_that_fails_at_the_end_is_told_and_keeps_nothing_armed(console: Console) -> None:
    console.arm()
    for file in console.journal.folder.iterdir():
        file.unlink()
    console.journal.folder.rmdir()
    console.journal.folder.write_text("no folder")
    console.catch.close()
    assert console.catch.arming is None
    assert "can't be written" in console.catch.complaint


def test_a_machine_without_a_thread_left_disarms_all_the_same(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    console.arm()
    monkeypatch.setattr(threading.Thread, "start", refuse)
    console.catch.close()
    assert console.catch.arming is None
    assert console.catch.complaint == "not recorded: the machine has no thread left"


def test_of_many_threads_that_see_the_end_one_records_it(console: Console) -> None:
    console.arm()
    console.clock.at = 2000
    looking = [threading.Thread(target=lambda: console.catch.state) for _ in range(8)]
    for thread in looking:
        thread.start()
    for thread in looking:
        thread.join()
    assert [action for action, _, _ in console.told()] == [ARM, DISARM]


def test_a_process_whose_terminal_is_taken_away_notices() -> None:
    child, terminal = pty.fork()
    if child == 0:
        import signal

        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        before = has_terminal()
        os.write(1, b".")
        hung_up = False
        for _ in range(500):
            hung_up = not has_terminal()
            if hung_up:
                break
            signal.sigtimedwait([signal.SIGUSR1], 0.01)
        os._exit(0 if before and hung_up else 1)
    os.read(terminal, 1)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
