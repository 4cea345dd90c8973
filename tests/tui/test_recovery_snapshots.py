"""Screen 5 and its runs in every state that an operator meets, pinned as text."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.runbooks.model import Found
from console.runbooks.run import Standing, State
from console.runbooks.seen import Doing, Hands, Seen
from console.tui.app import OpsConsole
from console.tui.tools import Tools
from console.tui.watched import Watched
from tests.tui.cases import CASES, UTF8
from tests.tui.fake import PAPER, START, FakeWatched, HandClock
from tests.tui.runs import (
    BOB,
    DIFFERENCES,
    EMPTY,
    OUTPUT,
    PASSED,
    FakeDesk,
    done,
    evidence,
    listing,
    recovery,
    run_of,
    seen,
    verify,
    walked,
)
from tests.tui.screen import assert_snapshot, painted, text_of
from tests.tui.test_kill_snapshots import local_time_is_utc
from tests.tui.test_painting import a_record
from tests.waiting import until

__all__ = ["local_time_is_utc"]

SIZES = ((80, 24), (120, 40))
SYNC = done("sync", State.RUNNING, 12)
STATES: dict[str, Seen] = {
    "note": seen(run_of(recovery())),
    "failed": seen(
        run_of(
            recovery(),
            *PASSED[:2],
            done("positions", State.FAILED, 30, words="2 of 8 differ", evidence=evidence(DIFFERENCES)),
        )
    ),
    "unknown": seen(
        run_of(
            recovery(),
            *PASSED,
            done("sync", State.UNKNOWN, 30, words="what watched it was killed: how it ended isn't known"),
        )
    ),
    "confirm": seen(
        run_of(recovery(), *PASSED, done("sync", State.WAITING, 5, words="type 'paper sync' to go on"))
    ),
    "others": seen(run_of(recovery(), *PASSED, SYNC, driver=BOB), Hands.OTHERS, output=OUTPUT),
    "undone": seen(
        run_of(
            recovery(),
            *PASSED,
            done("sync", State.FAILED, 40, words="its command ended with exit code 1"),
            done("undo-sync", State.RUNNING, 3),
            standing=Standing.ABORTING,
        ),
        doing=Doing.UNDOES,
    ),
    "read-only": seen(
        run_of(recovery(), *PASSED, done("sync", words="0 of 8 differ"), done("ledger", words="50 passed"))
    ),
    "hostile": seen(
        run_of(
            recovery(),
            done("cause", note="[red]it[/] \x1b[31mwas\x9b2J"),
            done(
                "exchange",
                State.FAILED,
                30,
                words="R\u202eLO\u200bZ \u6f22\u5b57",
                output="\x1b]0;x\x07" + "line " * 40,
            ),
        )
    ),
    "running": seen(run_of(recovery(), *PASSED, SYNC), doing=Doing.GOES_ON, output=OUTPUT),
}
OVER = run_of(
    verify(),
    done("ledger", evidence=evidence(Found(True, "the books add up", "50 passed"))),
    standing=Standing.PASSED,
)

SIGNS = {
    "note": " OPEN ",
    "failed": " STEP FAILED ",
    "unknown": " UNKNOWN ",
    "confirm": " WAITING ",
    "others": "t takes it over",
    "undone": " ABORTING ",
    "read-only": "a arms",
    "hostile": r"\x1b",
    "running": "it goes on",
}
"""What tells each of them from the others."""


@asynccontextmanager
async def opened(
    desk: FakeDesk | None, watched: Watched | None = None
) -> AsyncIterator[tuple[OpsConsole, Pilot[int]]]:
    """The console on screen 5."""
    shown = watched or FakeWatched(CASES["normal"].snapshot, HandClock(START + 0.8))
    app = OpsConsole(
        PAPER, lambda: shown, environ=UTF8, tools=Tools(runs=None if desk is None else lambda: desk)
    )
    async with app.run_test(size=SIZES[0]) as pilot:
        await painted(app)
        await pilot.press("5")
        yield app, pilot


async def pinned(app: OpsConsole, pilot: Pilot[int], state: str, sign: str) -> None:
    """It looks as reviewed at the common sizes, and has `sign` at each."""
    for width, height in SIZES:
        await pilot.resize_terminal(width, height)
        await until(lambda: sign in text_of(app))
        await assert_snapshot(app, f"recovery-{state}-{width}x{height}")


async def test_the_list_looks_as_reviewed() -> None:
    desk = FakeDesk(listing(STATES["running"].run, OVER))
    async with opened(desk) as (app, pilot):
        await pinned(app, pilot, "list", "1 run is open: recovery")
        desk.listed = EMPTY
        await pinned(app, pilot, "empty", "no run is open")


async def test_a_run_looks_as_reviewed_in_every_state() -> None:
    desk = FakeDesk(listing(STATES["note"].run), STATES["note"])
    async with opened(desk) as (app, pilot):
        await until(lambda: "1 run is open" in text_of(app))
        await pilot.press("enter")
        for state, shown in STATES.items():
            desk.seen = shown
            await pinned(app, pilot, f"run-{state}", SIGNS[state])


async def test_what_a_run_would_do_looks_as_reviewed() -> None:
    desk = FakeDesk(listing(), walked=walked())
    async with opened(desk) as (app, pilot):
        await until(lambda: "verify_state" in text_of(app))
        await pilot.press("enter")
        await pinned(app, pilot, "asking", "ctrl+k  kill")
        await pilot.press(*"drill", "enter", "ctrl+u", *"10m", "enter")
        await pinned(app, pilot, "preview", "nothing has been done yet")


async def test_a_run_that_is_over_and_its_report_look_as_reviewed() -> None:
    over = replace(seen(OVER, Hands.NOBODY), report=Path(f"state/runs/{OVER.id}/report.md"))
    desk = FakeDesk(listing(OVER), over)
    async with opened(desk) as (app, pilot):
        await until(lambda: "passed" in text_of(app))
        await pilot.press("enter")
        await pinned(app, pilot, "run-over", "which is kept in")
        await pilot.press("e")
        await pinned(app, pilot, "evidence", "step ledger")
        await pilot.press("escape", "enter")
        await pinned(app, pilot, "report", "report, kept in")


async def test_without_colour_a_run_looks_as_reviewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    desk = FakeDesk(listing(STATES["failed"].run), STATES["failed"])
    async with opened(desk) as (app, pilot):
        await until(lambda: "1 run is open" in text_of(app))
        await pilot.press("enter")
        await pinned(app, pilot, "run-no-colour", "STEP FAILED")


async def test_in_a_replay_it_looks_as_reviewed() -> None:
    async with opened(None, a_record()) as (app, pilot):
        await pinned(app, pilot, "replay", "NOT READ")
