"""Every way back by keyboard, from screen 6 on, over a real sshd whose line is cut at each step."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.rollback import PROCEDURES
from console.runbooks.run import Run, Standing
from tests.debian import NoServerError
from tests.integration.paper_process import PaperProcess
from tests.integration.recoveries import SECRETS, Recovery
from tests.integration.recovery_keys import gone_through
from tests.integration.rollbacks import decoy, ending_engines_of, shipped_steps
from tests.integration.test_recovery_over_ssh import server, without_password
from tests.mariadb_programs import environment, programs
from tests.secret_scan import Sightings, process_list_watched
from tests.sshd import Sshd
from tests.waiting import eventually

__all__ = ["server"]
KEYS = "exchange_keys.json"
FEATURE = "unified_risk_guard"


@pytest.fixture
def engine(tmp_path: Path, database_url: str) -> Iterator[tuple[PaperProcess, dict[str, str]]]:
    secrets, url = without_password(database_url)
    with (
        PaperProcess(
            tmp_path / "engine", "--symbols", "4", "--database", url, environment=secrets
        ) as running,
        ending_engines_of(running),
    ):
        yield running, secrets


@pytest.mark.campaign
@pytest.mark.parametrize("runbook", PROCEDURES)
def test_by_keyboard_it_goes_on_after_a_cut_at_every_step(
    server: Sshd, tmp_path: Path, engine: tuple[PaperProcess, dict[str, str]], runbook: str
) -> None:
    running, secrets = engine
    more: dict[str, object] = {}
    variables = secrets
    if secrets:
        try:
            found = programs()
        except NoServerError as error:
            pytest.skip(str(error))
        more = {"backups": {"dump": list(found.dump), "client": list(found.client)}}
        variables = {**secrets, "LD_LIBRARY_PATH": environment()["LD_LIBRARY_PATH"]}
    recovery = Recovery(server, running, tmp_path / "home", variables, kills=True, runbook=runbook, more=more)
    recovery.shorten_the_watch()
    made_ready(recovery)
    steps = shipped_steps(runbook)
    with decoy(running) as other:
        keys = json.loads((running.state / KEYS).read_text())
        sightings = Sightings([*keys.values(), *secrets.values()])
        with process_list_watched(sightings):
            run = gone_through(recovery, steps)
        assert other.poll() is None
    assert_passed(run)
    assert set(recovery.cut) >= {*steps[:-1]}  # the run may be over before the last one is seen
    sightings.look_at("the screen", recovery.said.encode())
    sightings.look_at_files([recovery.home, running.state], besides=(KEYS, SECRETS))
    assert sightings.seen == []


def made_ready(recovery: Recovery) -> None:
    """A release and a backup to go back to, and a feature that was changed last."""
    why = ("--reason", "it is tried again", "--override", "a test", "--confirm", f"paper {FEATURE}")
    recovery.see_done("flags", "set", FEATURE, "--stage", "shadow", "--reason", "it was tried")
    again = ("flags", "set", FEATURE, "--stage", "production", *why)
    eventually(lambda: "ACKNOWLEDGED" in recovery.see_done(*again), 120)  # a busy engine misses a target
    recovery.see_done("release", "record", "--deployed")
    recovery.see_done("release", "healthy")
    version = recovery.engine.state / "app" / "VERSION"
    version.write_text(f"{version.read_text().strip()}-next\n")
    recovery.see_done("release", "record", "--deployed")
    recovery.see_done("backup", "create")
    assert "restored equal" in recovery.see_done("backup", "rehearse")


def assert_passed(run: Run) -> None:
    assert run.standing is Standing.PASSED
    assert {one.name: one.state.value for one in run.steps if one.state.value != "passed"} == {}
