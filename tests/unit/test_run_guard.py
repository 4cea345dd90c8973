"""The guard before an act of a run that raises the risk: who, armed, on fresh data, with a second person."""

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from console.audit.files import records
from console.audit.open import folder_in
from console.domain.access import Arming, arm, believed
from console.domain.assessment import Assessment
from console.domain.clock import SystemClock
from console.runbooks.acts import Program
from console.runbooks.dry_run import would
from console.runbooks.model import ActionAct, CommandAct, Step
from console.runbooks.run import Run
from console.settings import Settings
from console.settings_file import load_settings
from console.wiring.run_guard import Armed, RunGuard, run_guard
from tests.unit.actions.people import as_user, shared_office
from tests.unit.domain.worlds import FLAGS, answered, healthy, judged, metrics

ANA, BEN = 54331, 54332
RUN = Run("start-1", "start", "p", "", {}, 1.0)
START = Step("start", "Start the engine.", CommandAct("start"), None, 5.0)
TWO = replace(START, second_person=True)
RESET = replace(START, name="reset", act=ActionAct("reset_kill_switch", {"reason": "over"}))
two_people = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two people")


def settings_in(state: Path, access: str = "{}") -> Settings:
    file = state / "console.yaml"
    file.write_text(
        "contexts:\n  p:\n    environment: paper\n    colour: cyan\n"
        f"    access: {access}\n    flags_file: flags.yaml\n    commands: {{start: [start, it]}}\n"
    )
    return load_settings(config=file, environ={}, state=state)


def guard_of(settings: Settings, live: Assessment | None = None, armed: Armed | None = None) -> RunGuard:
    program = Program("p", settings.state)
    does = partial(would, commands={"start": ("start", "it")}, program=program)
    clock = SystemClock()
    now = replace(judged(healthy()) if live is None else live, at=clock.now())
    return run_guard(settings, clock, {}, live=lambda: now, would=does, armed=armed)


def armed_before(live: Assessment, reason: str) -> AbstractContextManager[Arming]:
    """As on a screen that was armed before."""
    return nullcontext(arm(reason, SystemClock().now(), lasting=60, idle=60, believed=believed(live.sources)))


def test_whoever_may_do_it_passes_and_the_arming_is_in_the_journal(tmp_path: Path) -> None:
    guard = guard_of(settings_in(tmp_path))
    assert guard.permit(START, RUN, "") == ""
    armed = [(each.action, each.reason) for each in records(folder_in(tmp_path))]
    assert armed == [("access.arm", "run start-1, step start"), ("access.disarm", "run start-1, step start")]


def test_a_viewer_may_not(tmp_path: Path) -> None:
    guard = guard_of(settings_in(tmp_path, "{operators: {users: [54300]}}"))
    assert "an operator or an admin may arm" in guard.permit(START, RUN, "")


def test_only_an_admin_may_leave_a_step_out(tmp_path: Path) -> None:
    own = os.getuid()
    operator = guard_of(settings_in(tmp_path, f"{{operators: {{users: [{own}]}}}}"))
    assert operator.override(RUN).endswith("it takes an admin")
    assert guard_of(settings_in(tmp_path, f"{{admins: {{users: [{own}]}}}}")).override(RUN) == ""


def test_on_the_screen_nothing_passes_that_isnt_armed(tmp_path: Path) -> None:
    guard = guard_of(settings_in(tmp_path), armed=lambda _live, _why: nullcontext(None))
    assert guard.permit(START, RUN, "") == "the console is read-only"


def test_what_the_settings_name_has_to_be_fresh(tmp_path: Path) -> None:
    live = judged(replace(healthy(), flags=answered("flags", FLAGS, age=100.0)))
    assert guard_of(settings_in(tmp_path), live).permit(START, RUN, "").startswith("flags is ")


def test_what_only_a_living_engine_tells_needs_not_be_fresh(tmp_path: Path) -> None:
    live = judged(replace(healthy(), metrics=answered("metrics", metrics(), age=100.0)))
    assert guard_of(settings_in(tmp_path), live).permit(START, RUN, "") == ""


@pytest.mark.parametrize("armed", [None, armed_before])
def test_another_database_server_than_the_pinned_one_is_refused(tmp_path: Path, armed: Armed | None) -> None:
    live = replace(judged(healthy()), wrong_server="the server is db-1, and has to be db-9")
    assert guard_of(settings_in(tmp_path), live, armed).permit(START, RUN, "") == live.wrong_server


def test_an_action_of_this_program_leaves_the_second_person_to_its_command(tmp_path: Path) -> None:
    guard = guard_of(settings_in(tmp_path, "{two_person: [runbook.raise]}"))
    assert guard.permit(RESET, RUN, "") == ""
    assert guard.permit(START, RUN, "").startswith("a second person has to approve it: opsconsole approve ")


@two_people
@pytest.mark.parametrize("named", [True, False])
def test_a_second_person_is_asked_once_and_their_consent_is_good_for_one_act(named: bool) -> None:
    with shared_office({}) as office:
        access = f"{{operators: {{users: [{ANA}, {BEN}]}}}}"
        settings = settings_in(office.state, access)

        def ask(approval: str = "") -> str:
            return as_user(ANA, lambda: guard_of(settings).permit(TWO, RUN, approval))

        first = ask()
        id_ = first.rpartition(" ")[2]
        assert ask() == first

        def approve() -> str:
            guard = guard_of(settings)
            guard.approvals.approve(guard.approvals.find(id_))
            return "approved"

        assert as_user(BEN, approve) == "approved"
        other = replace(TWO, name="restart")
        refused = as_user(ANA, lambda: guard_of(settings).permit(other, RUN, id_))
        assert refused == f"request {id_} is about something else"
        assert ask(id_ if named else "") == ""
        assert "opsconsole approve " in ask()
