"""`opsconsole deployment`: what is due, who looked, and what is refused."""

import json
import time
from pathlib import Path

from console.actions.deployments import calendar_file
from console.domain.deployment_calendar import Calendar, SignOff, document_of
from tests.command import run_here

MINUTE = 60.0


def deployed(home: Path, ago: float) -> None:
    """A deployment of the paper context that was signed off so many seconds ago."""
    at = time.time() - ago
    signed = SignOff("deploy_live-1", "deploy_live", at, "alice (uid 1001)", "bob (uid 1002)", at)
    file = calendar_file(home, "paper")
    file.parent.mkdir()
    file.write_text(json.dumps(document_of(Calendar((signed,)))))


def deployment(home: Path, *words: str) -> tuple[int, str]:
    done = run_here(home, "deployment", *words, "--state", str(home))
    return done.returncode, done.stdout + done.stderr


def test_before_a_deployment_nothing_is_due(tmp_path: Path) -> None:
    assert deployment(tmp_path, "status") == (0, "no deployment is signed off: nothing is due\n")


def test_a_look_before_the_sign_off_is_told(tmp_path: Path) -> None:
    deployment(tmp_path, "look", "--note", "quiet so far")
    first, look = deployment(tmp_path, "status")[1].splitlines()
    assert (first, look.endswith(": quiet so far")) == ("no deployment is signed off: nothing is due", True)


def test_what_is_due_next_is_told_with_who_deployed_and_verified(tmp_path: Path) -> None:
    deployed(tmp_path, 18 * MINUTE)
    code, told = deployment(tmp_path, "status")
    deployer, verifier, first, second = told.splitlines()
    assert code == 0
    assert deployer.endswith("Z by alice (uid 1001), in run deploy_live-1")
    assert verifier.endswith("Z by bob (uid 1002)")
    assert first.startswith("due       next look due in 11 m, at ")
    assert second.startswith("due       next review of every trade due in 23h ")


def test_a_look_that_is_overdue_exits_1_and_recording_it_ends_that(tmp_path: Path) -> None:
    deployed(tmp_path, 40 * MINUTE)
    code, told = deployment(tmp_path, "status")
    assert (code, "OVERDUE   look overdue by 10 m" in told) == (1, True)
    code, told = deployment(tmp_path, "look", "--note", "all quiet")
    assert (code, told.startswith("recorded: look by ")) == (0, True)
    code, told = deployment(tmp_path, "status")
    assert (code, told.splitlines()[-1].endswith(": all quiet")) == (0, True)


def test_as_json_it_has_what_is_due_and_what_was_done(tmp_path: Path) -> None:
    deployed(tmp_path, 40 * MINUTE)
    deployment(tmp_path, "look", "trades")
    code, told = deployment(tmp_path, "status", "--json")
    document = json.loads(told)
    assert code == 1
    assert [(each["duty"], each["overdue"]) for each in document["due"]] == [
        ("look", True),
        ("trades", False),
    ]
    assert [look[0] for look in document["looks"]] == ["trades"]
    assert document["signed"][0][0] == "deploy_live-1"


def test_another_duty_than_the_calendars_is_bad_usage(tmp_path: Path) -> None:
    code, told = deployment(tmp_path, "look", "nap")
    assert (code, "'look', 'trades', 'summary', 'performance', 'configuration'" in told) == (2, True)


def test_a_calendar_that_cannot_be_read_exits_3(tmp_path: Path) -> None:
    deployed(tmp_path, 0)
    calendar_file(tmp_path, "paper").write_text("[]")
    code, told = deployment(tmp_path, "status")
    assert (code, told.endswith("a calendar is a mapping with signed and looks\n")) == (3, True)


def test_a_run_that_there_is_not_is_not_signed_off(tmp_path: Path) -> None:
    code, told = deployment(tmp_path, "sign-off", "deploy_live-9")
    assert (code, "deploy_live-9" in told) == (3, True)
