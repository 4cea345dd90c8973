"""What a promotion from the command line is refused for, each with its reason and with nothing written.

The engine is one of files; `tests/integration/test_rollout_cli.py` asks a running one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from console.cli import flags_change
from console.cli.deed import SecondPerson
from console.domain.access import Role
from console.domain.assessment import Assessment
from console.domain.rollout.operations import CanaryOnly, Enable, Operation, Promote, SetStage
from console.domain.rollout.stages import Stage
from console.paper.store import open_database
from tests.unit.actions.rollout.amiss import AMISS
from tests.unit.actions.rollout.test_rollout import CANARY, DAY, SHADOW, WHY, Desk
from tests.unit.domain.worlds import judged

TO_CANARY = CanaryOnly("guard", ("BTC",))
OFF = SHADOW.replace(b"enabled: true", b"enabled: false")


@pytest.fixture
def desk(tmp_path: Path, sqlite_url: str) -> Desk:
    open_database(sqlite_url).dispose()
    return Desk(tmp_path, SHADOW, sqlite_url)


def refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, operation: Operation, live: Assessment | None = None
) -> list[str]:
    """What the command says; that it writes nothing is seen to."""
    before, seen = desk.file.read_bytes(), live or desk.live()

    @asynccontextmanager
    async def watching(*_: object) -> AsyncIterator[Any]:
        async def judged_already() -> None: ...

        yield SimpleNamespace(monitor=SimpleNamespace(assessment=lambda: seen), until_judged=judged_already)

    def nobody_else() -> SecondPerson:
        return SecondPerson(None, 60.0, ask=False, approval=None, break_glass="")  # type: ignore[arg-type]

    monkeypatch.setattr(flags_change, "watching", watching)
    monkeypatch.setattr(flags_change, "operator_here", lambda *_, **__: desk.who)
    change = flags_change._Change(
        settings=desk.settings,
        mistake="",
        panels=lambda: ((), ""),
        rollout=desk.rollout,
        switch=None,  # type: ignore[arg-type]
        operation=operation,
        asked=WHY,
        second=nobody_else,
        dry_run=False,
        seconds=0.1,
    )
    told = asyncio.run(change._asked())
    assert told.code == 3
    assert desk.file.read_bytes() == before
    assert desk.records() == []
    said = list(told.as_text())
    assert said[-1] == "NOT WRITTEN"
    return said


@pytest.mark.parametrize("name", AMISS)
def test_what_is_amiss_now_is_told_and_nothing_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    spoil, gate, words = AMISS[name]
    said = refused(desk, monkeypatch, TO_CANARY, judged(spoil(desk.live().snapshot)))
    assert any(f" {gate}: {words}" in line for line in said), said


def test_too_early_and_as_a_viewer_it_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write(SHADOW, age=6 * DAY)
    (early,) = refused(desk, monkeypatch, TO_CANARY)[-2:-1]
    assert early == (
        "refused        time in stage: in shadow for 6 d of 7 d, by the file's time: --override REASON"
    )
    desk.who = replace(desk.who, standing=replace(desk.who.standing, role=Role.VIEWER))
    assert any(" role: " in line and "operator" in line for line in refused(desk, monkeypatch, TO_CANARY))


@pytest.mark.parametrize(
    ("content", "operation", "why"),
    [
        (CANARY, SetStage("guard", Stage.DISABLED, ("BTC",)), "BTC is the last canary symbol of guard: "),
        (OFF, Promote("guard"), "guard is switched off: it is to come back first"),
        (OFF, Enable("guard", Stage.PRODUCTION), "guard doesn't come back straight into production"),
    ],
    ids=["the last canary symbol", "a re-enable by promotion", "a re-enable into production"],
)
def test_what_the_file_must_never_say_is_told_with_what_could_be(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, content: bytes, operation: Operation, why: str
) -> None:
    desk.write(content)
    said = refused(desk, monkeypatch, operation)
    assert said[0].startswith(f"refused        {why}")
    assert said[1].startswith("instead        opsconsole flags ")
