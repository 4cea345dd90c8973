"""Screen 5 by its keys: a runbook is begun, a run is gone on with, and what is refused is said."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.runbooks.deciding import Decision
from console.runbooks.dry_run import Walked
from console.runbooks.run import State
from console.runbooks.seen import Doing, Hands, Listing
from console.runbooks.unread import names_only
from console.tui.access import Access
from console.tui.app import OpsConsole
from console.tui.friction import FASTEST_AGAIN
from console.tui.screens.recovery.screen import Recovery
from console.tui.tools import Tools
from console.tui.widgets.prompt import Question
from tests.tui.cases import CASES, UTF8
from tests.tui.fake import PAPER, START, FakeWatched, HandClock
from tests.tui.runs import BOB, PASSED, FakeDesk, done, listing, recovery, run_of, seen, walked
from tests.tui.safety import SafeDesk
from tests.tui.screen import painted, text_of
from tests.waiting import DEADLINE, until


@asynccontextmanager
async def opened(
    desk: FakeDesk, access: Access | None = None, sees_first: str = "is open"
) -> AsyncIterator[Pilot[int]]:
    """The console on screen 5."""
    watched = FakeWatched(CASES["normal"].snapshot, HandClock(START + 0.8))
    app = OpsConsole(
        PAPER,
        lambda: watched,
        environ=UTF8,
        tools=Tools(runs=lambda: desk, access=None if access is None else lambda: access),
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        if access is not None:
            app.get_access()
            await until(lambda: app.view.access is not None)
        await pilot.press("5")
        await sees(pilot, sees_first)
        yield pilot


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Press these, and enter no sooner than a hand would."""
    for key in keys:
        if key == "enter":
            await asyncio.sleep(FASTEST_AGAIN)
        await pilot.press(key)


async def sees(pilot: Pilot[int], *words: str) -> None:
    assert isinstance(pilot.app, OpsConsole)
    app = pilot.app
    await until(lambda: all(each in text_of(app) for each in words))


async def misses(pilot: Pilot[int], words: str) -> None:
    assert isinstance(pilot.app, OpsConsole)
    app = pilot.app
    await until(lambda: words not in text_of(app))


async def test_a_runbook_is_begun_with_what_it_asks_for_and_its_run_is_opened() -> None:
    run = run_of(recovery())
    desk = FakeDesk(listing(), seen(run), walked())
    async with opened(desk) as pilot:
        await press(pilot, "enter")
        await sees(pilot, "ctrl+k  kill")
        await press(pilot, *"drill", "enter", *"0")
        await sees(pilot, "allowed: 2m, 10m")
        await press(pilot, "enter", "ctrl+u", *"10m", "enter")
        await sees(pilot, "checks: 1 pass now")
        assert desk.told == []
        await press(pilot, "enter")
        await sees(pilot, run.id)
        assert desk.told == [("begin", {"cause": "drill", "watch": "10m"})]


class LateDesk(FakeDesk):
    """Has nothing to list before it `may_go_on`."""

    def __init__(self) -> None:
        super().__init__(listing())
        self.may_go_on = threading.Event()

    def listing(self) -> Listing:
        self.may_go_on.wait(2 * DEADLINE)
        return super().listing()


async def test_while_the_runbooks_are_read_enter_is_answered_and_the_first_row_says_so() -> None:
    desk = LateDesk()
    async with opened(desk, sees_first="reading the runbooks and runs") as pilot:
        await pilot.press("enter")
        await sees(pilot, "press enter once they are here")
        desk.may_go_on.set()
        await sees(pilot, "is open")
        await misses(pilot, "reading the runbooks and runs")
        await press(pilot, "enter")
        await sees(pilot, "ctrl+k  kill")


class SlowDesk(FakeDesk):
    """Asks the first step's checks at once, and the others when it `may_go_on`."""

    may_go_on = threading.Event()

    def preview(self, name: str, values: Mapping[str, str], tell: Callable[[Walked], None]) -> None:
        tell(self.walked[0])
        self.may_go_on.wait(2 * DEADLINE)
        for each in self.walked[1:]:
            tell(each)


async def test_what_a_run_would_do_is_shown_while_its_checks_are_being_asked() -> None:
    desk = SlowDesk(listing(), walked=walked())
    async with opened(desk) as pilot:
        await press(pilot, "enter")
        await sees(pilot, "ctrl+k  kill")
        await press(pilot, *"drill", "enter", "enter")
        await sees(pilot, "being asked, 1 of 7 steps so far")
        desk.may_go_on.set()
        await sees(pilot, "checks: 1 pass now")


