"""Appending: order, durability's order, modes, rotation, crashes between records, and who waits for whom."""

import json
import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from console.audit.errors import JournalError
from console.audit.files import LOCK, journal_file, journal_files, records
from console.audit.journal import ROTATE, SEAL
from console.audit.lock import held
from console.audit.points import CALLS, POINTS, pass_by
from console.audit.record import MOST_BYTES, Act, Phase
from console.audit.redaction import Json
from console.audit.verify import verify
from console.domain.clock import SystemClock
from tests.unit.audit.journals import (
    ALICE,
    TRIP,
    anchor_in,
    arming,
    in_child,
    journal_in,
    killer,
    tear,
    write_quickly,
)
from tests.waiting import DEADLINE


def test_an_outcome_names_its_intent_and_repeats_what_was_done_to_what(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    intent = journal.intent(ALICE, TRIP)
    outcome = journal.outcome(ALICE, intent, True, after={"tripped": True})
    assert (outcome.intent, outcome.phase, outcome.done) == (intent.sequence, Phase.OUTCOME, True)
    assert (outcome.action, outcome.target, outcome.reason) == (TRIP.action, TRIP.target, TRIP.reason)


def test_an_outcome_that_nobody_knows_is_unknown(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    outcome = journal.outcome(ALICE, journal.intent(ALICE, TRIP), None)
    assert (outcome.phase, outcome.done) == (Phase.UNKNOWN, None)


def test_what_is_read_is_what_was_appended(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    written = [journal.note(ALICE, arming(n, {"seen": [n, "ü\x1b[2J\udc80", None]})) for n in range(3)]
    assert list(records(tmp_path / "audit")) == written


def test_the_record_is_durable_before_its_head_is_anchored(tmp_path: Path) -> None:
    passed: list[str] = []
    journal_in(tmp_path, passed.append).note(ALICE, arming(1))
    order = [passed.index(f"{call}.after") for call in ("journal.write", "journal.fsync", "anchor.write")]
    assert order == sorted(order)


def test_only_the_owner_can_read_the_journal_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        journal_in(tmp_path).note(ALICE, arming(1))
    finally:
        os.umask(before)
    folders = (tmp_path / "audit", tmp_path / "anchors")
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}
    assert {file.stat().st_mode & 0o777 for folder in folders for file in folder.iterdir()} == {0o600}


def test_a_folder_made_for_a_group_is_shared_with_it(tmp_path: Path) -> None:
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit").chmod(0o2770)
    journal_in(tmp_path).note(ALICE, arming(1))
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "audit").iterdir()} == {0o660}


def test_a_full_file_is_followed_by_one_that_names_it_and_its_last_hash(tmp_path: Path) -> None:
    journal = journal_in(tmp_path, largest=1500)
    for number in range(6):
        journal.note(ALICE, arming(number))
    first, second, *_ = journal_files(tmp_path / "audit")
    last = json.loads(first.read_bytes().splitlines()[-1])
    opening = json.loads(second.read_bytes().splitlines()[0])
    assert opening["action"] == ROTATE
    assert opening["evidence"] == {"file": first.name, "hash": last["hash"]}
    assert verify(tmp_path / "audit", [anchor_in(tmp_path)]).sound


