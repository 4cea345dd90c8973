"""A reset is refused before anything is done, unless every gate passes and a second person has agreed."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.checkpoint import Operator
from console.actions.durable import DurableError
from console.actions.guard import Need, RefusedError
from console.actions.kill import last_trip_file
from console.actions.kill.switch import KillSwitch
from console.audit.record import Phase
from console.domain.access import AccessError, Role
from console.domain.approval import Consent, Deed
from console.domain.assessment import Rules, assess
from console.domain.reading import SourceState
from console.domain.reset_gates import Asked
from console.domain.surfaces import Books
from console.domain.thresholds import KEY_METRICS
from console.host_lock import host_lock
from tests.unit.actions.contexts import settings_with
from tests.unit.actions.engine_of_files import (
    ASKED,
    WHO,
    console,
    engine_in,
    flag,
    journal,
    last,
    live,
    tripped,
)
from tests.unit.actions.people import Wall, as_user, shared_office
from tests.unit.domain.trips import world
from tests.unit.domain.worlds import BOOKS, NOW, PANELS, answered, judged


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return engine_in(tmp_path)


@pytest.mark.parametrize(
    ("asked", "who", "lack"),
    [
        (replace(ASKED, reason=""), WHO, "reason"),
        (replace(ASKED, typed="production"), WHO, "confirmation"),
        (replace(ASKED, cause_acknowledged=False), WHO, "cause"),
        (replace(ASKED, override=""), WHO, "recovery"),
        (ASKED, replace(WHO, arming=None), "read-only"),
        (ASKED, replace(WHO, standing=replace(WHO.standing, role=Role.VIEWER)), "a viewer"),
    ],
)
def test_what_lacks_something_is_refused_and_nothing_is_done(
    folder: Path, asked: Asked, who: Operator, lack: str
) -> None:
    switch = console(folder)
    trip = tripped(switch)
    with pytest.raises(RefusedError, match=lack):
        switch.reset(asked, who, live(trip))
    assert flag(folder).exists()
    assert (journal(folder), last(folder)) == ([], trip)


def test_a_trip_stands_for_as_long_as_the_cool_down(folder: Path) -> None:
    switch = console(folder)
    trip = tripped(switch, ago=4.0)
    with pytest.raises(RefusedError, match="cool-down"):
        switch.reset(ASKED, WHO, live(trip))


def test_stale_data_refuses_it(folder: Path) -> None:
    switch = console(folder)
    trip = tripped(switch)
    seen = world(trip=trip)
    with pytest.raises(RefusedError) as refused:
        switch.reset(ASKED, WHO, judged(replace(seen, at=NOW + 30)))
    assert Need.FRESH in {lack.need for lack in refused.value.lacks}


def test_what_was_seen_while_the_runs_were_asked_counts_and_nothing_older(folder: Path) -> None:
    switch = console(folder)
    trip = tripped(switch)
    old = judged(replace(world(trip=trip), at=NOW + 30))
    with pytest.raises(RefusedError):
        switch.reset(ASKED, WHO, old, now=lambda: old)
    gates = switch.reset_gates(ASKED, WHO, old, lambda: live(trip))
    assert all(gate.passes for gate in gates)
    assert switch.reset(ASKED, WHO, old, now=lambda: live(trip)).done


def test_a_trip_that_was_made_while_the_runs_were_asked_refuses_it(folder: Path) -> None:
    switch = console(folder)
    seen = live(tripped(switch, ago=90))
    with pytest.raises(AccessError, match="another trip was made"):
        switch.reset(ASKED, WHO, seen, now=lambda: live(tripped(switch, ago=60)))
    assert flag(folder).exists()


def test_every_gate_is_told_in_order(folder: Path) -> None:
    switch = console(folder)
    gates = switch.reset_gates(ASKED, WHO, live(tripped(switch)))
    assert [(gate.name, gate.passes) for gate in gates] == [
        (name, True)
        for name in (
            "role", "server", "armed", "fresh data", "trip", "reason", "alerts", "cause", "recovery",
            "cool-down", "confirmation", "second person",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pinned", "books", "passes", "words"),
    [
        (None, BOOKS, True, "no database server is pinned"),
        ("db-1", BOOKS, True, "database server db-1 is the pinned one"),
        ("db-2", BOOKS, False, "another server answers: the server is db-1, and has to be db-2"),
        ("db-1", None, None, "whether the pinned one answers, db-1, isn't known"),
    ],
)
def test_the_gate_of_the_server_says_which_one_answers(
    folder: Path, pinned: str | None, books: Books | None, passes: bool | None, words: str
) -> None:
    server = "" if pinned is None else f", server: {pinned}"
    switch = console(folder, f"database: {{url: 'sqlite:///{folder}/paper.db'{server}}}")
    database = SourceState("database", 2.0) if books is None else answered("database", books)
    seen = assess(replace(world(trip=None), database=database), Rules(PANELS, KEY_METRICS, server=pinned))
    gate = switch.reset_gates(ASKED, WHO, seen)[1]
    assert (gate.name, gate.passes, gate.words) == ("server", passes, words)


def test_a_journal_that_cannot_be_written_refuses_it(folder: Path) -> None:
    switch = console(folder)
    trip = tripped(switch)
    for file in (folder / "state" / "audit").iterdir():
        file.unlink()
    (folder / "state" / "audit").rmdir()
    (folder / "state" / "audit").write_text("in the way")
    with pytest.raises(AccessError, match="not reset: the journal in"):
        switch.reset(ASKED, WHO, live(trip))
    assert flag(folder).exists()


def test_a_file_of_the_last_trip_that_cannot_be_written_refuses_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = console(folder)
    trip = tripped(switch)

    def full(*_: object, **__: object) -> None:
        raise DurableError("no space left on device")

    monkeypatch.setattr(last_trip_file, "replace_file", full)
    with pytest.raises(AccessError, match="not reset: no space left on device"):
        switch.reset(ASKED, WHO, live(trip))
    assert flag(folder).exists()
    told = [(each.phase, each.done) for each in journal(folder)]
    assert told == [(Phase.INTENT, None), (Phase.OUTCOME, False)]


def test_a_trip_that_was_made_since_it_was_looked_at_refuses_it(folder: Path) -> None:
    switch = console(folder)
    looked_at = live(tripped(switch, ago=90))
    tripped(switch, ago=60)
    with pytest.raises(AccessError, match="another trip was made"):
        switch.reset(ASKED, WHO, looked_at)
    assert flag(folder).exists()


def test_another_console_that_resets_at_the_same_time_is_waited_for_in_vain(folder: Path) -> None:
    switch = KillSwitch(
        settings_with(folder, "kill_switch: {flag: engine/flag, cool_down: 50ms}"), environ={}
    )
    switch.prepare()
    with (
        host_lock(folder / "state" / "kill" / "prod.reset.lock", deadline=1, clock=Wall()),
        pytest.raises(AccessError, match=r"not reset: .* is locked"),
    ):
        switch.reset(ASKED, WHO, live(None))


def test_where_two_have_to_agree_the_consent_is_taken_right_before(folder: Path) -> None:
    switch = console(folder, "access: {operators: {users: [root]}, two_person: [kill.reset]}")
    seen = live(tripped(switch))
    taken: list[Deed] = []

    def agree() -> Consent:
        taken.append(switch.reset_deed(seen, ASKED))
        return Consent(taken[-1], 0, NOW + 60, "bob (uid 1002)")

    with pytest.raises(RefusedError, match="a second person"):
        switch.reset(ASKED, WHO, seen)
    with pytest.raises(RefusedError):
        switch.reset(replace(ASKED, typed=""), WHO, seen, approved=agree)
    assert taken == []
    assert switch.reset(ASKED, WHO, seen, approved=agree).done
    approval = journal(folder)[0].approval
    assert isinstance(approval, dict)
    assert approval["by"] == "bob (uid 1002)"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be several users")
def test_what_another_user_has_approved_is_done_once(folder: Path) -> None:
    switch = console(folder, "access: {operators: {users: [root]}, two_person: [kill.reset]}")
    seen = live(tripped(switch))
    bob = 54302
    with shared_office({0: Role.OPERATOR, bob: Role.OPERATOR}) as office:
        office.clock.at = NOW
        approvals = office.approvals()
        request = approvals.ask(switch.reset_deed(seen, ASKED), "all is well", lasting=900)
        with pytest.raises(AccessError, match="waits for a second person"):
            switch.reset(ASKED, WHO, seen, approved=lambda: approvals.use(request))
        assert as_user(bob, lambda: office.approvals(bob).approve(request).id) == request.id
        assert switch.reset(ASKED, WHO, seen, approved=lambda: approvals.use(request)).done
        again = live(tripped(switch, ago=30))
        with pytest.raises(AccessError, match="has been used"):
            switch.reset(ASKED, WHO, again, approved=lambda: approvals.use(request))


@pytest.mark.parametrize(("broken", "words"), [(False, "approved by bob"), (True, "GLASS BROKEN by bob")])
def test_the_gate_says_how_the_second_persons_consent_was_had(folder: Path, broken: bool, words: str) -> None:
    switch = console(folder, "access: {operators: {users: [root]}, two_person: [kill.reset]}")
    seen = live(tripped(switch))
    consent = Consent(switch.reset_deed(seen, ASKED), 0, NOW + 60, "bob", broken)
    gate = switch.reset_gates(ASKED, replace(WHO, consent=consent), seen)[-1]
    assert (gate.name, gate.passes, gate.words) == ("second person", True, words)


def test_a_consent_to_something_else_is_none(folder: Path) -> None:
    switch = console(folder, "access: {operators: {users: [root]}, two_person: [kill.reset]}")
    seen = live(tripped(switch))
    other = replace(switch.reset_deed(seen, ASKED), what=("reset nothing",))
    with pytest.raises(RefusedError, match="something else"):
        switch.reset(ASKED, WHO, seen, approved=lambda: Consent(other, 0, NOW + 60, "bob"))
    assert flag(folder).exists()


def test_what_would_be_done_is_told_to_the_last_step(folder: Path) -> None:
    switch = console(folder)
    deed = switch.reset_deed(live(tripped(switch)), ASKED)
    assert (deed.action, deed.target) == ("kill.reset", "prod")
    assert deed.what[1:] == (
        "flag file: remove the flag",
        "feature flags: put global_kill_switch to false",
        "state file: put tripped to false",
        "reason: all is well",
        "WITHOUT a recovery run: nothing to recover",
    )


@pytest.mark.parametrize("asked", [replace(ASKED, reason="it is late"), replace(ASKED, override="no time")])
def test_a_consent_given_on_other_grounds_is_none(folder: Path, asked: Asked) -> None:
    switch = console(folder, "access: {operators: {users: [root]}, two_person: [kill.reset]}")
    seen = live(tripped(switch))
    consent = Consent(switch.reset_deed(seen, ASKED), 0, NOW + 60, "bob")
    with pytest.raises(RefusedError, match="something else"):
        switch.reset(asked, WHO, seen, approved=lambda: consent)
    assert flag(folder).exists()


@pytest.mark.parametrize(
    ("recovered", "passes", "words"),
    [
        ((NOW - 10, ""), True, "a run was completed 50 s after the trip"),
        ((None, ""), False, "no run was completed since the trip: needs an override with a reason"),
        ((None, "the runs can't be kept"), None, "the runs can't be kept"),
    ],
)
def test_the_runs_say_whether_there_was_a_recovery_since_the_trip(
    folder: Path, recovered: tuple[float | None, str], passes: bool | None, words: str
) -> None:
    asked_since = []

    def of_the_runs(since: float) -> tuple[float | None, str]:
        asked_since.append(since)
        return recovered

    switch = console(folder, recovered=of_the_runs)
    trip = tripped(switch)
    gates = switch.reset_gates(replace(ASKED, override=""), WHO, live(trip))
    assert [(gate.passes, gate.words) for gate in gates if gate.name == "recovery"] == [(passes, words)]
    assert asked_since == [trip.newest]