async def test_what_a_step_asks_for_is_typed_and_decided_at_that_very_step() -> None:
    desk = FakeDesk(listing(run_of(recovery())), seen(run_of(recovery())))
    async with opened(desk) as pilot:
        await press(pilot, "enter")
        await sees(pilot, "asks what is to be written down")
        await press(pilot, "enter", *"drill", "enter")
        await until(lambda: desk.told)
        assert desk.told == [("go on at cause", Decision(note="drill"))]
        desk.refuses = "the run is at exchange by now, not at cause: nothing was decided"
        await press(pilot, "enter", *"again", "enter")
        await sees(pilot, "nothing was decided")
        desk.seen = seen(run_of(recovery(), *PASSED, done("sync", State.FAILED, words="exit code 1")))
        await sees(pilot, "STEP FAILED")
        await pilot.press("w")
        await until(lambda: len(desk.told) == 2)
        assert desk.told[-1] == ("wait", "sync")
        await pilot.press("escape")
        await sees(pilot, f"the run stays where it is: {desk.seen.run.id}")


async def test_an_abort_takes_a_reason_and_two_keys() -> None:
    run = run_of(recovery(), *PASSED, done("sync", State.RUNNING))
    desk = FakeDesk(listing(run), seen(run, doing=Doing.GOES_ON))
    async with opened(desk) as pilot:
        await press(pilot, "enter")
        await sees(pilot, "aborts it, and undoes sync")
        await press(pilot, "x", *"not today", "enter")
        await sees(pilot, "BECAUSE   not today", "UNDOES    sync")
        await press(pilot, "enter")
        await sees(pilot, "aborts it, and undoes sync")
        assert desk.told == []
        await press(pilot, "x", *"not today", "enter")
        await sees(pilot, "BECAUSE   not today")
        await press(pilot, "x", "y")
        await until(lambda: desk.told)
        assert desk.told == [("abort", "not today")]


async def test_a_run_whose_runbook_cannot_be_read_any_more_is_shown_and_can_be_ended() -> None:
    run = run_of(recovery(), *PASSED, done("sync", State.RUNNING), driver=BOB)
    unread = replace(seen(run, Hands.OTHERS), runbook=names_only(run), unread="run recovery-1:3:1: gone")
    desk = FakeDesk(listing(run, hands=Hands.OTHERS), unread)
    async with opened(desk) as pilot:
        await press(pilot, "enter")
        await sees(pilot, "NO RUNBOOK  run recovery-1:3:1: gone", "only ended", "ends it, though bob@desk-2")
        for key in ("enter", "o", "w", "t"):
            await pilot.press(key)
        assert desk.told == []
        await press(pilot, "x", *"nobody knows it", "enter")
        await sees(pilot, "UNDOES    nothing: what undoes sync is not known", "DRIVER    bob@desk-2 drives")
        desk.seen = replace(unread, run=replace(run, driver=replace(BOB, user="ann")))  # the dialog names bob
        await sees(pilot, "Can't be done now: ann@desk-2 drives it by now")
        await press(pilot, "x", "y")
        desk.seen = unread
        await misses(pilot, "Can't be done now")
        assert desk.told == []
        await press(pilot, "x", "y")
        await until(lambda: desk.told)
        assert desk.told == [("abort in place of its driver", "nobody knows it")]


async def test_another_persons_run_is_watched_until_it_is_taken_over_with_a_reason() -> None:
    run = run_of(recovery(), *PASSED, done("sync", State.RUNNING), driver=BOB)
    desk = FakeDesk(listing(run, hands=Hands.OTHERS), seen(run, Hands.OTHERS))
    async with opened(desk) as pilot:
        await press(pilot, "enter")
        await sees(pilot, "bob@desk-2 drives it: t takes it over")
        for key in ("enter", "o", "w", "x"):
            await pilot.press(key)
        assert desk.told == []
        await press(pilot, "t", *"bob is asleep", "enter")
        await until(lambda: desk.told)
        assert desk.told == [("take over", "bob is asleep")]


async def test_only_an_admin_who_has_armed_leaves_a_step_out_and_says_why(tmp_path: Path) -> None:
    run = run_of(recovery(), *PASSED[:2], done("positions", State.FAILED))
    desk, safe = FakeDesk(listing(run), seen(run)), SafeDesk(tmp_path)
    access = Access(safe.catch, safe.others, safe.resets, 900, str)
    async with opened(desk, access) as pilot:
        await press(pilot, "enter")
        await sees(pilot, "read-only: a arms, as leaving positions out raises the risk")
        await press(pilot, "o", "a", *"recovery", "enter")
        await sees(pilot, "ARMED", "leaves positions out, with a reason")
        assert desk.told == []
        await press(pilot, "o", *"known to ops", "enter")
        await until(lambda: desk.told)
        assert desk.told == [("go on at positions", Decision(skip="known to ops"))]


async def test_a_prompt_that_is_asked_for_as_soon_as_the_screen_is_there_keeps_what_is_typed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is typed into a filter would else be commands, on a busy machine."""
    mounted = Recovery.on_mount

    def on_mount(screen: Recovery) -> None:
        mounted(screen)
        screen.ask(Question("filter", "", lambda _text: "", lambda _text: None))

    monkeypatch.setattr(Recovery, "on_mount", on_mount)
    async with opened(FakeDesk(listing())) as pilot:
        await pilot.press("r", "e", "c")
        await sees(pilot, "filter  rec")
