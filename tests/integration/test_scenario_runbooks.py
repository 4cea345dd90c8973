"""The runbooks of the deployment guide's scenario table, each gone through where its scenario is real."""

import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import yaml

from console.runbooks.run import Run, Standing, State
from console.runbooks.store import own_store
from console.settings_memory import shipped_configs
from tests.command import run_here
from tests.integration.paper_process import PaperProcess
from tests.opsconsole import PATIENT
from tests.waiting import eventually

pytestmark = pytest.mark.campaign
Deeds = Mapping[str, Callable[[], object]]
"""What a person does at a step, by its name, before they decide there."""
TRIPLED = """\
UPDATE futures_positions SET margin = printf('%.8f', margin * 3)
WHERE id = (SELECT min(id) FROM futures_positions WHERE status = 'open')
"""
ENOUGH = 20
"""Decisions after which a run has gone wrong."""


@dataclass(frozen=True)
class Place:
    """An operator's home, and an engine."""

    home: Path
    engine: PaperProcess

    @property
    def books(self) -> Path:
        return self.engine.state / "paper.db"

    def __call__(self, *words: str) -> str:
        """What `opsconsole` says."""
        files = ("--config", str(self.home / "console.yaml"), "--state", str(self.home / "state"))
        done = run_here(self.home, *words, *files, more=PATIENT)
        return done.stdout + done.stderr

    def gone_through(self, name: str, deeds: Deeds) -> Run:
        """The run at its end; whatever has to hold for minutes has to hold for a moment only."""
        shipped = (shipped_configs() / "runbooks" / f"{name}.yaml").read_text()
        file = self.home / f"{name}.yaml"
        file.write_text(shipped.replace("holds_for: 2m", "holds_for: 1s"))
        told = self("runbook", "run", str(file))
        run = told.split()[1]
        for _ in range(ENOUGH):
            at = re.search(r"A PERSON IS NEEDED at (\S+):", told)
            if at is None:
                return own_store(self.home / "state").find(run)
            deeds.get(at[1], lambda: None)()
            told = self("runbook", "resume", run, *_decision(told))
        raise AssertionError(f"no end after {ENOUGH} decisions: {told}")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    state = tmp_path / "engine"
    context = {
        "environment": "paper",
        "colour": "cyan",
        "engine_file": str(state / "engine.json"),
        "database": {"url": f"sqlite:///{state / 'paper.db'}"},
    }
    (tmp_path / "console.yaml").write_text(yaml.safe_dump({"contexts": {"paper": context}}))
    with PaperProcess(state, "--symbols", "3", "--seed", "7") as engine:
        threading.Thread(target=engine.process.wait).start()  # an engine's own parent sees it off
        try:
            yield Place(tmp_path, engine)
        finally:
            for process in psutil.process_iter(["cmdline"]):  # what a step has started
                if str(state) in (process.info["cmdline"] or ()):
                    process.kill()


def test_exchange_down(place: Place) -> None:
    place.engine.scenario("exchange-outage")
    unknown = _CalmsDown(place, "back")
    run = place.gone_through("exchange_down", {"back": unknown})
    assert (run.standing, unknown.states) == (Standing.PASSED, [State.UNKNOWN])


def test_network_partition(place: Place) -> None:
    place.engine.scenario("exchange-outage")
    unknown = _CalmsDown(place, "joined")
    run = place.gone_through("network_partition", {"joined": unknown})
    assert (run.standing, unknown.states) == (Standing.PASSED, [State.UNKNOWN])
    assert place.engine.tripped()


def test_invalid_margin(place: Place) -> None:
    place.engine.scenario("margin-squeeze")
    eventually(lambda: min(place.engine.values("futures_margin_ratio").values()) < 1.2)
    run = place.gone_through("invalid_margin", {})
    assert run.standing is Standing.PASSED
    assert run.step("sync").attempt == 1  # also where the quantities agree
    assert place.engine.tripped()


def test_invalid_margin_that_no_sync_mends_is_told_to_be_damage(place: Place) -> None:
    _damage(place)
    told = place("runbook", "run", "invalid_margin")
    assert "A PERSON IS NEEDED at ledger" in told
    assert "ledger broken" in told
    assert "`opsconsole runbook run database_corruption`" in told


def test_runaway_liquidation(place: Place) -> None:
    place.engine.scenario("liquidation-cascade")
    eventually(lambda: sum(place.engine.values("futures_liquidations_total").values()) >= 2)
    run = place.gone_through("runaway_liquidation", {"stopped": lambda: _calm(place)})
    assert (run.standing, run.step("stopped").attempt > 0) == (Standing.PASSED, True)
    assert place.engine.tripped()


def test_database_corruption(place: Place) -> None:
    place("backup", "create")
    good = next((place.home / "state" / "backups").rglob("*.gz")).name.split(".")[0]
    _damage(place)
    said: list[str] = []

    def restore() -> None:
        said.append(place("verify", "ledger"))
        place("backup", "create")
        words = ("--reason", "damaged books", "--confirm", "paper paper")
        said.append(place("backup", "restore", good, *words))

    run = place.gone_through("database_corruption", {"restore": restore})
    assert "expected" in said[0]
    assert "RESTORED" in said[1]
    assert run.standing is Standing.PASSED
    assert (run.step("start").attempt, run.step("still-stopped").attempt) == (1, 0)  # it came up tripped
    assert "clean" in place("verify", "ledger")


class _CalmsDown:
    """Notes what has become of a step of the latest run, and ends the scenario."""

    def __init__(self, place: Place, step: str) -> None:
        self._place, self._step = place, step
        self.states: list[State] = []

    def __call__(self) -> None:
        store = own_store(self._place.home / "state")
        run = store.find(store.latest("paper")[0].id)
        self.states.append(run.step(self._step).state)
        _calm(self._place)


def _decision(told: str) -> tuple[str, ...]:
    """What a person decides where the command says so."""
    words = re.search(r"type '([^']+)' to go on", told)
    if words is not None:
        return ("--confirm", words[1])
    if "--again" in told:
        return ("--again",)
    return ("--note", "as it is asked for") if "--note" in told else ("--wait",)


def _calm(place: Place) -> None:
    place.engine.scenario("calm")


def _damage(place: Place) -> None:
    """Have one position's margin be thrice what it can be."""
    with closing(sqlite3.connect(place.books, timeout=10)) as books:
        books.execute(TRIPLED)
        books.commit()
