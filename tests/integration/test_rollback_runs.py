"""Every procedure of both documents from the command line, against a paper engine, to its end.

The driver is killed on the way; whoever comes back goes on. What only looks like an engine survives, and no
secret shows anywhere.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.rollback import PROCEDURES
from console.runbooks.run import Run, Standing
from tests.debian import NoServerError
from tests.integration.paper_process import PaperProcess
from tests.integration.rollbacks import Operator, decoy, operated, shipped_steps
from tests.integration.test_recovery_over_ssh import without_password
from tests.mariadb_programs import environment, programs
from tests.secret_scan import Sightings, process_list_watched

FEATURE = "unified_risk_guard"
KEYS = "exchange_keys.json"
STOPS = ("rollback_configuration", "rollback_full", "rollback_coin_full")
OF_FEATURES = ("rollback_shadow", "rollback_off")
MARK = {"FUTURES_DB_PASSWORD": "hush-in-the-environment-71c9"}
CUT = random.Random(3).choice(("stopped", "ended", "start", "tripped"))


def secrets_of(operator: Operator) -> Sightings:
    """The exchange's keys, and the secret variables of the session."""
    keys = json.loads((operator.engine.state / KEYS).read_text())
    return Sightings([*keys.values(), *operator.secrets.values()])


def scanned(operator: Operator, sightings: Sightings) -> None:
    """Nothing secret is in what was said, in the state folders, or was in a process list."""
    for said in operator.said:
        sightings.look_at("what a command said", said.encode())
    sightings.look_at_files([operator.home, operator.engine.state], besides=(KEYS,))
    assert sightings.seen == []
    assert sightings.looks > 20


def assert_ended_as_it_should(operator: Operator, runbook: str, run: Run) -> None:
    """The run has passed, its acts were done once, and the kill switch is as it should be."""
    assert run.standing is Standing.PASSED
    assert {one.name: one.attempt for one in run.steps if one.attempt > 1 and one.name in ONCE} == {}
    told = operator.do("kill", "status")[1]
    if runbook in OF_FEATURES:
        assert "CLEAR" in told
    else:
        assert ("TRIPPED COIN" in told) is (runbook == "rollback_coin_quick"), told
        assert "TRIPPED" in told
    report = operator.report(run)
    assert report["standing"] == "passed"
    assert "are sound" in report["journal"]["verified"]
    assert all(step["state"] in ("passed", "pending") for step in report["steps"])


ONCE = ("restore", "release", "removed", "start")
"""Steps whose acts aren't done a second time unless they failed."""


def test_the_previous_configuration_is_back_though_the_driver_was_killed(tmp_path: Path) -> None:
    with (
        PaperProcess(tmp_path / "engine", "--symbols", "2") as engine,
        operated(Operator(engine, tmp_path / "home", MARK)) as operator,
        decoy(engine) as other,
    ):
        sightings = secrets_of(operator)
        with process_list_watched(sightings):
            run = operator.whole("rollback_configuration", {"watch": "1s"}, [CUT])
            told = json.loads(operator.do("rollback", "list", "--json")[1])
        assert_ended_as_it_should(operator, "rollback_configuration", run)
        assert operator.killed == [CUT]
        assert other.poll() is None
        assert [way["runbook"] for way in told["ways"]] == list(PROCEDURES)
        assert told["changes"][0]["what"] == f"run {run.id} passed"
        assert "spot" in told["deployed"]
        scanned(operator, sightings)


@pytest.fixture
def operator(tmp_path: Path, database_url: str) -> Iterator[Operator]:
    """Somebody with an engine on SQLite or MariaDB, with a release and a backup to go back to."""
    secrets, url = without_password(database_url)
    more: dict[str, object] = {}
    variables: dict[str, str] = {}
    if not url.startswith("sqlite"):
        try:
            found = programs()
        except NoServerError as error:
            pytest.skip(str(error))
        more = {"backups": {"dump": list(found.dump), "client": list(found.client)}}
        variables = {"LD_LIBRARY_PATH": environment()["LD_LIBRARY_PATH"]}
    with PaperProcess(
        tmp_path / "engine", "--symbols", "4", "--database", url, environment=secrets
    ) as engine:
        made = Operator(engine, tmp_path / "home", {**MARK, **secrets}, variables, more)
        with operated(made):
            made.done("release", "record", "--deployed")
            made.done("release", "healthy")
            version = engine.state / "app" / "VERSION"
            version.write_text(f"{version.read_text().strip()}-next\n")
            made.done("release", "record", "--deployed")
            made.done("backup", "create")
            made.done("backup", "rehearse")
            yield made


@pytest.mark.campaign
@pytest.mark.parametrize("runbook", PROCEDURES)
def test_it_goes_on_after_its_driver_was_killed_at_every_step(operator: Operator, runbook: str) -> None:
    values = {"watch": "1s", **({"feature": FEATURE} if runbook in OF_FEATURES else {})}
    with decoy(operator.engine) as other:
        sightings = secrets_of(operator)
        with process_list_watched(sightings):
            run = operator.whole(runbook, values, shipped_steps(runbook))
        assert set(operator.killed) >= {
            *shipped_steps(runbook)[:-1]
        }  # it may be over before the last is seen
        assert_ended_as_it_should(operator, runbook, run)
        assert other.poll() is None
        scanned(operator, sightings)


@pytest.mark.campaign
@pytest.mark.parametrize("name", PROCEDURES)
def test_a_drill_of_it_passes_and_leaves_everything_as_it_was(tmp_path: Path, name: str) -> None:
    with (
        PaperProcess(tmp_path / "engine", "--symbols", "3") as engine,
        operated(Operator(engine, tmp_path / "home", MARK)) as operator,
    ):
        flags = Path(engine.file["flags_file"]).read_text()
        for _ in range(2):  # the next can begin
            told = json.loads(operator.done("drill", "rollback", name, "--json"))
            assert (told["passed"], told["left"]) == (True, [])
        assert "CLEAR" in operator.do("kill", "status")[1]
        assert Path(engine.file["flags_file"]).read_text() == flags
        kept = json.loads((operator.state / "drills.json").read_text())
        assert kept[name]["passed"] is True
        ways = {
            way["runbook"]: way for way in json.loads(operator.do("rollback", "list", "--json")[1])["ways"]
        }
        assert [name for name, way in ways.items() if not way["late"]] == [name]
        run = operator.run_of(name)
        assert run is not None
        report = operator.report(run)
        assert {one["note"] for one in report["steps"] if one["note"] == "drill"} == {"drill"}
        assert [
            one["drill"] for one in report["journal"]["records"] if one["action"] == "drill.rollback"
        ] == [True]
