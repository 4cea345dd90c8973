"""A reset is refused before anything is done, clears what trips have set, and loses to a trip."""

import errno
import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from console.actions import removal
from console.actions.durable import DurableError
from console.actions.guard import Need, RefusedError
from console.actions.kill import last_trip_file, resetting
from console.actions.kill.actuator import Scope
from console.actions.kill.reset import RECOVERY, Resetter, last_recovery
from console.actions.kill.resetting import OVERTAKEN, Reset
from console.actions.kill.switch import KillSwitch
from console.audit.files import records
from console.audit.journal import Journal
from console.audit.record import Act, Phase, Record
from console.domain.access import AccessError, Arming, Person, Role, Standing
from console.domain.approval import Consent, Deed
from console.domain.assessment import Assessment
from console.domain.last_trip import LastTrip, last_trip_from
from console.domain.news import Kind
from console.domain.reset_gates import Asked
from console.host_lock import host_lock
from tests.integration.trading_switches import prepared, values
from tests.unit.actions.contexts import settings_with
from tests.unit.actions.people import Wall, as_user, shared_office
from tests.unit.audit.journals import ALICE
from tests.unit.domain.trips import world
from tests.unit.domain.worlds import NOW, judged

FLAGS = "global_kill_switch: false  # all\nfeatures: {}\n"
ASKED = Asked("all is well", "production prod", cause_acknowledged=True, override="nothing to recover")
WHO = Resetter(
    Standing(Person(0, "root"), Role.OPERATOR, "named as user root"),
    Arming(NOW - 1, NOW + 600, "reset", 120, NOW),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An engine that has nothing but files."""
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "flags.yaml").write_text(FLAGS)
    return tmp_path


def console(
    folder: Path, *lines: str, files: str = "flag: engine/flag, state: engine/state.json"
) -> KillSwitch:
    named = (f"kill_switch: {{{files}, cool_down: 5s}}", "flags_file: engine/flags.yaml", *lines)
    return KillSwitch(settings_with(folder, *named), clock=Wall(NOW), environ={})


def tripped(switch: KillSwitch, *, ago: float = 60.0, scope: Scope = Scope.ALL) -> LastTrip:
    """Trip it, some seconds ago."""
    clock = switch._clock
    assert isinstance(clock, Wall)
    clock.at = NOW - ago
    switch.trip("margin", scope)
    switch.close(10)
    clock.at = NOW
    assert switch.latest is not None
    return switch.latest


def live(trip: LastTrip | None) -> Assessment:
    """What a monitor sees of an engine that is tripped."""
    return judged(world(trip=trip))


def last(folder: Path) -> LastTrip:
    return last_trip_from(json.loads((folder / "state" / "kill" / "prod.json").read_bytes()))


def journal(folder: Path, action: str = "kill.reset") -> list[Record]:
    return [each for each in records(folder / "state" / "audit") if each.action == action]


def flag(folder: Path) -> Path:
    return folder / "engine" / "flag"


def outcomes(reset: Reset) -> dict[str, str]:
    return {result.name: result.state.value for result in reset.results}


def test_what_a_trip_has_set_is_cleared_and_recorded(folder: Path) -> None:
    switch = console(folder)
    trip = tripped(switch)
    reset = switch.reset(ASKED, WHO, live(trip))
    assert outcomes(reset) == dict.fromkeys(("flag file", "feature flags", "state file"), "done")
    assert (reset.done, reset.left, reset.journal, reset.overtaken) == (True, (), "recorded", False)
    assert not flag(folder).exists()
    assert (folder / "engine" / "flags.yaml").read_text() == FLAGS
    assert json.loads((folder / "engine" / "state.json").read_text())["tripped"] is False
    intent, outcome = journal(folder)
    assert (intent.phase, intent.reason, outcome.done) == (Phase.INTENT, "all is well", True)
    assert isinstance(intent.before, dict)
    assert intent.before["feature flags: global_kill_switch"] == "false"
    assert last(folder) == replace(trip, reset=NOW, found=(), resetting=False)


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
    folder: Path, asked: Asked, who: Resetter, lack: str
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


def test_what_others_had_set_before_is_left_and_told(folder: Path) -> None:
    flag(folder).write_bytes(b"1")
    switch = console(folder)
    reset = switch.reset(ASKED, WHO, live(tripped(switch)))
    assert outcomes(reset) == dict.fromkeys(("feature flags", "state file"), "done")
    assert (flag(folder).exists(), reset.left) == (True, ("flag file: set",))


def test_what_an_earlier_trip_has_set_is_cleared_with_the_later_one(folder: Path) -> None:
    switch = console(folder)
    tripped(switch, ago=90)
    switch.reset(ASKED, WHO, live(tripped(switch)))
    assert not flag(folder).exists()
    assert yaml.safe_load((folder / "engine" / "flags.yaml").read_text())["global_kill_switch"] is False


def test_a_trip_that_was_made_since_it_was_looked_at_refuses_it(folder: Path) -> None:
    switch = console(folder)
    looked_at = live(tripped(switch, ago=90))
    tripped(switch, ago=60)
    with pytest.raises(AccessError, match="another trip was made"):
        switch.reset(ASKED, WHO, looked_at)
    assert flag(folder).exists()


@pytest.mark.parametrize(
    "point",
    [
        "reset: before flag file",
        "reset: after flag file",
        "reset: before state file",
        "reset: after state file",
    ],
)
def test_a_trip_that_comes_on_the_way_wins(folder: Path, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    switch, other = console(folder), console(folder)
    trip = tripped(switch)

    def meddle(name: str) -> None:
        if name == point:
            other.trip("runaway")
            other.close(10)

    monkeypatch.setattr(resetting, "point", meddle)
    reset = switch.reset(ASKED, WHO, live(trip))
    switch.close(10)
    assert (reset.overtaken, reset.done) == (True, False)
    assert flag(folder).exists()
    assert yaml.safe_load((folder / "engine" / "flags.yaml").read_text())["global_kill_switch"] is True
    assert json.loads((folder / "engine" / "state.json").read_text())["tripped"] is True
    assert (last(folder).stands, last(folder).reason) == (True, f"{OVERTAKEN}runaway")


def test_a_flag_that_others_write_on_the_way_wins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    switch = console(folder)
    trip = tripped(switch)

    def meddle(name: str) -> None:
        if name == "reset: before feature flags":
            flag(folder).write_bytes(b"1")

    monkeypatch.setattr(resetting, "point", meddle)
    assert switch.reset(ASKED, WHO, live(trip)).overtaken
    switch.close(10)
    assert flag(folder).exists()
    assert yaml.safe_load((folder / "engine" / "flags.yaml").read_text())["global_kill_switch"] is True


def test_a_flag_that_is_lost_as_its_removal_fails_is_set_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = console(folder)
    trip = tripped(switch)

    def lose(path: Path, *_: object) -> None:
        path.unlink()
        raise DurableError("operation not permitted")

    monkeypatch.setattr(removal, "remove_file", lose)
    assert switch.reset(ASKED, WHO, live(trip)).overtaken
    switch.close(10)
    assert flag(folder).exists()


def test_a_trip_whose_note_comes_after_the_reset_is_fired_again(folder: Path) -> None:
    switch = console(folder)
    switch.reset(ASKED, WHO, live(tripped(switch)))
    late = console(folder)
    tripped(late, ago=1.0)  # before the reset was over
    wait_for(lambda: len(journal(folder, "kill.trip")) == 6)


def test_what_fails_ends_it_and_the_trip_stands(folder: Path) -> None:
    switch = console(folder)
    trip = tripped(switch)
    (folder / "engine" / "flags.yaml").write_text("global_kill_switch: [\n")
    reset = switch.reset(ASKED, WHO, live(trip))
    assert outcomes(reset) == {"flag file": "done", "feature flags": "refused"}
    assert (reset.done, reset.fired[2:], reset.pending) == (False, ("state file",), ())
    assert last(folder) == trip
    (folder / "engine" / "flags.yaml").write_text(FLAGS.replace("false", "true"))
    assert switch.reset(ASKED, WHO, live(trip)).done


def test_what_cannot_be_looked_at_on_the_way_ends_it_and_the_trip_stands(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = console(folder)
    trip = tripped(switch)

    def fail(name: str) -> None:
        if name == "reset: before feature flags":
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(resetting, "point", fail)
    reset = switch.reset(ASKED, WHO, live(trip))
    assert (reset.done, reset.pending) == (None, ())
    assert reset.left == ("what is set can't be told: input/output error",)
    assert [(each.phase, each.done) for each in journal(folder)] == [
        (Phase.INTENT, None),
        (Phase.UNKNOWN, None),
    ]
    assert last(folder) == trip


def test_people_are_told_of_a_reset_and_otherwise_of_one_that_failed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = console(folder)
    trip = tripped(switch)
    told: list[tuple[Kind, str, str]] = []
    monkeypatch.setattr(switch.notices, "tell", lambda *news, drill: told.append(news))
    (folder / "engine" / "flags.yaml").write_text("global_kill_switch: [\n")
    switch.reset(ASKED, WHO, live(trip))
    (folder / "engine" / "flags.yaml").write_text(FLAGS.replace("false", "true"))
    switch.reset(ASKED, WHO, live(trip))
    assert [kind for kind, _, _ in told] == [Kind.NOT_RESET, Kind.RESET]
    assert told[0][1:] == ("all is well", "flag file done, feature flags refused; left: state file: tripped")


def test_a_command_resets_the_engine_after_everything_is_clear(folder: Path) -> None:
    switch = console(folder, f"commands: {{reset_kill_switch: [test, '!', -e, {folder}/engine/flag]}}")
    assert outcomes(switch.reset(ASKED, WHO, live(tripped(switch))))["command"] == "done"


def test_what_the_settings_no_longer_name_stays_to_be_put_back(folder: Path) -> None:
    trip = tripped(console(folder))
    switch = console(folder, files="flag: engine/flag")
    reset = switch.reset(ASKED, WHO, live(trip))
    assert reset.left == ("state file: the settings don't name it any more",)
    assert [one.surface for one in last(folder).found] == ["state file"]


def test_a_trip_of_others_is_reset_by_the_engines_own_command(folder: Path) -> None:
    flag(folder).write_bytes(b"1")
    switch = console(folder, "commands: {reset_kill_switch: [echo, '{reason}']}")
    reset = switch.reset(ASKED, WHO, live(None))
    assert [result.words for result in reset.results] == ["exit code 0: all is well"]
    assert (flag(folder).exists(), reset.left) == (True, ("flag file: set",))


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


def test_progress_can_be_watched_from_another_thread(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    switch = console(folder)
    trip, reached, go = tripped(switch), threading.Event(), threading.Event()

    def hold(name: str) -> None:
        if name == "reset: before feature flags":
            reached.set()
            go.wait(10)

    monkeypatch.setattr(resetting, "point", hold)
    working = threading.Thread(target=lambda: switch.reset(ASKED, WHO, live(trip)))
    working.start()
    assert reached.wait(10)
    assert switch.resetting is not None
    assert switch.resetting.pending == ("feature flags", "state file")
    assert last(folder).resetting
    go.set()
    working.join(10)
    assert not switch.resetting.pending


@pytest.mark.parametrize("delay", [0.0, 0.004, 0.008, 0.012, 0.016, 0.024, 0.032])
def test_whenever_a_trip_comes_everything_is_set_in_the_end(folder: Path, delay: float) -> None:
    engine = prepared(f"sqlite:///{folder}/paper.db")
    files = f"database: {{url: 'sqlite:///{folder}/paper.db'}}"
    switch, other = console(folder, files), console(folder, files)
    trip, tick = tripped(switch), threading.Event()
    working = threading.Thread(target=lambda: switch.reset(ASKED, WHO, live(trip)))
    working.start()
    tick.wait(delay)
    other.trip("runaway")
    working.join(10)
    other.close(10)
    switch.close(10)
    wait_for(lambda: set(values(engine).values()) == {"0"})
    wait_for(lambda: "global_kill_switch: true" in (folder / "engine" / "flags.yaml").read_text())
    assert flag(folder).exists()
    wait_for(lambda: last(folder).stands)
    engine.dispose()


@pytest.mark.parametrize(
    ("context", "done", "at", "counts"),
    [
        ("prod", True, 50.0, True),
        ("prod", False, 50.0, False),
        ("coin", True, 50.0, False),
        ("prod", True, -1.0, False),
    ],
)
def test_a_recovery_run_counts_when_it_was_completed_here_and_since(
    tmp_path: Path, context: str, done: bool, at: float, counts: bool
) -> None:
    written = Journal(tmp_path / "audit", Wall(NOW + at), secrets=())
    act = Act(context, RECOVERY, "recovery of 3 positions")
    intent = written.intent(ALICE, act)
    written.outcome(ALICE, intent, done)
    assert last_recovery(tmp_path / "audit", "prod", NOW) == (NOW + at if counts else None)


def wait_for(condition: Callable[[], bool]) -> None:
    tick = threading.Event()
    for _ in range(500):
        if condition():
            return
        tick.wait(0.01)
    raise AssertionError("not within 5 s")
