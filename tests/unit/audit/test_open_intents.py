"""What a crash left open is found, and closed once."""

import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

from console.audit.actor import this_actor
from console.audit.files import records
from console.audit.open_intents import abandoned_intents, close, open_intents
from console.audit.record import Phase, Record
from console.audit.verify import verify
from tests.unit.audit.journals import ALICE, TRIP, anchor_in, arming, in_child, journal_in


def test_an_intent_is_open_until_its_outcome(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    first, second = journal.intent(ALICE, TRIP), journal.intent(ALICE, arming(2))
    journal.outcome(ALICE, first, True)
    assert open_intents(tmp_path / "audit") == (second,)


def test_an_unknown_outcome_closes_an_intent(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.outcome(ALICE, journal.intent(ALICE, TRIP), None)
    assert open_intents(tmp_path / "audit") == ()


def test_no_journal_has_no_open_intents(tmp_path: Path) -> None:
    assert open_intents(tmp_path / "audit") == ()


def test_the_intent_of_a_killed_console_is_abandoned_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    def act_and_die() -> None:
        journal_in(tmp_path).intent(this_actor({}), TRIP)
        os.kill(os.getpid(), signal.SIGKILL)

    me = this_actor({})
    journal_in(tmp_path).intent(me, arming(1))
    assert in_child(act_and_die) == -signal.SIGKILL
    assert [one.action for one in abandoned_intents(tmp_path / "audit", me.host)] == [TRIP.action]
    assert len(open_intents(tmp_path / "audit")) == 2


def test_a_process_number_that_was_given_again_is_another_process(tmp_path: Path) -> None:
    me = replace(this_actor({}), process=f"{os.getpid()}-1")
    intent = journal_in(tmp_path).intent(me, TRIP)
    assert abandoned_intents(tmp_path / "audit", me.host) == (intent,)


def test_what_another_host_left_open_is_not_ours_to_judge(tmp_path: Path) -> None:
    journal_in(tmp_path).intent(ALICE, TRIP)
    assert abandoned_intents(tmp_path / "audit", "another") == ()


def test_of_many_that_close_an_intent_at_once_one_writes_the_outcome(tmp_path: Path) -> None:
    intent = journal_in(tmp_path).intent(ALICE, TRIP)
    answers: list[Record | None] = []

    def close_it() -> None:
        answers.append(close(journal_in(tmp_path, wait=30), ALICE, intent, False, evidence="flag not set"))

    threads = [threading.Thread(target=close_it) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    closings = [record for record in records(tmp_path / "audit") if record.phase is Phase.OUTCOME]
    assert [answer for answer in answers if answer is not None] == closings
    assert len(closings) == 1
    assert verify(tmp_path / "audit", [anchor_in(tmp_path)]).sound