def test_a_new_file_that_was_left_empty_by_a_crash_is_begun(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.note(ALICE, arming(1))
    journal_file(tmp_path / "audit", 2).touch()
    journal.note(ALICE, arming(2))
    assert [record.action for record in records(tmp_path / "audit")] == ["arm", ROTATE, "arm"]
    assert verify(tmp_path / "audit", [anchor_in(tmp_path)]).sound


def test_a_line_torn_at_any_byte_is_sealed_and_the_chain_goes_on(tmp_path: Path) -> None:
    write_quickly(tmp_path, 3)
    file = journal_file(tmp_path / "audit", 1)
    data = file.read_bytes()
    begin = data.index(b"\n", data.index(b"\n") + 1) + 1
    for cut in range(begin + 1, len(data) - 1, 7):
        file.write_bytes(data[:cut])
        journal_in(tmp_path / f"{cut}").folder.mkdir(parents=True)
        file.rename(journal_file(tmp_path / f"{cut}" / "audit", 1))
        journal_in(tmp_path / f"{cut}").note(ALICE, arming(9))
        verdict = verify(tmp_path / f"{cut}" / "audit")
        assert verdict.sound
        assert [one.action for one in records(tmp_path / f"{cut}" / "audit")] == ["arm", "arm", SEAL, "arm"]


def test_a_record_that_only_lacks_its_newline_stands(tmp_path: Path) -> None:
    write_quickly(tmp_path, 2)
    file = journal_file(tmp_path / "audit", 1)
    file.write_bytes(file.read_bytes()[:-1])
    journal_in(tmp_path).note(ALICE, arming(9))
    assert [one.sequence for one in records(tmp_path / "audit")] == [1, 2, 3]
    assert verify(tmp_path / "audit", [anchor_in(tmp_path)]).sound


def test_zeros_that_a_power_cut_left_are_sealed(tmp_path: Path) -> None:
    write_quickly(tmp_path, 2)
    tear(tmp_path, bytes(70_000))
    journal_in(tmp_path).note(ALICE, arming(9))
    assert verify(tmp_path / "audit").sound


def test_a_seal_that_was_torn_itself_is_sealed_with_what_it_sealed(tmp_path: Path) -> None:
    write_quickly(tmp_path, 2)
    tear(tmp_path, b'{"seq\n{"sequence":3,"ti')
    journal_in(tmp_path).note(ALICE, arming(9))
    assert verify(tmp_path / "audit").sound


PASSED = [point for point in POINTS if not point.startswith("reserve.shrink")]


@pytest.mark.parametrize("point", PASSED)
def test_a_console_killed_at_any_point_leaves_a_journal_that_goes_on(tmp_path: Path, point: str) -> None:
    assert in_child(lambda: journal_in(tmp_path, killer(point)).intent(ALICE, TRIP)) == -signal.SIGKILL
    left = verify(tmp_path / "audit", [anchor_in(tmp_path)])
    journal_in(tmp_path).note(ALICE, arming(1))
    after = verify(tmp_path / "audit", [anchor_in(tmp_path)])
    assert (left.sound, after.sound, after.records) == (True, True, left.records + 1)


def test_an_intent_that_was_returned_survives_a_kill(tmp_path: Path) -> None:
    def append_and_die() -> None:
        journal_in(tmp_path).intent(ALICE, TRIP)
        os.kill(os.getpid(), signal.SIGKILL)

    in_child(append_and_die)
    assert [record.phase for record in records(tmp_path / "audit")] == [Phase.INTENT]


def test_every_writing_call_passes_its_points(tmp_path: Path) -> None:
    passed: list[str] = []
    journal_in(tmp_path, passed.append).note(ALICE, arming(1))
    assert set(passed) == set(PASSED)
    assert len(CALLS) * 2 == len(POINTS)


def _append_many(folder: Path, writer: int, count: int) -> None:
    journal = journal_in(folder, wait=60, largest=40_000)
    for number in range(count):
        journal.note(ALICE, arming(number, {"writer": writer}))


def test_four_processes_that_append_at_once_keep_one_chain(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=_append_many, args=(tmp_path, writer, 200)) for writer in range(4)]
    for process in writers:
        process.start()
    for process in writers:
        process.join(60)
    assert [process.exitcode for process in writers] == [0, 0, 0, 0]
    armed = [record for record in records(tmp_path / "audit") if record.action == "arm"]
    for writer in range(4):
        own = [record.target for record in armed if record.evidence == {"writer": writer}]
        assert own == [f"console {number}" for number in range(200)]
    assert verify(tmp_path / "audit", [anchor_in(tmp_path)]).sound


def test_a_journal_that_is_being_appended_to_is_sound_at_every_look(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    writer = fork.Process(target=_append_many, args=(tmp_path, 0, 200))
    writer.start()
    while writer.is_alive():
        assert verify(tmp_path / "audit", [anchor_in(tmp_path)]).sound
    assert len(journal_files(tmp_path / "audit")) > 1


def test_threads_of_one_console_keep_one_chain(tmp_path: Path) -> None:
    journal = journal_in(tmp_path, wait=30)
    threads = [threading.Thread(target=journal.note, args=(ALICE, arming(n))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    verdict = verify(tmp_path / "audit", [anchor_in(tmp_path)])
    assert (verdict.sound, verdict.records) == (True, 8)


def test_a_stopped_console_that_holds_the_lock_is_waited_for_until_the_deadline_only(tmp_path: Path) -> None:
    journal = journal_in(tmp_path, wait=0.2)
    journal.note(ALICE, arming(1))
    child = os.fork()
    if child == 0:
        with held(tmp_path / "audit" / LOCK, SystemClock(), 5, pass_by):
            os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
    try:
        os.waitpid(child, os.WUNTRACED)
        begun = time.monotonic()
        with pytest.raises(JournalError, match=rf"is locked by process {child}; waited 0\.2 s"):
            journal.intent(ALICE, TRIP)
        assert 0.2 <= time.monotonic() - begun < DEADLINE
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert journal.intent(ALICE, TRIP).sequence == 2


def test_a_lock_whose_file_was_removed_meanwhile_is_no_lock(tmp_path: Path) -> None:
    tried = threading.Event()
    refused: list[str] = []

    class WaitersClock(SystemClock):
        looks = 0

        def now(self) -> float:
            self.looks += 1
            if self.looks > 1:  # the first look is before the file is opened, the second after a try
                tried.set()
            return super().now()

    def wait_for_it() -> None:
        try:
            with held(tmp_path / "lock", WaitersClock(), 30, pass_by):
                pass
        except JournalError as error:
            refused.append(str(error))

    waiter = threading.Thread(target=wait_for_it)
    with held(tmp_path / "lock", SystemClock(), 1, pass_by):
        waiter.start()
        assert tried.wait(DEADLINE)
        (tmp_path / "lock").unlink()
    waiter.join(10)
    assert refused == [f"{tmp_path}/lock was removed while it was being locked"]


def test_a_record_that_is_too_long_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    with pytest.raises(JournalError, match=f"at most {MOST_BYTES} are allowed"):
        journal.note(ALICE, arming(1, "x" * MOST_BYTES))
    assert verify(tmp_path / "audit").records == 0


def test_a_folder_that_is_none_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("not a folder")
    with pytest.raises(JournalError) as refused:
        journal_in(tmp_path).intent(ALICE, TRIP)
    assert str(refused.value).startswith(f"the journal in {tmp_path}/audit can't be written: ")
    assert "\n" not in str(refused.value)


def test_an_anchor_that_can_not_be_written_stops_nothing_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "anchors").write_text("not a folder")
    journal = journal_in(tmp_path)
    journal.intent(ALICE, TRIP)
    assert str(tmp_path / "anchors") in journal.complaint
    assert verify(tmp_path / "audit").records == 1


def test_a_known_secret_does_not_reach_the_disk(tmp_path: Path) -> None:
    journal = journal_in(tmp_path, secret="hunter2hunter2")
    said: Json = {"output": ["connecting with hunter2hunter2", {"hunter2hunter2": 1}]}
    journal.note(ALICE, Act("paper", "arm", "hunter2hunter2", reason="hunter2hunter2!", evidence=said))
    written = b"".join(file.read_bytes() for file in (tmp_path / "audit").iterdir())
    assert b"hunter2" not in written
